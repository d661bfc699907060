/*
 * Layout: create the datasets of a cube, fill them, read them. layout_open.c finds them again.
 *
 * Contiguous, fixed size, allocated early, without filters: nothing that was flushed is lost whatever kills the writer.
 * The fill values are written by us, not by HDF5: every rank fills its share, and a write that fails is an error that
 * all ranks can agree on.
 */
#include "cube/layout.h"

#include "core/error.h"
#include "cube/hdf.h"
#include "cube/rows.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_COMPACT_ATTRIBUTES = 64, /* kept in the object header: one place, flushed once */
    SLAB_BYTES = 1 << 18
};

static const struct dmumu_cube_layout closed_layout = {
    .axis_dataset = {H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID},
};

void dmumu_cube_layout_init(struct dmumu_cube_layout *layout)
{
    *layout = closed_layout;
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        layout->variable[i] = H5I_INVALID_HID;
    }
}

bool dmumu_cube_layout_count(struct dmumu_cube_layout *layout)
{
    uint64_t n = 1;
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        if (layout->n[i] == 0 || layout->n[i] > (uint64_t)INT64_MAX / 8 / n) {
            return false;
        }
        n *= layout->n[i];
    }
    layout->n_curves = n / layout->n[DMUMU_CUBE_N_AXES - 1];
    return true;
}

enum dmumu_status dmumu_cube_axis_check(int axis, size_t n, const double values[], struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_axis_field(axis);
    if (n == 0 || n > DMUMU_CUBE_LONGEST_AXIS || values == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "axis %s must have 1 to %d values, not %zu", field->name,
                               DMUMU_CUBE_LONGEST_AXIS, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || (i > 0 && !(values[i] > values[i - 1]))) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "axis %s: value %zu (%g) is not finite and ascending",
                                   field->name, i, values[i]);
        }
        if (field->type == DMUMU_CUBE_U8 &&
            !(values[i] >= 0 && values[i] < dmumu_cube_flag_count(field->flags) && values[i] == floor(values[i]))) {
            return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "axis %s: value %g is none of its flags", field->name,
                                   values[i]);
        }
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_cube_spec_check(const struct dmumu_cube_spec *spec, struct dmumu_error *error)
{
    struct dmumu_cube_layout layout;
    dmumu_cube_layout_init(&layout);
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const enum dmumu_status status = dmumu_cube_axis_check(i, spec->axis[i].n, spec->axis[i].values, error);
        if (status != DMUMU_OK) {
            return status;
        }
        layout.n[i] = spec->axis[i].n;
    }
    if (!dmumu_cube_layout_count(&layout)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "the product of the axes is too large for a file");
    }
    return DMUMU_OK;
}

hid_t dmumu_cube_access_new(void)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true);
#endif
    return access;
}

static hid_t creation_new(void)
{
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    H5Pset_link_creation_order(creation, order);
    H5Pset_attr_creation_order(creation, order);
    H5Pset_attr_phase_change(creation, MOST_COMPACT_ATTRIBUTES, MOST_COMPACT_ATTRIBUTES / 2);
    return creation;
}

hid_t dmumu_cube_file_new(const char *path)
{
    const hid_t access = dmumu_cube_access_new(), creation = creation_new();
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    H5Pclose(creation);
    dmumu_hdf_give_back(kept);
    return file;
}

/* What a value of this field holds before it is written. */
static const void *fill_value(const struct dmumu_cube_field *field)
{
    static const double nan64 = NAN;
    static const float nan32 = NAN;
    static const uint32_t none = 0;
    switch (field->type) {
    case DMUMU_CUBE_F64:
        return &nan64;
    case DMUMU_CUBE_F32:
        return &nan32;
    case DMUMU_CUBE_U32:
        return &none;
    default:
        return &field->fill_u8;
    }
}

static bool put_flags(hid_t dataset, enum dmumu_cube_flags flags)
{
    char meanings[256] = "";
    const unsigned n = dmumu_cube_flag_count(flags);
    for (unsigned i = 0; i < n; i++) {
        strncat(meanings, i > 0 ? " " : "", sizeof meanings - strlen(meanings) - 1);
        strncat(meanings, dmumu_cube_flag_name(flags, i), sizeof meanings - strlen(meanings) - 1);
    }
    return dmumu_hdf_put_flag_values(dataset, "flag_values", n) &&
           dmumu_hdf_put_text(dataset, "flag_meanings", meanings, 0);
}

