/* Refinement: see refinement.h. It is read in refinement_read.c. */
#include "cube/refinement.h"

#include "cube/provenance.h"
#include "cube/replace.h"
#include "cube/side_file.h"

#include <hdf5_hl.h>

#include <stdio.h>

/* Attributes of the group and, in a file beside the cube, of that file. */
static bool put_attributes(hid_t object, const struct dmumu_refinement *refinement)
{
    char target[32];
    (void)snprintf(target, sizeof target, "%.10g", refinement->target);
    return dmumu_hdf_put_text(object, "title", "Interpolation errors of a cube", 0) &&
           dmumu_hdf_put_text(object, "cube_title", refinement->cube->title, 0) &&
           dmumu_hdf_put_text(object, "cube_data_hash", refinement->cube->data_hash, 0) &&
           dmumu_hdf_put_text(object, "cube_physics_hash", refinement->cube->physics_hash, 0) &&
           dmumu_hdf_put_text(object, "target", target, 0) &&
           dmumu_hdf_put_text(object, "sampled", refinement->sampled, 0) &&
           dmumu_hdf_put_text(object, "lookups", refinement->lookups, 0) &&
           dmumu_hdf_put_text(object, "verdict", refinement->verdict, 0) &&
           dmumu_hdf_put_text(object, "version", DMUMU_VERSION, 0) &&
           dmumu_hdf_put_text(object, "command", refinement->command, 0);
}

/* The group and what one axis has in it. */
struct writing {
    hid_t group, scale; /* scale: the middles of the cells */
    hsize_t n;
    const char *axis;
};

static bool close_dataset(hid_t dataset)
{
    const hid_t kept = dmumu_hdf_keep();
    const bool closed = dataset >= 0 && H5Dclose(dataset) >= 0;
    dmumu_hdf_give_back(kept);
    return closed;
}

/* A variable over the cells; "%s" of its long_name is the axis. */
static bool put_variable(const struct writing *writing, const char *what, const char *long_name, hid_t file_type,
                         hid_t memory_type, const void *values)
{
    char name[64], sentence[160];
    (void)snprintf(name, sizeof name, "%s_%s", what, writing->axis);
    (void)snprintf(sentence, sizeof sentence, "%s %s", long_name, writing->axis);
    const hid_t dataset = dmumu_side_put(writing->group, name, 1, &writing->n, file_type, memory_type, values);
    const bool done = dataset >= 0 && dmumu_hdf_put_text(dataset, "units", "1", 0) &&
                      dmumu_hdf_put_text(dataset, "long_name", sentence, 0) &&
                      (memory_type != H5T_NATIVE_DOUBLE || dmumu_hdf_put_nan(dataset, "_FillValue", DMUMU_CUBE_F64)) &&
                      H5DSattach_scale(dataset, writing->scale, 0) >= 0;
    return close_dataset(dataset) && done;
}

static bool put_cells(hid_t group, const struct dmumu_refinement *refinement, int axis)
{
    struct writing writing = {.group = group, .axis = dmumu_axis_name((enum dmumu_axis_id)axis)};
    writing.n = refinement->cube->axis[axis].n - 1;
    if (writing.n == 0) {
        return true;
    }
    writing.scale =
        dmumu_side_put(group, writing.axis, 1, &writing.n, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, refinement->middle[axis]);
    bool done = writing.scale >= 0 && H5DSset_scale(writing.scale, writing.axis) >= 0 &&
                dmumu_hdf_put_text(writing.scale, "units", dmumu_axis_units((enum dmumu_axis_id)axis), 0) &&
                dmumu_hdf_put_text(writing.scale, "long_name", "middles of the cells", 0);
    done = done &&
           put_variable(&writing, "error", "largest |ln(D_lookup/D)| in the middle of the cells of", H5T_IEEE_F64LE,
                        H5T_NATIVE_DOUBLE, refinement->error[axis]) &&
           put_variable(&writing, "points", "points compared in the middle of the cells of", H5T_STD_I64LE,
                        H5T_NATIVE_UINT64, refinement->points[axis]) &&
           put_variable(&writing, "over", "points above the target in the middle of the cells of", H5T_STD_I64LE,
                        H5T_NATIVE_UINT64, refinement->over[axis]);
    return close_dataset(writing.scale) && done;
}

static bool put_group(hid_t file, const struct dmumu_refinement *refinement)
{
    const hid_t order = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(order, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    const hid_t group = H5Gcreate2(file, DMUMU_CUBE_REFINEMENT, H5P_DEFAULT, order, H5P_DEFAULT);
    bool done = group >= 0 && put_attributes(group, refinement);
    for (int axis = DMUMU_AXIS_ALFVEN_MACH; done && axis < DMUMU_N_AXES; axis++) {
        done = put_cells(group, refinement, axis);
    }
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(order);
    if (group >= 0) {
        H5Gclose(group);
    }
    dmumu_hdf_give_back(kept);
    return done;
}

/* dmumu_side_fill */
static enum dmumu_status fill(hid_t file, const void *content, struct dmumu_error *error)
{
    const struct dmumu_refinement *refinement = content;
    const bool done = put_attributes(file, refinement) && dmumu_hdf_put_text(file, "cube", refinement->cube->path, 0) &&
                      put_group(file, refinement);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "the interpolation errors cannot be written");
}

enum dmumu_status dmumu_refinement_write(const char *path, bool overwrite, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error)
{
    return dmumu_side_create(path, overwrite, fill, refinement, error);
}

/* dmumu_cube_change */
static enum dmumu_status put_into_cube(hid_t file, const void *content, struct dmumu_error *error)
{
    const struct dmumu_refinement *refinement = content;
    char date[32];
    if (H5Lexists(file, DMUMU_CUBE_REFINEMENT, H5P_DEFAULT) > 0 &&
        H5Ldelete(file, DMUMU_CUBE_REFINEMENT, H5P_DEFAULT) < 0) {
        return dmumu_hdf_fail(error, "its old interpolation errors cannot be removed");
    }
    if (!put_group(file, refinement)) {
        return dmumu_hdf_fail(error, "the interpolation errors cannot be written");
    }
    dmumu_cube_date(date);
    return dmumu_cube_provenance_note(file, date, refinement->verdict, error);
}

enum dmumu_status dmumu_refinement_store(const char *path, const struct dmumu_refinement *refinement,
                                         struct dmumu_error *error)
{
    return dmumu_cube_replace(path, put_into_cube, refinement, error);
}
