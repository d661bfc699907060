/*
 * Curves of a side file: see side_curves.h.
 *
 * A box is one value on each of the first `depth` axes and all of the others: as many axes as the room is for.
 */
#include "cube/side_curves.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

enum { N_AXES = DMUMU_CUBE_N_AXES, RANK = N_AXES + 1, CURVE_AXES = N_AXES - 1 };

struct dmumu_side_curves {
    hid_t deviation, slope;
    hsize_t length[RANK];
    const double *ln_model;
    int depth;           /* axes of the cube on which a box has one value */
    size_t n_rigidities; /* of a curve */
    uint64_t n_in_box;   /* curves */
    uint64_t box;        /* index of the one gathered; UINT64_MAX: none */
    /* [n_in_box][n_rigidities] what was put, and the deviations of one model */
    double *ln_d;
    float *slope_value, *delta;
};

static hid_t create(hid_t file, const char *name, int rank, const hsize_t dims[])
{
    const float nan = NAN;
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = H5I_INVALID_HID;
    if (H5Pset_fill_value(creation, H5T_NATIVE_FLOAT, &nan) >= 0 &&
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) >= 0) {
        dataset = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(creation);
    H5Sclose(space);
    dmumu_hdf_give_back(kept);
    return dataset;
}

static void choose_boxes(struct dmumu_side_curves *curves, size_t room)
{
    curves->n_rigidities = curves->length[RANK - 1];
    curves->n_in_box = 1;
    curves->depth = CURVE_AXES;
    while (curves->depth > 0 && curves->n_in_box * curves->length[curves->depth] * curves->n_rigidities <= room) {
        curves->n_in_box *= curves->length[curves->depth];
        curves->depth--;
    }
}

static void clear(struct dmumu_side_curves *curves)
{
    for (size_t i = 0; i < curves->n_in_box * curves->n_rigidities; i++) {
        curves->slope_value[i] = NAN;
        curves->ln_d[i] = (double)NAN;
    }
}

enum dmumu_status dmumu_side_curves_new(hid_t file, const hsize_t length[static DMUMU_CUBE_N_AXES + 1],
                                        const double ln_model[], size_t room, struct dmumu_side_curves **curves,
                                        struct dmumu_error *error)
{
    struct dmumu_side_curves *made = *curves = calloc(1, sizeof *made);
    if (!made) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file");
    }
    for (int i = 0; i < RANK; i++) {
        made->length[i] = length[i];
    }
    made->ln_model = ln_model;
    made->box = UINT64_MAX;
    choose_boxes(made, room);
    const size_t n = made->n_in_box * made->n_rigidities;
    made->slope_value = malloc(n * sizeof *made->slope_value);
    made->ln_d = malloc(n * sizeof *made->ln_d);
    made->delta = malloc(n * sizeof *made->delta);
    made->slope = made->deviation = H5I_INVALID_HID;
    if (!made->slope_value || !made->ln_d || !made->delta) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file");
    }
    clear(made);
    made->slope = create(file, "slope", N_AXES, length + 1);
    made->deviation = create(file, "deviation", RANK, length);
    return made->slope >= 0 && made->deviation >= 0 ? DMUMU_OK
                                                    : dmumu_hdf_fail(error, "the side file cannot be written");
}

hid_t dmumu_side_curves_deviation(const struct dmumu_side_curves *curves)
{
    return curves->deviation;
}

hid_t dmumu_side_curves_slope(const struct dmumu_side_curves *curves)
{
    return curves->slope;
}

/* The box of a dataset whose first axis is that of the models, or (model < 0) has none. */
static bool write_box(const struct dmumu_side_curves *curves, hid_t dataset, int64_t model, const float value[])
{
    hsize_t start[RANK] = {0}, count[RANK];
    const hsize_t n_values = curves->n_in_box * curves->n_rigidities;
    uint64_t rest = curves->box;
    for (int i = N_AXES; i > 0; i--) {
        const bool whole = i > curves->depth;
        count[i] = whole ? curves->length[i] : 1;
        if (!whole) {
            start[i] = rest % curves->length[i];
            rest /= curves->length[i];
        }
    }
    count[0] = 1;
    start[0] = model < 0 ? 0 : (hsize_t)model;
    const int first = model < 0 ? 1 : 0;
    const hid_t memory = H5Screate_simple(1, &n_values, NULL);
    const hid_t space = H5Dget_space(dataset);
    const bool done = memory >= 0 && space >= 0 &&
                      H5Sselect_hyperslab(space, H5S_SELECT_SET, start + first, NULL, count + first, NULL) >= 0 &&
                      H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, value) >= 0;
    const hid_t kept = dmumu_hdf_keep();
    H5Sclose(memory);
    H5Sclose(space);
    dmumu_hdf_give_back(kept);
    return done;
}

enum dmumu_status dmumu_side_curves_flush(struct dmumu_side_curves *curves, struct dmumu_error *error)
{
    if (curves->box == UINT64_MAX) {
        return DMUMU_OK;
    }
    const size_t n = curves->n_rigidities;
    bool done = write_box(curves, curves->slope, -1, curves->slope_value);
    for (hsize_t m = 0; done && m < curves->length[0]; m++) {
        for (size_t i = 0; i < curves->n_in_box * n; i++) {
            curves->delta[i] = (float)(curves->ln_d[i] - curves->ln_model[m * n + i % n]);
        }
        done = write_box(curves, curves->deviation, (int64_t)m, curves->delta);
    }
    clear(curves);
    curves->box = UINT64_MAX;
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "the side file cannot be written");
}

enum dmumu_status dmumu_side_curves_put(struct dmumu_side_curves *curves, uint64_t curve, const double ln_d[],
                                        const double slope[], struct dmumu_error *error)
{
    const uint64_t box = curve / curves->n_in_box;
    const size_t n = curves->n_rigidities;
    if (box != curves->box) {
        const enum dmumu_status status = dmumu_side_curves_flush(curves, error);
        if (status != DMUMU_OK) {
            return status;
        }
        curves->box = box;
    }
    const size_t at = (size_t)(curve % curves->n_in_box) * n;
    for (size_t i = 0; i < n; i++) {
        curves->ln_d[at + i] = ln_d[i];
        curves->slope_value[at + i] = (float)slope[i];
    }
    return DMUMU_OK;
}

void dmumu_side_curves_close(struct dmumu_side_curves *curves)
{
    if (!curves) {
        return;
    }
    const hid_t kept = dmumu_hdf_keep();
    if (curves->slope >= 0) {
        H5Dclose(curves->slope);
    }
    if (curves->deviation >= 0) {
        H5Dclose(curves->deviation);
    }
    dmumu_hdf_give_back(kept);
    free(curves->slope_value);
    free(curves->ln_d);
    free(curves->delta);
    free(curves);
}