/* The attributes that describe a field. A coordinate has no _FillValue (CF); nor has a flag: readers would widen it. */
static bool describe(hid_t dataset, const struct dmumu_cube_field *field)
{
    bool done = dmumu_hdf_put_text(dataset, "long_name", field->long_name, 0) &&
                dmumu_hdf_put_text(dataset, "units", field->units, 0);
    if (field->n_axes > 1 && (field->type == DMUMU_CUBE_F64 || field->type == DMUMU_CUBE_F32)) {
        done = done && dmumu_hdf_put_nan(dataset, "_FillValue", field->type);
    }
    if (field->flags != DMUMU_CUBE_FLAGS_NONE) {
        done = done && put_flags(dataset, field->flags);
    }
    if (field->ancillary != NULL) {
        done = done && dmumu_hdf_put_text(dataset, "ancillary_variables", field->ancillary, 0);
    }
    return done && dmumu_hdf_put_text(dataset, "comment", field->comment, 0);
}

/* One dataset of the given shape, allocated and described but not filled. */
static hid_t create_dataset(hid_t file, const struct dmumu_cube_field *field, const size_t n[])
{
    hsize_t dims[DMUMU_CUBE_N_AXES];
    for (int i = 0; i < field->n_axes; i++) {
        dims[i] = n[i];
    }
    const hid_t space = H5Screate_simple(field->n_axes, dims, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(creation, H5D_CONTIGUOUS);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_value(creation, dmumu_hdf_memory_type(field->type), fill_value(field));
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_phase_change(creation, MOST_COMPACT_ATTRIBUTES, MOST_COMPACT_ATTRIBUTES / 2);
    hid_t dataset =
        H5Dcreate2(file, field->name, dmumu_hdf_file_type(field->type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const bool described = dataset >= 0 && describe(dataset, field);
    const hid_t kept = dmumu_hdf_keep();
    if (dataset >= 0 && !described) {
        H5Dclose(dataset);
        dataset = H5I_INVALID_HID;
    }
    H5Pclose(creation);
    H5Sclose(space);
    dmumu_hdf_give_back(kept);
    return dataset;
}

static enum dmumu_status create_axis(hid_t file, int axis, const struct dmumu_cube_axis *values,
                                     struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_axis_field(axis);
    layout->n[axis] = values->n;
    layout->log_spaced[axis] = values->log_spaced;
    layout->axis[axis] = malloc(values->n * sizeof(double));
    if (layout->axis[axis] == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for axis %s", field->name);
    }
    memcpy(layout->axis[axis], values->values, values->n * sizeof(double));
    layout->axis_dataset[axis] = create_dataset(file, field, &values->n);
    if (layout->axis_dataset[axis] < 0 || H5DSset_scale(layout->axis_dataset[axis], field->name) < 0 ||
        !dmumu_hdf_put_text(layout->axis_dataset[axis], "axis_scale", values->log_spaced ? "log" : "linear", 0) ||
        H5Dwrite(layout->axis_dataset[axis], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values->values) < 0) {
        return dmumu_hdf_fail(error, "cannot write the axis %s", field->name);
    }
    return DMUMU_OK;
}

static enum dmumu_status create_variable(hid_t file, enum dmumu_cube_variable variable,
                                         struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const hid_t dataset = create_dataset(file, field, layout->n);
    layout->variable[variable] = dataset;
    for (int i = 0; dataset >= 0 && i < field->n_axes; i++) {
        if (H5DSattach_scale(dataset, layout->axis_dataset[i], (unsigned)i) < 0) {
            return dmumu_hdf_fail(error, "cannot attach an axis to %s", field->name);
        }
    }
    return dataset >= 0 ? DMUMU_OK : dmumu_hdf_fail(error, "cannot create the variable %s", field->name);
}

/* The group that dmumu_cube_variable_field's last one lives in. */
static enum dmumu_status create_group(hid_t file, struct dmumu_error *error)
{
    const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    const hid_t group = H5Gcreate2(file, DMUMU_CUBE_INTEGRITY, H5P_DEFAULT, creation, H5P_DEFAULT);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(creation);
    dmumu_hdf_give_back(kept);
    if (group < 0) {
        return dmumu_hdf_fail(error, "cannot create the group " DMUMU_CUBE_INTEGRITY);
    }
    return H5Gclose(group) >= 0 ? DMUMU_OK : dmumu_hdf_fail(error, "cannot write the group " DMUMU_CUBE_INTEGRITY);
}

enum dmumu_status dmumu_cube_layout_create(hid_t file, const struct dmumu_cube_spec *spec,
                                           struct dmumu_cube_layout *layout, struct dmumu_error *error)
{
    enum dmumu_status status = DMUMU_OK;
    dmumu_cube_layout_init(layout);
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_AXES; i++) {
        status = create_axis(file, i, &spec->axis[i], layout, error);
    }
    if (status == DMUMU_OK && !dmumu_cube_layout_count(layout)) {
        status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "the product of the axes is too large for a file");
    }
    if (status == DMUMU_OK) {
        status = create_group(file, error);
    }
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_DATASETS; i++) {
        if (dmumu_cube_field_present(dmumu_cube_variable_field((enum dmumu_cube_variable)i), spec->modes)) {
            status = create_variable(file, (enum dmumu_cube_variable)i, layout, error);
        }
    }
    return status;
}

