/*
 * Resume: is a NAME.part the beginning of this very scan, and is what it says to be done really there?
 *
 * Rank 0 looks at the file alone first: HDF5, on several ranks at once, hangs over what one alone survives. (What not
 * even one survives has been found before: dmumu_cube_probe_header.) Then all open it, and each reads its share of the
 * curves that are done against their checksums.
 */
#include "cube/agree.h"
#include "cube/cube.h"
#include "cube/handle.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/provenance.h"
#include "cube/read_values.h"

#include "core/error.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- is it of this scan? ---- */

static enum dmumu_status compare_axes(const struct dmumu_cube_layout *layout, const struct dmumu_cube_spec *spec,
                                      struct dmumu_error *error)
{
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const struct dmumu_cube_axis *ours = &spec->axis[i];
        const size_t n = layout->n[i];
        if (n == ours->n && memcmp(layout->axis[i], ours->values, n * sizeof(double)) == 0) {
            continue;
        }
        return dmumu_error_set(
            error, DMUMU_ERROR_FILE,
            "it is of another grid: axis %s has %zu values from %.9g to %.9g there, %zu from %.9g to "
            "%.9g here (--reuse takes over the points that both have)",
            dmumu_cube_axis_field(i)->name, n, layout->axis[i][0], layout->axis[i][n - 1], ours->n, ours->values[0],
            ours->values[ours->n - 1]);
    }
    return DMUMU_OK;
}

/* Are the variables those of the model, and laid out as dmumu does, so that nothing but values changes? */
static enum dmumu_status check_variables(const struct dmumu_cube_layout *layout, const struct dmumu_cube_spec *spec,
                                         struct dmumu_error *error)
{
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)i);
        const bool present = layout->variable[i] >= 0;
        if (present != dmumu_cube_field_present(field, spec->modes)) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE, "it %s %s", present ? "has a variable" : "lacks",
                                   field->name);
        }
        if (!present) {
            continue;
        }
        const hid_t creation = H5Dget_create_plist(layout->variable[i]);
        const bool contiguous = creation >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS &&
                                H5Dget_offset(layout->variable[i]) != HADDR_UNDEF;
        H5Pclose(creation);
        if (!contiguous) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s is compressed or chunked: it was rewritten",
                                   field->name);
        }
    }
    return DMUMU_OK;
}

/* An open file against a spec. */
static enum dmumu_status compare(hid_t file, const struct dmumu_cube_spec *spec, bool to_write,
                                 struct dmumu_error *error)
{
    struct dmumu_cube_layout layout;
    enum dmumu_status status = dmumu_cube_layout_open(file, &layout, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_integrity_check(file, &layout, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_physics_compare(file, spec->physics_text, error);
    }
    if (status == DMUMU_OK) {
        status = compare_axes(&layout, spec, error);
    }
    if (status == DMUMU_OK && to_write) {
        status = check_variables(&layout, spec, error);
    }
    (void)dmumu_cube_layout_close(&layout);
    return status;
}

/* Put what it is about in front of a message. */
static enum dmumu_status say_about(const char *what, const char *path, enum dmumu_status status,
                                   struct dmumu_error *error)
{
    if (status != DMUMU_OK) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "%s %.150s: %s", what, path, inner.message);
    }
    return status;
}

enum dmumu_status dmumu_cube_is_of(const char *path, const struct dmumu_cube_spec *spec, char data_hash[static 65],
                                   struct dmumu_error *error)
{
    dmumu_hdf_silence();
    const hid_t file = dmumu_cube_handle_open_alone(path, false);
    if (file < 0) {
        return dmumu_hdf_fail(error, "%s is not a cube, or is damaged", path);
    }
    enum dmumu_status status = compare(file, spec, false, error);
    char *hash = dmumu_hdf_get_text(file, "data_hash");
    if (status == DMUMU_OK && (hash == NULL || strlen(hash) != DMUMU_SHA256_HEX - 1)) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "it is not finished");
    }
    snprintf(data_hash, DMUMU_SHA256_HEX, "%s", status == DMUMU_OK ? hash : "");
    free(hash);
    H5Fclose(file);
    return say_about("there is already", path, status, error);
}

/* Lock NAME.part and look at it. Rank 0 alone. */
static enum dmumu_status adopt(struct dmumu_cube_writer *cube, const struct dmumu_cube_spec *spec,
                               struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_place_adopt(&cube->place, error);
    if (status != DMUMU_OK) {
        return status;
    }
    const hid_t file = dmumu_cube_handle_open_alone(cube->place.part, false);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot continue %s: it is damaged (--overwrite starts again)", cube->place.part);
    }
    status = compare(file, spec, true, error);
    H5Fclose(file);
    return say_about("cannot continue", cube->place.part, status, error);
}

/* ---- is it all there? ---- */

