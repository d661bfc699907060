/*
 * Layout, opening: find the datasets of a cube in a file that anyone may have made, and check each against the table of
 * fields before a value is read.
 */
#include "cube/layout.h"

#include "core/error.h"
#include "cube/hdf.h"

#include <stdlib.h>
#include <string.h>

/* Is there something of this name, in this file? A link would lead to wherever the author of the file wants. */
static enum dmumu_status find(hid_t file, const char *name, bool *found, struct dmumu_error *error)
{
    H5L_info_t link;
    const htri_t exists = H5Lexists(file, name, H5P_DEFAULT);
    *found = exists > 0;
    if (exists < 0 || (*found && H5Lget_info(file, name, &link, H5P_DEFAULT) < 0)) {
        return dmumu_hdf_fail(error, "damaged: cannot look for %s", name);
    }
    if (*found && link.type != H5L_TYPE_HARD) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: %s is a link to something else", name);
    }
    return DMUMU_OK;
}

/*
 * Are all the values of a dataset in this file? Of contiguous ones that is a matter of their size; chunks, of a cube that
 * was repacked, may be compressed.
 */
static enum dmumu_status check_storage(hid_t dataset, const struct dmumu_cube_field *field,
                                       const hsize_t dims[static DMUMU_CUBE_N_AXES], struct dmumu_error *error)
{
    const hid_t creation = H5Dget_create_plist(dataset);
    const H5D_layout_t layout = creation >= 0 ? H5Pget_layout(creation) : H5D_LAYOUT_ERROR;
    hsize_t bytes = dmumu_cube_type_size(field->type);
    for (int i = 0; i < field->n_axes; i++) {
        bytes *= dims[i];
    }
    const bool here =
        (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0 && H5Dget_storage_size(dataset) == bytes) ||
        layout == H5D_CHUNKED || layout == H5D_COMPACT;
    if (creation >= 0) {
        H5Pclose(creation);
    }
    return here ? DMUMU_OK
                : dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: not all values of %s are in it", field->name);
}

/* Open the dataset of a field and check that its type is the table's; its shape comes back in rank and dims. */
static enum dmumu_status open_dataset(hid_t file, const struct dmumu_cube_field *field, hid_t *dataset,
                                      hsize_t dims[static DMUMU_CUBE_N_AXES], struct dmumu_error *error)
{
    *dataset = H5Dopen2(file, field->name, H5P_DEFAULT);
    if (*dataset < 0) {
        return dmumu_hdf_fail(error, "cannot open %s", field->name);
    }
    const hid_t type = H5Dget_type(*dataset), space = H5Dget_space(*dataset);
    const bool integer = field->type == DMUMU_CUBE_U8 || field->type == DMUMU_CUBE_U32;
    const H5T_class_t wanted = integer ? H5T_INTEGER : H5T_FLOAT;
    const bool type_right = type >= 0 && H5Tget_class(type) == wanted &&
                            H5Tget_size(type) == dmumu_cube_type_size(field->type) &&
                            (!integer || H5Tget_sign(type) == H5T_SGN_NONE);
    const bool shape_right = space >= 0 && H5Sis_simple(space) > 0 &&
                             H5Sget_simple_extent_ndims(space) == field->n_axes &&
                             H5Sget_simple_extent_dims(space, dims, NULL) == field->n_axes;
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    if (!type_right) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: %s has the wrong type", field->name);
    }
    if (!shape_right) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: %s has not %d dimensions", field->name,
                               field->n_axes);
    }
    return DMUMU_OK;
}

/* The n values of an open axis, and how they are spaced. */
static enum dmumu_status read_axis(int axis, hsize_t n, struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_axis_field(axis);
    if (n == 0 || n > DMUMU_CUBE_LONGEST_AXIS) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: axis %s has %llu values", field->name,
                               (unsigned long long)n);
    }
    layout->n[axis] = (size_t)n;
    layout->axis[axis] = calloc((size_t)n, sizeof(double));
    if (layout->axis[axis] == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for axis %s", field->name);
    }
    if (H5Dread(layout->axis_dataset[axis], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, layout->axis[axis]) < 0) {
        return dmumu_hdf_fail(error, "cannot read the axis %s", field->name);
    }
    char *scale = dmumu_hdf_get_text(layout->axis_dataset[axis], "axis_scale");
    layout->log_spaced[axis] = scale != NULL && strcmp(scale, "log") == 0;
    free(scale);
    if (dmumu_cube_axis_check(axis, layout->n[axis], layout->axis[axis], error) != DMUMU_OK) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "not a cube: axis %s has values that are not ascending or not meaningful", field->name);
    }
    return DMUMU_OK;
}

static enum dmumu_status open_axis(hid_t file, int axis, struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_axis_field(axis);
    hsize_t dims[DMUMU_CUBE_N_AXES] = {0};
    bool found = false;
    enum dmumu_status status = find(file, field->name, &found, error);
    if (status == DMUMU_OK && !found) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: it has no axis %s", field->name);
    }
    if (status == DMUMU_OK) {
        status = open_dataset(file, field, &layout->axis_dataset[axis], dims, error);
    }
    if (status == DMUMU_OK) {
        status = check_storage(layout->axis_dataset[axis], field, dims, error);
    }
    return status == DMUMU_OK ? read_axis(axis, dims[0], layout, error) : status;
}

/* A model need not have every mode, and a cube that another program has written anew has no checksums. */
static bool is_optional(enum dmumu_cube_variable variable)
{
    return variable == DMUMU_CUBE_CHECKSUM || dmumu_cube_variable_field(variable)->mode != DMUMU_CUBE_NO_MODE;
}

static enum dmumu_status open_variable(hid_t file, enum dmumu_cube_variable variable, struct dmumu_cube_layout *layout,
                                       struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    hsize_t dims[DMUMU_CUBE_N_AXES] = {0};
    bool found = true;
    enum dmumu_status status = DMUMU_OK;
    if (variable == DMUMU_CUBE_CHECKSUM) {
        status = find(file, DMUMU_CUBE_INTEGRITY, &found, error);
    }
    if (status == DMUMU_OK && found) {
        status = find(file, field->name, &found, error);
    }
    if (status == DMUMU_OK && !found && !is_optional(variable)) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: it has no variable %s", field->name);
    }
    if (status != DMUMU_OK || !found) {
        return status;
    }
    status = open_dataset(file, field, &layout->variable[variable], dims, error);
    for (int i = 0; status == DMUMU_OK && i < field->n_axes; i++) {
        if (dims[i] != layout->n[i]) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: %s has %llu values along %s, which has %zu",
                                   field->name, (unsigned long long)dims[i], dmumu_cube_axis_field(i)->name,
                                   layout->n[i]);
        }
    }
    return status == DMUMU_OK ? check_storage(layout->variable[variable], field, dims, error) : status;
}

enum dmumu_status dmumu_cube_layout_open(hid_t file, struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    dmumu_cube_layout_init(layout);
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_AXES; i++) {
        status = open_axis(file, i, layout, error);
    }
    if (status == DMUMU_OK && !dmumu_cube_layout_count(layout)) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "not a cube: its axes are too long");
    }
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_DATASETS; i++) {
        status = open_variable(file, (enum dmumu_cube_variable)i, layout, error);
    }
    return status;
}