/* n values of a field's fill value, owned by the caller; NULL when out of memory. */
static unsigned char *repeat_fill(const struct dmumu_cube_field *field, size_t n)
{
    const size_t size = dmumu_cube_type_size(field->type);
    unsigned char *values = malloc((n + 1) * size);
    for (size_t i = 0; values != NULL && i < n; i++) {
        memcpy(values + i * size, fill_value(field), size);
    }
    return values;
}

/* The curves of one step of one part, which has `share` of them at most. */
static struct dmumu_cube_run fill_run(const struct dmumu_cube_layout *layout, uint64_t share, uint64_t step, int part)
{
    const uint64_t slab = dmumu_cube_layout_slab(layout), offset = step * slab;
    const uint64_t most = share - offset < slab ? share - offset : slab, first = (uint64_t)part * share + offset;
    const uint64_t left = first < layout->n_curves ? layout->n_curves - first : 0;
    return (struct dmumu_cube_run){.first = first, .count = left < most ? left : most};
}

static uint64_t fill_share(const struct dmumu_cube_layout *layout, int n_parts)
{
    return (layout->n_curves + (uint64_t)n_parts - 1) / (uint64_t)n_parts;
}

uint64_t dmumu_cube_layout_fill_steps(const struct dmumu_cube_layout *layout, int n_parts)
{
    const uint64_t slab = dmumu_cube_layout_slab(layout);
    return (fill_share(layout, n_parts) + slab - 1) / slab;
}

enum dmumu_status dmumu_cube_layout_fill(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable,
                                         hid_t transfer, uint64_t step, int part, int n_parts,
                                         struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    struct dmumu_cube_run run = fill_run(layout, fill_share(layout, n_parts), step, part);
    unsigned char nothing = 0,
                  *values = repeat_fill(field, (size_t)run.count * dmumu_cube_layout_row(layout, variable));
    enum dmumu_status status = DMUMU_OK;
    struct dmumu_cube_rows rows;
    if (values == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to fill %s", field->name);
        run.count = 0; /* takes part all the same */
    }
    const bool selected = dmumu_cube_rows_select(layout->n, field->n_axes, run.count > 0, &run, &rows);
    const bool written = dmumu_cube_rows_write(layout->variable[variable], field->type, transfer, &rows,
                                               values != NULL ? values : &nothing);
    if (!(selected && written) && status == DMUMU_OK) {
        status = dmumu_hdf_fail(error, "cannot fill %s", field->name);
    }
    dmumu_cube_rows_close(&rows);
    free(values);
    return status;
}

bool dmumu_cube_layout_close(struct dmumu_cube_layout *layout)
{
    bool closed = true;
    for (int i = 0; i < DMUMU_CUBE_N_DATASETS; i++) {
        closed = (layout->variable[i] < 0 || H5Dclose(layout->variable[i]) >= 0) && closed;
    }
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        closed = (layout->axis_dataset[i] < 0 || H5Dclose(layout->axis_dataset[i]) >= 0) && closed;
        free(layout->axis[i]);
    }
    dmumu_cube_layout_init(layout);
    return closed;
}

size_t dmumu_cube_layout_row(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable)
{
    return dmumu_cube_variable_field(variable)->n_axes == DMUMU_CUBE_N_AXES ? layout->n[DMUMU_CUBE_N_AXES - 1] : 1;
}

uint64_t dmumu_cube_layout_slab(const struct dmumu_cube_layout *layout)
{
    const uint64_t curves = SLAB_BYTES / (layout->n[DMUMU_CUBE_N_AXES - 1] * sizeof(double));
    return curves > 0 ? curves : 1;
}

enum dmumu_status dmumu_cube_layout_read(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable,
                                         uint64_t first, uint64_t count, void *values, struct dmumu_error *error)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const struct dmumu_cube_run run = {.first = first, .count = count};
    struct dmumu_cube_rows rows;
    if (!dmumu_cube_rows_select(layout->n, field->n_axes, 1, &run, &rows)) {
        return dmumu_hdf_fail(error, "cannot select curves of %s", field->name);
    }
    const bool done = dmumu_cube_rows_read(layout->variable[variable], field->type, H5P_DEFAULT, &rows, values);
    dmumu_cube_rows_close(&rows);
    return done ? DMUMU_OK : dmumu_hdf_fail(error, "cannot read %s", field->name);
}