/* The ledger to all ranks. Collective. */
static enum dmumu_status share_state(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    const uint64_t n = cube->layout.n_curves;
    enum dmumu_status status = DMUMU_OK;
    cube->state = malloc((size_t)n);
    if (cube->state == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the state of %" PRIu64 " curves", n);
    } else if (cube->rank == 0) {
        status = dmumu_cube_layout_read(&cube->layout, DMUMU_CUBE_STATE, 0, n, cube->state, error);
    }
    status = dmumu_cube_agree(cube->comm, status, error);
    /* the second test says nothing new: it shows a reader that `state` is not NULL below */
    if (status != DMUMU_OK || cube->state == NULL) {
        return status;
    }
    for (uint64_t first = 0; first < n; first += INT_MAX) {
        const uint64_t count = n - first < INT_MAX ? n - first : INT_MAX;
        MPI_Bcast(cube->state + first, (int)count, MPI_BYTE, 0, cube->comm);
    }
    for (uint64_t i = 0; i < n; i++) {
        cube->found.n_curves += cube->state[i] == DMUMU_CUBE_DONE;
    }
    return DMUMU_OK;
}

/* Every rank reads every size-th slab, and keeps the count of the qualities. The status is this rank's own. */
static enum dmumu_status check_values(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    const uint64_t n = cube->layout.n_curves, step = dmumu_cube_layout_slab(&cube->layout);
    struct dmumu_cube_info info = {.n_curves = n};
    enum dmumu_status status = DMUMU_OK;
    for (uint64_t first = (uint64_t)cube->rank * step; status == DMUMU_OK && first < n;
         first += (uint64_t)cube->size * step) {
        status = dmumu_cube_values_read_slab(&cube->layout, first, &info, error);
        dmumu_cube_place_beat(&cube->place);
    }
    memcpy(cube->found.quality, info.quality, sizeof info.quality);
    return say_about("cannot continue", cube->place.part, status, error);
}

/* ---- go on ---- */

/* Say in the file that the scan goes on, and how. Rank 0 alone, before the ranks open it. */
static enum dmumu_status note_resume(const struct dmumu_cube_writer *cube, const struct dmumu_cube_spec *spec,
                                     struct dmumu_error *error)
{
    char date[32], done[160];
    const hid_t file = dmumu_cube_handle_open_alone(cube->place.part, true);
    if (file < 0) {
        return dmumu_hdf_fail(error, "cannot write to %s", cube->place.part);
    }
    dmumu_cube_date(date);
    snprintf(done, sizeof done, "resumed at %" PRIu64 " curves on %d host%s, %d rank%s x %d thread%s",
             cube->found.n_curves, spec->host_count, spec->host_count == 1 ? "" : "s", spec->ranks,
             spec->ranks == 1 ? "" : "s", spec->threads, spec->threads == 1 ? "" : "s");
    const enum dmumu_status status = dmumu_cube_provenance_note(file, date, done, error);
    const bool closed = H5Fclose(file) >= 0;
    return status == DMUMU_OK && !closed ? dmumu_hdf_fail(error, "cannot write to %s", cube->place.part) : status;
}

/* Open together. Collective. */
static enum dmumu_status open_together(struct dmumu_cube_writer *cube, struct dmumu_error *error)
{
    return dmumu_cube_agree(cube->comm, dmumu_cube_handle_open(cube, error), error);
}

/* Read, compare, note, open again. Collective. */
static enum dmumu_status go_on(struct dmumu_cube_writer *cube, const struct dmumu_cube_spec *spec,
                               struct dmumu_error *error)
{
    enum dmumu_status status = open_together(cube, error);
    if (status == DMUMU_OK) {
        status = share_state(cube, error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_agree(cube->comm, check_values(cube, error), error);
    }
    if (status != DMUMU_OK) {
        return status;
    }
    /* the history is metadata: see handle.h */
    if (!dmumu_cube_handle_close(cube)) {
        status = dmumu_hdf_fail(error, "cannot close %s", cube->place.part);
    }
    status = dmumu_cube_agree(cube->comm, status, error);
    if (status == DMUMU_OK && cube->rank == 0) {
        status = note_resume(cube, spec, error);
    }
    status = dmumu_cube_agree(cube->comm, status, error);
    return status == DMUMU_OK ? open_together(cube, error) : status;
}

enum dmumu_status dmumu_cube_resume(MPI_Comm comm, const char *path, bool overwrite, const struct dmumu_cube_spec *spec,
                                    struct dmumu_cube_writer **cube, struct dmumu_error *error)
{
    struct dmumu_error spare = {.status = DMUMU_OK};
    struct dmumu_error *said = error != NULL ? error : &spare;
    struct dmumu_cube_writer *made;
    *cube = NULL;
    dmumu_hdf_silence();
    enum dmumu_status status = dmumu_cube_handle_new(comm, path, overwrite, spec, &made, said);
    if (status != DMUMU_OK) {
        return status;
    }
    if (made->rank == 0) {
        status = adopt(made, spec, said);
    }
    status = dmumu_cube_agree(made->comm, status, said);
    if (status == DMUMU_OK) {
        status = go_on(made, spec, said);
    }
    if (status == DMUMU_OK) {
        *cube = made;
        return DMUMU_OK;
    }
    (void)dmumu_cube_handle_close(made); /* the first failure is the one to tell */
    dmumu_cube_handle_free(made);
    return status;
}

struct dmumu_cube_found dmumu_cube_found(const struct dmumu_cube_writer *cube)
{
    return cube->found;
}

const uint8_t *dmumu_cube_found_state(const struct dmumu_cube_writer *cube)
{
    return cube->state;
}
