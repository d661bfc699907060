/* Side file: see side.h. */
#include "cube/side.h"

#include "cube/side_file.h"

#include <hdf5_hl.h>

#include <math.h>
#include <stdio.h>

enum { N_AXES = DMUMU_CUBE_N_AXES - 1, MODEL_AXIS = N_AXES, N_SCALES = N_AXES + 1 };

/* An open file, and its axes: the cube's first four, and the models. */
struct writing {
    const struct dmumu_side *side;
    hid_t file;
    hid_t scale[N_SCALES];
    hsize_t length[N_SCALES];
};

static void close_writing(struct writing *writing)
{
    const hid_t kept = dmumu_hdf_keep();
    for (int i = 0; i < N_SCALES; i++) {
        if (writing->scale[i] >= 0) {
            H5Dclose(writing->scale[i]);
        }
    }
    dmumu_hdf_give_back(kept);
}

static bool put_axis(struct writing *writing, int i)
{
    const struct dmumu_cube_axis *axis = &writing->side->cube->axis[i];
    const struct dmumu_cube_field *field = dmumu_cube_axis_field(i);
    writing->length[i] = axis->n;
    /* region is flags: stored as the cube stores it */
    writing->scale[i] = dmumu_side_put(writing->file, field->name, 1, &writing->length[i],
                                       dmumu_hdf_file_type(field->type), H5T_NATIVE_DOUBLE, axis->values);
    const hid_t scale = writing->scale[i];
    bool done = scale >= 0 && H5DSset_scale(scale, field->name) >= 0 &&
                dmumu_hdf_put_text(scale, "units", field->units, 0) &&
                dmumu_hdf_put_text(scale, "long_name", field->long_name, 0);
    const unsigned flags = dmumu_cube_flag_count(field->flags);
    if (done && flags > 0) {
        char meanings[128] = "";
        size_t used = 0;
        for (unsigned k = 0; k < flags && used < sizeof meanings; k++) {
            used += (size_t)snprintf(meanings + used, sizeof meanings - used, "%s%s", k > 0 ? " " : "",
                                     dmumu_cube_flag_name(field->flags, k));
        }
        done = dmumu_hdf_put_flag_values(scale, "flag_values", flags) &&
               dmumu_hdf_put_text(scale, "flag_meanings", meanings, 0);
    }
    return done;
}

static bool put_models(struct writing *writing)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    writing->length[MODEL_AXIS] = writing->side->n_models;
    writing->scale[MODEL_AXIS] =
        dmumu_side_put(writing->file, "model", 1, &writing->length[MODEL_AXIS], type, type, writing->side->model);
    const hid_t kept = dmumu_hdf_keep();
    H5Tclose(type);
    dmumu_hdf_give_back(kept);
    const hid_t scale = writing->scale[MODEL_AXIS];
    return scale >= 0 && H5DSset_scale(scale, "model") >= 0 &&
           dmumu_hdf_put_text(scale, "long_name", "published D(R), as `dmumu models` names them", 0);
}

static bool put_variable(const struct writing *writing, const char *name, bool per_model, const char *long_name,
                         const double *values)
{
    int axis[N_SCALES];
    hsize_t dims[N_SCALES];
    int rank = 0;
    for (int i = per_model ? -1 : 0; i < N_AXES; i++) {
        axis[rank] = i < 0 ? MODEL_AXIS : i;
        dims[rank] = writing->length[axis[rank]];
        rank++;
    }
    const hid_t dataset = dmumu_side_put(writing->file, name, rank, dims, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
    if (dataset < 0) {
        return false;
    }
    bool done = dmumu_hdf_put_text(dataset, "units", "1", 0) &&
                dmumu_hdf_put_text(dataset, "long_name", long_name, 0) &&
                dmumu_hdf_put_nan(dataset, "_FillValue", DMUMU_CUBE_F64);
    for (int i = 0; done && i < rank; i++) {
        done = H5DSattach_scale(dataset, writing->scale[axis[i]], (unsigned)i) >= 0;
    }
    const hid_t kept = dmumu_hdf_keep();
    H5Dclose(dataset);
    dmumu_hdf_give_back(kept);
    return done;
}

static bool put_attributes(const struct writing *writing)
{
    const struct dmumu_side *side = writing->side;
    char range[64], compared[96];
    (void)snprintf(range, sizeof range, "%.10g to %.10g GV", side->from_gv, side->to_gv);
    if (isnan(side->halo_height_kpc)) {
        (void)snprintf(compared, sizeof compared, "D");
    } else {
        (void)snprintf(compared, sizeof compared, "D/H, with H = %.10g kpc for the cube", side->halo_height_kpc);
    }
    const hid_t file = writing->file;
    return dmumu_hdf_put_text(file, "title", "Distances of the curves of a cube from published D(R)", 0) &&
           dmumu_hdf_put_text(file, "cube", side->cube->path, 0) &&
           dmumu_hdf_put_text(file, "cube_title", side->cube->title, 0) &&
           dmumu_hdf_put_text(file, "cube_data_hash", side->cube->data_hash, 0) &&
           dmumu_hdf_put_text(file, "cube_physics_hash", side->cube->physics_hash, 0) &&
           dmumu_hdf_put_text(file, "rigidities", range, 0) && dmumu_hdf_put_text(file, "compared", compared, 0) &&
           dmumu_hdf_put_text(file, "normalisation_of_models", side->free_normalisation ? "free" : "fixed", 0) &&
           dmumu_hdf_put_text(file, "version", DMUMU_VERSION, 0) &&
           dmumu_hdf_put_text(file, "command", side->command, 0);
}

static enum dmumu_status write_all(struct writing *writing, struct dmumu_error *error)
{
    const struct dmumu_side *side = writing->side;
    bool done = put_attributes(writing) && put_models(writing);
    for (int i = 0; done && i < N_AXES; i++) {
        done = put_axis(writing, i);
    }
    done = done &&
           put_variable(writing, "distance", true, "rms of ln(D/D_model) over the rigidities", side->distance) &&
           put_variable(writing, "worst", true, "largest |ln(D/D_model)| over the rigidities", side->worst) &&
           put_variable(writing, "normalisation", true, "geometric mean of D/D_model over the rigidities",
                        side->normalisation) &&
           put_variable(writing, "slope", false, "d ln D/d ln R, least squares over the rigidities", side->slope);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "the side file cannot be written");
}

static enum dmumu_status fill(hid_t file, const void *content, struct dmumu_error *error)
{
    struct writing writing = {.side = content, .file = file};
    for (int i = 0; i < N_SCALES; i++) {
        writing.scale[i] = H5I_INVALID_HID;
    }
    const enum dmumu_status status = write_all(&writing, error);
    close_writing(&writing);
    return status;
}

enum dmumu_status dmumu_side_write(const char *path, bool overwrite, const struct dmumu_side *side,
                                   struct dmumu_error *error)
{
    return dmumu_side_create(path, overwrite, fill, side, error);
}
