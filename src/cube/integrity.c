/* Integrity: checksums of curves, and the hash of all that describes them. */
#include "cube/integrity.h"

#include "core/error.h"
#include "cube/hdf.h"

#include <stdlib.h>
#include <string.h>

static const char ATTRIBUTE[] = "header_hash";

/* Does this machine store the least significant byte first? */
static bool is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, sizeof first);
    return first == 1;
}

/* The same on a machine that stores values the other way round: one value at a time, reversed. */
static uint32_t add_reversed(const struct dmumu_crc32_table *table, uint32_t crc, size_t size, size_t n,
                             const uint8_t *bytes)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t reversed[sizeof(double)];
        for (size_t k = 0; k < size; k++) {
            reversed[k] = bytes[i * size + size - 1 - k];
        }
        crc = dmumu_crc32_add(table, crc, reversed, size);
    }
    return crc;
}

void dmumu_cube_checksum_add(const struct dmumu_crc32_table *table, enum dmumu_cube_type type, size_t n_curves,
                             size_t row, const void *values, uint32_t checksum[])
{
    const size_t size = dmumu_cube_type_size(type);
    const uint8_t *bytes = values;
    const bool as_stored = is_little_endian();
    for (size_t i = 0; i < n_curves; i++) {
        const uint8_t *curve = bytes + i * row * size;
        checksum[i] = as_stored ? dmumu_crc32_add(table, checksum[i], curve, row * size)
                                : add_reversed(table, checksum[i], size, row, curve);
    }
}

void dmumu_cube_header_hash(const struct dmumu_cube_axis axis[static DMUMU_CUBE_N_AXES], const char *configuration,
                            const char *physics, char hex[static DMUMU_SHA256_HEX])
{
    static const char header[] = "dmumu header_hash 1\n";
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    dmumu_sha256_begin(&hash);
    dmumu_sha256_add(&hash, header, sizeof header - 1);
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const char *scale = axis[i].log_spaced ? "log" : "linear";
        dmumu_cube_hash_axis(&hash, i, axis[i].n, axis[i].values);
        dmumu_sha256_add(&hash, scale, strlen(scale) + 1);
    }
    const char *texts[] = {configuration != NULL ? configuration : "", physics != NULL ? physics : ""};
    for (int i = 0; i < 2; i++) {
        dmumu_sha256_add(&hash, texts[i], strlen(texts[i]) + 1);
    }
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
}

bool dmumu_cube_integrity_begin(hid_t file, const struct dmumu_cube_spec *spec)
{
    char hash[DMUMU_SHA256_HEX];
    const hid_t group = H5Gopen2(file, DMUMU_CUBE_INTEGRITY, H5P_DEFAULT);
    dmumu_cube_header_hash(spec->axis, spec->configuration, spec->physics_text, hash);
    const bool done = group >= 0 && dmumu_hdf_put_text(group, ATTRIBUTE, hash, 0);
    const hid_t kept = dmumu_hdf_keep();
    if (group >= 0) {
        H5Gclose(group);
    }
    dmumu_hdf_give_back(kept);
    return done;
}

/* header_hash as stored, owned by the caller; NULL if there is none. */
static char *stored_hash(hid_t file)
{
    char *stored = NULL;
    const hid_t group = H5Gopen2(file, DMUMU_CUBE_INTEGRITY, H5P_DEFAULT);
    if (group >= 0) {
        stored = dmumu_hdf_get_text(group, ATTRIBUTE);
        H5Gclose(group);
    }
    return stored;
}

/* Is this an open attribute of one list of object references per axis? */
static bool is_dimension_list(hid_t attribute, int n_axes)
{
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const hid_t base = type >= 0 && H5Tget_class(type) == H5T_VLEN ? H5Tget_super(type) : H5I_INVALID_HID;
    const bool right = base >= 0 && H5Tequal(base, H5T_STD_REF_OBJ) > 0 && space >= 0 &&
                       H5Sget_simple_extent_type(space) == H5S_SIMPLE && H5Sget_simple_extent_npoints(space) == n_axes;
    if (base >= 0) {
        H5Tclose(base);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    return right;
}

static bool has_reference(const hvl_t *list, hobj_ref_t wanted)
{
    const hobj_ref_t *reference = list->p;
    for (size_t i = 0; reference != NULL && i < list->len; i++) {
        if (reference[i] == wanted) {
            return true;
        }
    }
    return false;
}

/*
 * Does the variable's list of axes name just these? By the references alone: H5DSis_attached follows them
 * before it looks whether there are any.
 */
static bool names_axes(hid_t dataset, int n_axes, const hobj_ref_t axis[])
{
    hvl_t list[DMUMU_CUBE_N_AXES] = {{0}};
    bool named = false;
    const hid_t attribute = H5Aopen(dataset, "DIMENSION_LIST", H5P_DEFAULT);
    if (attribute < 0) {
        return false;
    }
    const hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ), space = H5Aget_space(attribute);
    if (is_dimension_list(attribute, n_axes) && H5Aread(attribute, type, list) >= 0) {
        named = true;
        for (int i = 0; i < n_axes; i++) {
            named = named && has_reference(&list[i], axis[i]);
        }
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, list);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return named;
}

enum dmumu_status dmumu_cube_integrity_scales(hid_t file, const struct dmumu_cube_layout *layout,
                                              struct dmumu_error *error)
{
    hobj_ref_t axis[DMUMU_CUBE_N_AXES];
    if (layout->variable[DMUMU_CUBE_CHECKSUM] < 0) {
        return DMUMU_OK;
    }
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const char *name = dmumu_cube_axis_field(i)->name;
        if (H5Rcreate(&axis[i], file, name, H5R_OBJECT, H5I_INVALID_HID) < 0) {
            return dmumu_hdf_fail(error, "damaged: cannot find the axis %s", name);
        }
    }
    for (int v = 0; v < DMUMU_CUBE_N_VARIABLES; v++) {
        const struct dmumu_cube_field *field = dmumu_cube_variable_field((enum dmumu_cube_variable)v);
        if (layout->variable[v] >= 0 && !names_axes(layout->variable[v], field->n_axes, axis)) {
            return dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "damaged, or changed by another program: %s has lost its axes", field->name);
        }
    }
    return DMUMU_OK;
}

enum dmumu_status dmumu_cube_integrity_check(hid_t file, const struct dmumu_cube_layout *layout,
                                             struct dmumu_error *error)
{
    struct dmumu_cube_axis axis[DMUMU_CUBE_N_AXES];
    char computed[DMUMU_SHA256_HEX];
    if (layout->variable[DMUMU_CUBE_CHECKSUM] < 0) {
        return DMUMU_OK;
    }
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        axis[i] = (struct dmumu_cube_axis){layout->n[i], layout->axis[i], layout->log_spaced[i]};
    }
    char *stored = stored_hash(file);
    char *configuration = dmumu_hdf_get_text(file, "configuration"), *physics = dmumu_hdf_get_text(file, "physics");
    dmumu_cube_header_hash(axis, configuration, physics, computed);
    const bool equal = stored != NULL && strcmp(stored, computed) == 0;
    free(stored);
    free(configuration);
    free(physics);
    return equal ? DMUMU_OK
                 : dmumu_error_set(error, DMUMU_ERROR_FILE,
                                   "damaged, or changed by another program: axes, configuration or physics are not "
                                   "those of its header_hash");
}
