/* Refinement: see refinement.h. */
#include "cube/refinement.h"

#include "cube/side_file.h"

#include <stdio.h>

static bool put_attributes(hid_t file, const struct dmumu_refinement *refinement)
{
    char target[32];
    (void)snprintf(target, sizeof target, "%.10g", refinement->target);
    return dmumu_hdf_put_text(file, "title", "Interpolation errors of a cube, in the middle of its cells", 0) &&
           dmumu_hdf_put_text(file, "cube", refinement->cube->path, 0) &&
           dmumu_hdf_put_text(file, "cube_title", refinement->cube->title, 0) &&
           dmumu_hdf_put_text(file, "cube_data_hash", refinement->cube->data_hash, 0) &&
           dmumu_hdf_put_text(file, "cube_physics_hash", refinement->cube->physics_hash, 0) &&
           dmumu_hdf_put_text(file, "target", target, 0) &&
           dmumu_hdf_put_text(file, "sampled", refinement->sampled, 0) &&
           dmumu_hdf_put_text(file, "version", DMUMU_VERSION, 0) &&
           dmumu_hdf_put_text(file, "command", refinement->command, 0);
}

static bool put_error(hid_t group, const struct dmumu_refinement *refinement, int axis)
{
    char name[64], long_name[128];
    hsize_t dims[DMUMU_N_AXES] = {1, 1, 1, 1, 1};
    dims[axis] = refinement->cube->axis[axis].n - 1;
    if (dims[axis] == 0) {
        return true;
    }
    (void)snprintf(name, sizeof name, "error_%s", dmumu_axis_name((enum dmumu_axis_id)axis));
    (void)snprintf(long_name, sizeof long_name, "largest |ln(D_lookup/D)| in the middle of the cells of %s",
                   dmumu_axis_name((enum dmumu_axis_id)axis));
    const hid_t dataset =
        dmumu_side_put(group, name, DMUMU_N_AXES, dims, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, refinement->error[axis]);
    if (dataset < 0) {
        return false;
    }
    const bool done = dmumu_hdf_put_text(dataset, "units", "1", 0) &&
                      dmumu_hdf_put_text(dataset, "long_name", long_name, 0) &&
                      dmumu_hdf_put_nan(dataset, "_FillValue", DMUMU_CUBE_F64);
    const hid_t kept = dmumu_hdf_keep();
    H5Dclose(dataset);
    dmumu_hdf_give_back(kept);
    return done;
}

static enum dmumu_status fill(hid_t file, const void *content, struct dmumu_error *error)
{
    const struct dmumu_refinement *refinement = content;
    const hid_t group = H5Gcreate2(file, "refinement", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool done = group >= 0 && put_attributes(file, refinement);
    for (int axis = DMUMU_AXIS_ALFVEN_MACH; done && axis < DMUMU_N_AXES; axis++) {
        done = put_error(group, refinement, axis);
    }
    const hid_t kept = dmumu_hdf_keep();
    if (group >= 0) {
        H5Gclose(group);
    }
    dmumu_hdf_give_back(kept);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "the interpolation errors cannot be written");
}

enum dmumu_status dmumu_refinement_write(const char *path, bool overwrite, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error)
{
    return dmumu_side_create(path, overwrite, fill, refinement, error);
}
