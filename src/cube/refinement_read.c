/* Refinement, reading: a summary of what a cube has stored (see refinement.h). */
#include "cube/refinement.h"

#include "core/error.h"
#include "cube/handle.h"
#include "cube/hdf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 1000000 };

static void summarise(const double error[], double target, struct dmumu_refinement_cells *cells)
{
    cells->worst = (double)NAN;
    for (size_t i = 0; i < cells->n; i++) {
        cells->n_unknown += isnan(error[i]) ? 1 : 0;
        cells->n_over += error[i] > target;
        cells->worst = fmax(cells->worst, error[i]);
    }
}

/* The number of values of an open dataset of one dimension; 0 when it is not one, or too long to be true. */
static size_t length_of(hid_t dataset)
{
    const hid_t space = H5Dget_space(dataset);
    hsize_t n = 0;
    if (space < 0 || H5Sget_simple_extent_ndims(space) != 1 || H5Sget_simple_extent_dims(space, &n, NULL) != 1) {
        n = 0;
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    return n <= MOST_CELLS ? (size_t)n : 0;
}

/* The errors of one axis; an axis of one value has none. */
static bool read_axis(hid_t group, int axis, double target, struct dmumu_refinement_cells *cells)
{
    char name[64];
    (void)snprintf(name, sizeof name, "error_%s", dmumu_axis_name((enum dmumu_axis_id)axis));
    const htri_t exists = H5Lexists(group, name, H5P_DEFAULT);
    if (exists <= 0) {
        return exists == 0;
    }
    const hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT);
    cells->n = dataset >= 0 ? length_of(dataset) : 0;
    double *error = calloc(cells->n + 1, sizeof *error);
    const bool done =
        cells->n > 0 && error != NULL && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, error) >= 0;
    if (done) {
        summarise(error, target, cells);
    }
    free(error);
    if (dataset >= 0) {
        H5Dclose(dataset);
    }
    return done;
}

static bool read_group(hid_t file, hid_t group, struct dmumu_refinement_info *info)
{
    char *hash = dmumu_hdf_get_text(file, "data_hash"), *about = dmumu_hdf_get_text(group, "cube_data_hash"),
         *target = dmumu_hdf_get_text(group, "target");
    info->sampled = dmumu_hdf_get_text(group, "sampled");
    info->lookups = dmumu_hdf_get_text(group, "lookups");
    info->verdict = dmumu_hdf_get_text(group, "verdict");
    info->is_stale = hash == NULL || about == NULL || strcmp(hash, about) != 0;
    info->target = target != NULL ? strtod(target, NULL) : (double)NAN;
    bool done = target != NULL && info->sampled != NULL && info->lookups != NULL && info->verdict != NULL;
    for (int axis = DMUMU_AXIS_ALFVEN_MACH; done && axis < DMUMU_N_AXES; axis++) {
        done = read_axis(group, axis, info->target, &info->axis[axis]);
    }
    free(hash);
    free(about);
    free(target);
    return done;
}

enum dmumu_status dmumu_refinement_read(const char *path, struct dmumu_refinement_info *info, struct dmumu_error *error)
{
    *info = (struct dmumu_refinement_info){.is_there = false};
    dmumu_hdf_silence();
    const hid_t file = dmumu_cube_handle_open_alone(path, false);
    if (file < 0) {
        return dmumu_hdf_fail(error, "%.200s cannot be opened", path);
    }
    const htri_t exists = H5Lexists(file, DMUMU_CUBE_REFINEMENT, H5P_DEFAULT);
    bool done = exists >= 0;
    if (exists > 0) {
        const hid_t group = H5Gopen2(file, DMUMU_CUBE_REFINEMENT, H5P_DEFAULT);
        info->is_there = done = group >= 0 && read_group(file, group, info);
        if (group >= 0) {
            H5Gclose(group);
        }
    }
    H5Fclose(file);
    return done ? DMUMU_OK
                : dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s: its group %s is damaged", path,
                                  DMUMU_CUBE_REFINEMENT);
}

void dmumu_refinement_info_free(struct dmumu_refinement_info *info)
{
    free(info->sampled);
    free(info->lookups);
    free(info->verdict);
    *info = (struct dmumu_refinement_info){.is_there = false};
}
