/* Rounds, the files: see rounds_files.h. */
#include "scan/rounds_files.h"

#include "core/error.h"
#include "cube/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char PART[] = ".part";

static char *path_of(const char *output, int round, const char *ending)
{
    const size_t size = strlen(output) + sizeof ".round-2147483647" + strlen(ending);
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s.round-%d%s", output, round, ending);
    return path;
}

char *dmumu_rounds_path(const char *output, int round)
{
    return path_of(output, round, "");
}

static bool exists(const char *output, int round, const char *ending)
{
    char *path = path_of(output, round, ending);
    const bool is_there = path && access(path, F_OK) == 0;
    free(path);
    return is_there;
}

int dmumu_rounds_complete(const char *output)
{
    int round = DMUMU_ROUNDS_MOST;
    while (round >= 0 && !exists(output, round, ""))
        --round;
    return round;
}

int dmumu_rounds_begun(const char *output)
{
    int round = DMUMU_ROUNDS_MOST;
    while (round >= 0 && !exists(output, round, "") && !exists(output, round, PART))
        --round;
    return round;
}

void dmumu_rounds_remove(const char *output, int first, int end)
{
    const char *const endings[] = {"", PART, ".new", ".lock"};
    for (int round = first; round < end; ++round) {
        for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
            char *path = path_of(output, round, endings[i]);
            if (path)
                (void)unlink(path);
            free(path);
        }
    }
}

enum dmumu_status dmumu_rounds_probe(const char *output, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    for (int round = 0; round <= DMUMU_ROUNDS_MOST; ++round) {
        for (int part = 0; part < 2 && status == DMUMU_OK; ++part) {
            char *path = path_of(output, round, part ? PART : "");
            if (!path)
                return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the name of a file");
            if (access(path, F_OK) == 0)
                status = dmumu_cube_probe_header(path, error);
            free(path);
        }
    }
    if (status == DMUMU_ERROR_FILE) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "cannot continue: %.440s (--overwrite starts again)", inner.message);
    }
    return status;
}
