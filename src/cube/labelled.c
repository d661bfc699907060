/* Labelled: see labelled.h. */
#include "cube/labelled.h"

#include "core/error.h"
#include "cube/side_file.h"

#include <hdf5_hl.h>

#include <math.h>
#include <stdlib.h>

/* An open file and its axes. */
struct writing {
    const struct dmumu_labelled *labelled;
    hid_t file;
    hid_t *scale; /* [n_axes] */
};

static hid_t put_texts(hid_t file, const struct dmumu_labelled_axis *axis, hsize_t n)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const hid_t dataset = dmumu_side_put(file, axis->name, 1, &n, type, type, axis->texts);
    const hid_t kept = dmumu_hdf_keep();
    H5Tclose(type);
    dmumu_hdf_give_back(kept);
    return dataset;
}

static bool put_axis(struct writing *writing, int i)
{
    const struct dmumu_labelled_axis *axis = &writing->labelled->axis[i];
    const hsize_t n = axis->n;
    writing->scale[i] =
        axis->texts ? put_texts(writing->file, axis, n)
                    : dmumu_side_put(writing->file, axis->name, 1, &n, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, axis->values);
    const hid_t scale = writing->scale[i];
    return scale >= 0 && H5DSset_scale(scale, axis->name) >= 0 &&
           (axis->texts || dmumu_hdf_put_text(scale, "units", axis->units, 0)) &&
           dmumu_hdf_put_text(scale, "long_name", axis->long_name, 0);
}

static double *finite_values(const double values[], size_t n)
{
    double *copy = malloc((n + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = isinf(values[i]) ? (double)NAN : values[i];
    }
    return copy;
}

static bool describe(const struct writing *writing, const struct dmumu_labelled_variable *variable, hid_t dataset)
{
    bool done = dmumu_hdf_put_text(dataset, "units", variable->units, 0) &&
                dmumu_hdf_put_text(dataset, "long_name", variable->long_name, 0) &&
                dmumu_hdf_put_nan(dataset, "_FillValue", DMUMU_CUBE_F64);
    for (int i = 0; done && i < variable->rank; i++) {
        done = H5DSattach_scale(dataset, writing->scale[variable->axis[i]], (unsigned)i) >= 0;
    }
    return done;
}

static bool put_variable(const struct writing *writing, const struct dmumu_labelled_variable *variable)
{
    hsize_t dims[DMUMU_LABELLED_RANK];
    size_t n = 1;
    for (int i = 0; i < variable->rank; i++) {
        dims[i] = writing->labelled->axis[variable->axis[i]].n;
        n *= (size_t)dims[i];
    }
    double *values = finite_values(variable->values, n);
    const hid_t dataset = values ? dmumu_side_put(writing->file, variable->name, variable->rank, dims, H5T_IEEE_F64LE,
                                                  H5T_NATIVE_DOUBLE, values)
                                 : H5I_INVALID_HID;
    free(values);
    if (dataset < 0) {
        return false;
    }
    const bool done = describe(writing, variable, dataset);
    const hid_t kept = dmumu_hdf_keep();
    H5Dclose(dataset);
    dmumu_hdf_give_back(kept);
    return done;
}

static bool put_number(hid_t object, const char *name, double number)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool done = attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_DOUBLE, &number) >= 0;
    const hid_t kept = dmumu_hdf_keep();
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    H5Sclose(space);
    dmumu_hdf_give_back(kept);
    return done;
}

static enum dmumu_status write_all(struct writing *writing, struct dmumu_error *error)
{
    const struct dmumu_labelled *labelled = writing->labelled;
    bool done = true;
    for (int i = 0; done && i < labelled->n_attributes; i++) {
        const struct dmumu_labelled_attribute *attribute = &labelled->attribute[i];
        done = attribute->text ? dmumu_hdf_put_text(writing->file, attribute->name, attribute->text, 0)
                               : put_number(writing->file, attribute->name, attribute->number);
    }
    for (int i = 0; done && i < labelled->n_axes; i++) {
        done = put_axis(writing, i);
    }
    for (int i = 0; done && i < labelled->n_variables; i++) {
        done = put_variable(writing, &labelled->variable[i]);
    }
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "the side file cannot be written");
}

static void close_scales(struct writing *writing)
{
    const hid_t kept = dmumu_hdf_keep();
    for (int i = 0; i < writing->labelled->n_axes; i++) {
        if (writing->scale[i] >= 0) {
            H5Dclose(writing->scale[i]);
        }
    }
    dmumu_hdf_give_back(kept);
}

/* dmumu_side_fill */
static enum dmumu_status fill(hid_t file, const void *content, struct dmumu_error *error)
{
    const struct dmumu_labelled *labelled = content;
    struct writing writing = {.labelled = labelled, .file = file};
    writing.scale = malloc(((size_t)labelled->n_axes + 1) * sizeof *writing.scale);
    if (!writing.scale) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file");
    }
    for (int i = 0; i < labelled->n_axes; i++) {
        writing.scale[i] = H5I_INVALID_HID;
    }
    const enum dmumu_status status = write_all(&writing, error);
    close_scales(&writing);
    free(writing.scale);
    return status;
}

enum dmumu_status dmumu_labelled_write(const char *path, bool overwrite, const struct dmumu_labelled *labelled,
                                       struct dmumu_error *error)
{
    return dmumu_side_create(path, overwrite, fill, labelled, error);
}
