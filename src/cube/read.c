/* Read: a cube's axes, provenance, progress, ranges and quality counts, and its data_hash anew. */
#include "cube/read.h"

#include "core/error.h"
#include "cube/guard.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/integrity.h"
#include "cube/provenance.h"
#include "cube/read_values.h"
#include "cube/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A numeric scalar attribute as text, owned; NULL for anything else. */
static char *number_text(hid_t attribute, H5T_class_t class)
{
    char text[64] = "";
    if (class == H5T_INTEGER) {
        long long value;
        if (H5Aread(attribute, H5T_NATIVE_LLONG, &value) >= 0) {
            snprintf(text, sizeof text, "%lld", value);
        }
    } else {
        double value;
        if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) >= 0) {
            snprintf(text, sizeof text, "%.17g", value);
        }
    }
    return text[0] != '\0' ? strdup(text) : NULL;
}

/* Any scalar root attribute as text, owned; NULL for what has no short text. */
static char *attribute_text(hid_t object, const char *name)
{
    char *text = NULL;
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) {
        return NULL;
    }
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const H5T_class_t class = H5Tget_class(type);
    if (class == H5T_STRING) {
        text = dmumu_hdf_get_text(object, name);
    } else if ((class == H5T_INTEGER || class == H5T_FLOAT) && H5Sget_simple_extent_npoints(space) == 1) {
        text = number_text(attribute, class);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return text;
}

/* H5Aiterate2 callback: append one attribute to the info. Not zero stops the iteration. */
static herr_t take_attribute(hid_t object, const char *name, const H5A_info_t *unused, void *into)
{
    struct dmumu_cube_info *info = into;
    (void)unused;
    char *text = attribute_text(object, name);
    if (text == NULL) {
        return 0;
    }
    struct dmumu_cube_info_attribute *more =
        realloc(info->attribute, (info->n_attributes + 1) * sizeof *info->attribute);
    if (more == NULL) {
        free(text);
        return -1;
    }
    info->attribute = more;
    info->attribute[info->n_attributes++] = (struct dmumu_cube_info_attribute){.name = strdup(name), .text = text};
    return info->attribute[info->n_attributes - 1].name != NULL ? 0 : -1;
}

static enum dmumu_status read_attributes(hid_t file, struct dmumu_cube_info *info, struct dmumu_error *error)
{
    const hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    /* a file that something else has rewritten may have lost the order of creation */
    const bool read =
        root >= 0 &&
        (H5Aiterate2(root, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, take_attribute, info) >= 0 ||
         (info->n_attributes == 0 && H5Aiterate2(root, H5_INDEX_NAME, H5_ITER_INC, NULL, take_attribute, info) >= 0));
    const enum dmumu_status status = read ? DMUMU_OK : dmumu_hdf_fail(error, "cannot read the provenance");
    if (root >= 0) {
        H5Gclose(root);
    }
    if (!read) {
        return status;
    }
    /* as for a look-up: a hash that is no text is none */
    char *hash = dmumu_hdf_get_text(file, "data_hash");
    info->finished = hash != NULL && hash[0] != '\0' && strcmp(hash, DMUMU_CUBE_UNFINISHED) != 0;
    free(hash);
    return DMUMU_OK;
}

/* Move the axes from the layout, which gives them up, to the info. */
static void take_axes(struct dmumu_cube_layout *layout, struct dmumu_cube_info *info)
{
    info->n_curves = layout->n_curves;
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        info->axis[i].n = layout->n[i];
        info->axis[i].values = layout->axis[i];
        info->axis[i].log_spaced = layout->log_spaced[i];
        layout->axis[i] = NULL;
    }
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        info->range[i].present = layout->variable[i] >= 0;
    }
}

static enum dmumu_status open_cube(const char *path, struct dmumu_cube_reader *reader, struct dmumu_error *error)
{
    dmumu_hdf_silence();
    return dmumu_cube_reader_open(path, reader, error);
}

