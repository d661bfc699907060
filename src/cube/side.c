/* Side file: see side.h. */
#include "cube/side.h"

#include "cube/side_file.h"

#include <hdf5_hl.h>

#include <math.h>
#include <stdio.h>

enum { N_AXES = DMUMU_CUBE_N_AXES, N_SCALES = N_AXES + 1 };

enum { ROOM = 1 << 19 }; /* values of D that are kept until they are written */

/* Which axes a variable has, as bits: the models, then the cube's. */
enum { MODELS = 1, CURVES = 0x1e, RIGIDITIES = 0x20 };

/* An open file, and its axes: the models, then the cube's. */
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
    writing->length[i + 1] = axis->n;
    /* region is flags: stored as the cube stores it */
    writing->scale[i + 1] = dmumu_side_put(writing->file, field->name, 1, &writing->length[i + 1],
                                           dmumu_hdf_file_type(field->type), H5T_NATIVE_DOUBLE, axis->values);
    const hid_t scale = writing->scale[i + 1];
    bool done = scale >= 0 && H5DSset_scale(scale, field->name) >= 0 &&
                dmumu_hdf_put_text(scale, "units", field->units, 0) &&
                dmumu_hdf_put_text(scale, "long_name", field->long_name, 0) &&
                dmumu_hdf_put_text(scale, "axis_scale", axis->log_spaced ? "log" : "linear", 0);
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
    writing->length[0] = writing->side->n_models;
    writing->scale[0] =
        dmumu_side_put(writing->file, "model", 1, &writing->length[0], type, type, writing->side->model);
    const hid_t kept = dmumu_hdf_keep();
    H5Tclose(type);
    dmumu_hdf_give_back(kept);
    const hid_t scale = writing->scale[0];
    return scale >= 0 && H5DSset_scale(scale, "model") >= 0 &&
           dmumu_hdf_put_text(scale, "long_name", "published D(R), as `dmumu models` names them", 0);
}

/* Units, name, fill value and axes of a dataset. */
static bool finish(const struct writing *writing, hid_t dataset, unsigned axes, enum dmumu_cube_type type,
                   const char *units, const char *long_name)
{
    bool done = dmumu_hdf_put_text(dataset, "units", units, 0) &&
                dmumu_hdf_put_text(dataset, "long_name", long_name, 0) &&
                dmumu_hdf_put_nan(dataset, "_FillValue", type);
    unsigned place = 0;
    for (int i = 0; done && i < N_SCALES; i++) {
        if (axes & (1U << i)) {
            done = H5DSattach_scale(dataset, writing->scale[i], place++) >= 0;
        }
    }
    return done;
}

static bool put_variable(const struct writing *writing, const char *name, unsigned axes, const char *units,
                         const char *long_name, const double *values)
{
    hsize_t dims[N_SCALES];
    int rank = 0;
    for (int i = 0; i < N_SCALES; i++) {
        if (axes & (1U << i)) {
            dims[rank++] = writing->length[i];
        }
    }
    const hid_t dataset = dmumu_side_put(writing->file, name, rank, dims, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
    if (dataset < 0) {
        return false;
    }
    const bool done = finish(writing, dataset, axes, DMUMU_CUBE_F64, units, long_name);
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
           dmumu_hdf_put_text(file, "range", range, 0) && dmumu_hdf_put_text(file, "compared", compared, 0) &&
           dmumu_hdf_put_text(file, "normalisation_of_models", side->free_normalisation ? "free" : "fixed", 0) &&
           dmumu_hdf_put_text(file, "version", DMUMU_VERSION, 0) &&
           dmumu_hdf_put_text(file, "command", side->command, 0);
}

static bool put_variables(const struct writing *writing)
{
    const struct dmumu_side *side = writing->side;
    const struct {
        const char *name, *units, *long_name;
        unsigned axes;
        const double *values;
    } variables[] = {
        {"distance", "1", "rms of ln(D/D_model) over the rigidities of the range", MODELS | CURVES, side->distance},
        {"worst", "1", "largest |ln(D/D_model)| over the range", MODELS | CURVES, side->worst},
        {"normalisation", "1", "geometric mean of D/D_model over the range", MODELS | CURVES, side->normalisation},
        {"slope_distance", "1", "rms difference of the local slopes of D and D_model over the range", MODELS | CURVES,
         side->slope_distance},
        {"slope_worst", "1", "largest difference of the local slopes over the range", MODELS | CURVES,
         side->slope_worst},
        {"mean_slope", "1", "d ln D/d ln R, least squares over the range", CURVES, side->mean_slope},
        {"model_D", "cm2 s-1", "D of the models", MODELS | RIGIDITIES, side->model_d_cm2_s},
        {"model_slope", "1", "local slope d ln D/d ln R of the models", MODELS | RIGIDITIES, side->model_slope},
    };
    bool done = true;
    for (size_t i = 0; done && i < sizeof variables / sizeof *variables; i++) {
        done = put_variable(writing, variables[i].name, variables[i].axes, variables[i].units, variables[i].long_name,
                            variables[i].values);
    }
    return done;
}

static enum dmumu_status fill_curves(const struct writing *writing, struct dmumu_side_curves *curves,
                                     struct dmumu_error *error)
{
    if (!finish(writing, dmumu_side_curves_deviation(curves), MODELS | CURVES | RIGIDITIES, DMUMU_CUBE_F32, "1",
                "ln(D/D_model), at all rigidities") ||
        !finish(writing, dmumu_side_curves_slope(curves), CURVES | RIGIDITIES, DMUMU_CUBE_F32, "1",
                "local slope d ln D/d ln R, at all rigidities")) {
        return dmumu_hdf_fail(error, "the side file cannot be written");
    }
    const enum dmumu_status status = writing->side->put_curves(curves, writing->side->context, error);
    return status == DMUMU_OK ? dmumu_side_curves_flush(curves, error) : status;
}

static enum dmumu_status put_curves(const struct writing *writing, struct dmumu_error *error)
{
    struct dmumu_side_curves *curves = NULL;
    enum dmumu_status status =
        dmumu_side_curves_new(writing->file, writing->length, writing->side->ln_model, ROOM, &curves, error);
    if (status == DMUMU_OK) {
        status = fill_curves(writing, curves, error);
    }
    dmumu_side_curves_close(curves);
    return status;
}

static enum dmumu_status write_all(struct writing *writing, struct dmumu_error *error)
{
    bool done = put_attributes(writing) && put_models(writing);
    for (int i = 0; done && i < N_AXES; i++) {
        done = put_axis(writing, i);
    }
    if (!done || !put_variables(writing)) {
        return dmumu_hdf_fail(error, "the side file cannot be written");
    }
    return writing->side->put_curves ? put_curves(writing, error) : DMUMU_OK;
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
