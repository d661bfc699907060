/*
 * Provenance: root attributes.
 *
 * The build tells its revision (a string), whether the tree had uncommitted changes (0 or 1) and its flags (a string)
 * by macros; without them, in another build system, the attributes say "unknown".
 */
#include "cube/provenance.h"

#include "core/error.h"
#include "cube/differ.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/integrity.h"

#include <gsl/gsl_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef DMUMU_GIT_REVISION
#define DMUMU_GIT_REVISION "unknown"
#endif
#ifndef DMUMU_BUILD_FLAGS
#define DMUMU_BUILD_FLAGS "unknown"
#endif
#ifndef DMUMU_GIT_DIRTY
#define GIT_DIRTY "unknown"
#elif DMUMU_GIT_DIRTY
#define GIT_DIRTY "true"
#else
#define GIT_DIRTY "false"
#endif
#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

enum {
    DATE_CAPACITY = 20, /* 2026-01-31T12:00:00Z */
    HISTORY_CAPACITY = 1536,
    LONGEST_LINE = 240,
    DIFFERENCES = 300
};

static bool put(hid_t file, const char *name, const char *text)
{
    return dmumu_hdf_put_text(file, name, text != NULL ? text : "", 0);
}

/* The libraries that the running program uses (GSL: that it was compiled with). */
static bool put_libraries(hid_t file)
{
    char hdf5[64], mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    unsigned major, minor, release;
    int length;
    H5get_libversion(&major, &minor, &release);
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, "\n")] = '\0';
    return put(file, "hdf5_version", hdf5) && put(file, "mpi_version", mpi) && put(file, "gsl_version", GSL_VERSION);
}

/* A tree without a revision has no changes to speak of. */
static const char *git_dirty(void)
{
    if (strcmp(DMUMU_GIT_REVISION, "unknown") == 0) {
        return "unknown";
    }
    return GIT_DIRTY;
}

static bool put_build(hid_t file)
{
    return put(file, "version", DMUMU_VERSION) && put(file, "git_revision", DMUMU_GIT_REVISION) &&
           put(file, "git_dirty", git_dirty()) && put(file, "compiler", COMPILER) &&
           put(file, "build_flags", DMUMU_BUILD_FLAGS) && put_libraries(file);
}

static bool put_run(hid_t file, const struct dmumu_cube_spec *spec, const char *date)
{
    return put(file, "command", spec->command) && dmumu_hdf_put_int(file, "host_count", spec->host_count) &&
           dmumu_hdf_put_int(file, "ranks", spec->ranks) &&
           dmumu_hdf_put_int(file, "threads_per_rank", spec->threads) && put(file, "date_start", date);
}

static bool put_physics(hid_t file, const struct dmumu_cube_spec *spec)
{
    const char *physics = spec->physics_text != NULL ? spec->physics_text : "";
    char hash[DMUMU_SHA256_HEX];
    dmumu_cube_physics_hash(physics, hash);
    return put(file, "configuration", spec->configuration) && put(file, "physics", physics) &&
           put(file, "physics_hash", hash);
}

enum dmumu_status dmumu_cube_provenance_reserve(hid_t file, struct dmumu_error *error)
{
    const bool done = dmumu_hdf_put_text(file, "data_hash", DMUMU_CUBE_UNFINISHED, DMUMU_SHA256_HEX - 1) &&
                      dmumu_hdf_put_text(file, "date_end", DMUMU_CUBE_UNFINISHED, DATE_CAPACITY) &&
                      dmumu_hdf_put_text(file, "history", "", HISTORY_CAPACITY);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "cannot write the provenance");
}

/* Take lines after the first out of a history until there is room for so much more. */
static void make_room(char *history, size_t more)
{
    char *second = strchr(history, '\n');
    while (second != NULL && strlen(history) + more > HISTORY_CAPACITY) {
        const char *third = strchr(second + 1, '\n');
        memmove(second, third != NULL ? third : "", third != NULL ? strlen(third) + 1 : 1);
        second = third != NULL ? second : NULL;
    }
}