enum dmumu_status dmumu_cube_info_read(const char *path, struct dmumu_cube_info *info, struct dmumu_error *error)
{
    struct dmumu_cube_reader reader;
    memset(info, 0, sizeof *info);
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        info->range[i].min = info->range[i].max = NAN;
    }
    enum dmumu_status status = open_cube(path, &reader, error);
    info->bytes = reader.bytes;
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, read_attributes(reader.file, info, error), error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, dmumu_cube_integrity_check(reader.file, &reader.layout, error), error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, dmumu_cube_values_read(&reader.layout, info, error), error);
    }
    if (status == DMUMU_OK) {
        take_axes(&reader.layout, info);
    }
    if (status == DMUMU_OK && info->finished && info->n_done != info->n_curves) {
        status =
            dmumu_error_set(error, DMUMU_ERROR_FILE, "%s: damaged: a complete cube, but %llu of its curves are pending",
                            path, (unsigned long long)(info->n_curves - info->n_done));
    }
    dmumu_cube_reader_close(&reader);
    return status;
}

enum dmumu_status dmumu_cube_info_scales(const char *path, struct dmumu_error *error)
{
    struct dmumu_cube_reader reader;
    enum dmumu_status status = open_cube(path, &reader, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, dmumu_cube_integrity_scales(reader.file, &reader.layout, error), error);
    }
    dmumu_cube_reader_close(&reader);
    return status;
}

/* dmumu_guard_work: the file is read and forgotten. */
static enum dmumu_status probe(const char *path, void *unused, struct dmumu_error *error)
{
    struct dmumu_cube_info info;
    (void)unused;
    enum dmumu_status status = dmumu_cube_info_read(path, &info, error);
    dmumu_cube_info_free(&info);
    return status == DMUMU_OK ? dmumu_cube_info_scales(path, error) : status;
}

enum dmumu_status dmumu_cube_probe(const char *path, struct dmumu_error *error)
{
    return dmumu_cube_guard(path, probe, NULL, error);
}

/* dmumu_guard_work: the same without the values. */
static enum dmumu_status probe_header(const char *path, void *unused, struct dmumu_error *error)
{
    struct dmumu_cube_reader reader;
    struct dmumu_cube_info info = {.bytes = 0};
    (void)unused;
    enum dmumu_status status = open_cube(path, &reader, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, read_attributes(reader.file, &info, error), error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, dmumu_cube_integrity_check(reader.file, &reader.layout, error), error);
    }
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, dmumu_cube_integrity_scales(reader.file, &reader.layout, error), error);
    }
    dmumu_cube_reader_close(&reader);
    dmumu_cube_info_free(&info);
    return status;
}

enum dmumu_status dmumu_cube_probe_header(const char *path, struct dmumu_error *error)
{
    return dmumu_cube_guard(path, probe_header, NULL, error);
}

void dmumu_cube_info_free(struct dmumu_cube_info *info)
{
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        free(info->axis[i].values);
    }
    for (size_t i = 0; i < info->n_attributes; i++) {
        free(info->attribute[i].name);
        free(info->attribute[i].text);
    }
    free(info->attribute);
    memset(info, 0, sizeof *info);
}

const char *dmumu_cube_info_attribute(const struct dmumu_cube_info *info, const char *name)
{
    for (size_t i = 0; i < info->n_attributes; i++) {
        if (info->attribute[i].name != NULL && strcmp(info->attribute[i].name, name) == 0) {
            return info->attribute[i].text;
        }
    }
    return NULL;
}

static enum dmumu_status hash_layout(const struct dmumu_cube_layout *layout, char data_hash[static DMUMU_SHA256_HEX],
                                     struct dmumu_error *error)
{
    const uint64_t n_blocks = dmumu_cube_hash_blocks(layout);
    uint8_t *digests = calloc((size_t)n_blocks, DMUMU_SHA256_BYTES);
    enum dmumu_status status = DMUMU_OK;
    if (digests == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %llu digests", (unsigned long long)n_blocks);
    }
    for (uint64_t i = 0; status == DMUMU_OK && i < n_blocks; i++) {
        uint64_t n_pending = 0;
        status = dmumu_cube_hash_block(layout, i, digests + i * DMUMU_SHA256_BYTES, &n_pending, error);
        if (status == DMUMU_OK && n_pending > 0) {
            status = dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "the scan is not complete");
        }
    }
    if (status == DMUMU_OK) {
        dmumu_cube_hash_root(layout, digests, data_hash);
    }
    free(digests);
    return status;
}

enum dmumu_status dmumu_cube_info_hash(const char *path, char data_hash[static DMUMU_SHA256_HEX],
                                       struct dmumu_error *error)
{
    struct dmumu_cube_reader reader;
    data_hash[0] = '\0';
    enum dmumu_status status = open_cube(path, &reader, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_reader_name(path, hash_layout(&reader.layout, data_hash, error), error);
    }
    dmumu_cube_reader_close(&reader);
    return status;
}