enum dmumu_status dmumu_cube_provenance_note(hid_t file, const char *date, const char *done, struct dmumu_error *error)
{
    char line[LONGEST_LINE], history[2 * HISTORY_CAPACITY];
    char *before = dmumu_hdf_get_text(file, "history");
    snprintf(line, sizeof line, "%s dmumu %s (git %.12s): %s", date, DMUMU_VERSION, DMUMU_GIT_REVISION, done);
    snprintf(history, sizeof history, "%.*s", (int)HISTORY_CAPACITY, before != NULL ? before : "");
    make_room(history, strlen(line) + 1);
    if (history[0] != '\0') {
        strncat(history, "\n", sizeof history - strlen(history) - 1);
    }
    strncat(history, line, sizeof history - strlen(history) - 1);
    const bool written = before != NULL && dmumu_hdf_rewrite_text(file, "history", history);
    const enum dmumu_status status = written ? DMUMU_OK : dmumu_hdf_fail(error, "cannot write the history");
    free(before);
    return status;
}

enum dmumu_status dmumu_cube_provenance_begin(hid_t file, const struct dmumu_cube_spec *spec, const char *date,
                                              struct dmumu_error *error)
{
    const bool done = put(file, "Conventions", "CF-1.10") && put(file, "title", spec->title) &&
                      put(file, "source", "dmumu " DMUMU_VERSION) &&
                      put(file, "references",
                          "Fornieri et al. 2021, MNRAS 502, 5821; Yan & Lazarian 2008, ApJ 673, "
                          "942") &&
                      put_build(file) && put_run(file, spec, date) && put_physics(file, spec) &&
                      dmumu_cube_integrity_begin(file, spec);
    if (!done) {
        return dmumu_hdf_fail(error, "cannot write the provenance");
    }
    char began[LONGEST_LINE];
    snprintf(began, sizeof began, "begun on %d host%s, %d rank%s x %d thread%s%s%s", spec->host_count,
             spec->host_count == 1 ? "" : "s", spec->ranks, spec->ranks == 1 ? "" : "s", spec->threads,
             spec->threads == 1 ? "" : "s", spec->sources != NULL ? ", with values of " : "",
             spec->sources != NULL ? spec->sources : "");
    return dmumu_cube_provenance_note(file, date, began, error);
}

enum dmumu_status dmumu_cube_provenance_end(hid_t file, const char *data_hash, const char *date,
                                            struct dmumu_error *error)
{
    const bool done =
        dmumu_hdf_rewrite_text(file, "date_end", date) && dmumu_hdf_rewrite_text(file, "data_hash", data_hash);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "cannot write the end of the scan");
}

enum dmumu_status dmumu_cube_physics_compare(hid_t file, const char *physics_text, struct dmumu_error *error)
{
    const char *ours = physics_text != NULL ? physics_text : "";
    char hash[DMUMU_SHA256_HEX], differences[DIFFERENCES] = "", version[80] = "";
    char *their_hash = dmumu_hdf_get_text(file, "physics_hash"), *theirs = dmumu_hdf_get_text(file, "physics"),
         *their_version = dmumu_hdf_get_text(file, "version");
    enum dmumu_status status = DMUMU_OK;
    dmumu_cube_physics_hash(ours, hash);
    if (their_hash == NULL || strcmp(their_hash, hash) != 0) {
        const size_t n = dmumu_cube_differ(theirs != NULL ? theirs : "", ours, sizeof differences, differences);
        if (their_version == NULL || strcmp(their_version, DMUMU_VERSION) != 0) {
            snprintf(version, sizeof version, "%sversion (%.24s there, %s here)", n > 0 ? ", " : "",
                     their_version != NULL ? their_version : "none", DMUMU_VERSION);
        }
        const bool nothing = n == 0 && version[0] == '\0';
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "it is of other physics: %s%s%s", differences, version,
                                 nothing ? "physics_hash is not that of its own physics" : "");
    }
    free(their_hash);
    free(theirs);
    free(their_version);
    return status;
}

void dmumu_cube_date(char date[static 32])
{
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(date, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        snprintf(date, 32, "unknown");
    }
}
