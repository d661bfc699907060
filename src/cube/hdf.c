/* Small HDF5 helpers of the cube. */
#include "cube/hdf.h"

#include "core/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 1 << 26 }; /* bytes: a longer attribute can only be a damaged one */

void dmumu_hdf_silence(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

enum { REASON_BYTES = 160 };

/*
 * H5Ewalk2 callback: the first entry of an upward walk is the innermost. Where it is the record of a system call, a
 * page of numbers, only what the system said is of use.
 */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *text)
{
    static const char mark[] = "error message = '";
    if (n == 0 && entry->desc != NULL) {
        const char *system = strstr(entry->desc, mark);
        const char *from = system != NULL ? system + sizeof mark - 1 : entry->desc;
        const int length = (int)strcspn(from, system != NULL ? "'" : "\n");
        snprintf(text, REASON_BYTES, "%.*s", length, from);
    }
    return 0;
}

hid_t dmumu_hdf_keep(void)
{
    return H5Eget_current_stack();
}

void dmumu_hdf_give_back(hid_t kept)
{
    H5Eset_current_stack(kept); /* closes it */
}

enum dmumu_status dmumu_hdf_fail(struct dmumu_error *error, const char *format, ...)
{
    char reason[REASON_BYTES] = "", sentence[340];
    va_list arguments;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, reason);
    H5Eclear2(H5E_DEFAULT);
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s%s%s", sentence, reason[0] ? ": " : "", reason);
}

hid_t dmumu_hdf_memory_type(enum dmumu_cube_type type)
{
    switch (type) {
    case DMUMU_CUBE_F64:
        return H5T_NATIVE_DOUBLE;
    case DMUMU_CUBE_F32:
        return H5T_NATIVE_FLOAT;
    case DMUMU_CUBE_U32:
        return H5T_NATIVE_UINT32;
    default:
        return H5T_NATIVE_UINT8;
    }
}

hid_t dmumu_hdf_file_type(enum dmumu_cube_type type)
{
    switch (type) {
    case DMUMU_CUBE_F64:
        return H5T_IEEE_F64LE;
    case DMUMU_CUBE_F32:
        return H5T_IEEE_F32LE;
    case DMUMU_CUBE_U32:
        return H5T_STD_U32LE;
    default:
        return H5T_STD_U8LE;
    }
}

/* Create and write one attribute; takes over (closes) `space`. */
static bool put(hid_t object, const char *name, hid_t file_type, hid_t memory_type, hid_t space, const void *value)
{
    const hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool written = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    const hid_t kept = dmumu_hdf_keep();
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    H5Sclose(space);
    dmumu_hdf_give_back(kept);
    return written;
}

/* A fixed-length UTF-8 string type. */
static hid_t text_type(size_t capacity)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, capacity);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* `text` cut or NUL-padded to exactly `capacity` bytes; owned by the caller. */
static char *padded(const char *text, size_t capacity)
{
    const size_t length = strlen(text);
    char *buffer = calloc(capacity, 1);
    if (buffer != NULL) {
        memcpy(buffer, text, length < capacity ? length : capacity);
    }
    return buffer;
}

bool dmumu_hdf_put_text(hid_t object, const char *name, const char *text, size_t capacity)
{
    const size_t length = strlen(text);
    const size_t at_least = capacity > 0 ? capacity : 1; /* HDF5 has no string type of length 0 */
    const size_t size = length > at_least ? length : at_least;
    const hid_t type = text_type(size);
    char *buffer = padded(text, size);
    const bool done = buffer != NULL && put(object, name, type, type, H5Screate(H5S_SCALAR), buffer);
    const hid_t kept = dmumu_hdf_keep();
    free(buffer);
    H5Tclose(type);
    dmumu_hdf_give_back(kept);
    return done;
}

bool dmumu_hdf_rewrite_text(hid_t object, const char *name, const char *text)
{
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    const hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    char *buffer = type >= 0 ? padded(text, H5Tget_size(type)) : NULL;
    const bool done = buffer != NULL && H5Awrite(attribute, type, buffer) >= 0;
    const hid_t kept = dmumu_hdf_keep();
    free(buffer);
    if (type >= 0) {
        H5Tclose(type);
    }
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    dmumu_hdf_give_back(kept);
    return done;
}

bool dmumu_hdf_put_int(hid_t object, const char *name, int value)
{
    return put(object, name, H5T_STD_I32LE, H5T_NATIVE_INT, H5Screate(H5S_SCALAR), &value);
}

bool dmumu_hdf_put_nan(hid_t object, const char *name, enum dmumu_cube_type type)
{
    const double nan64 = NAN;
    const float nan32 = NAN;
    const void *value = type == DMUMU_CUBE_F64 ? (const void *)&nan64 : (const void *)&nan32;
    return put(object, name, dmumu_hdf_file_type(type), dmumu_hdf_memory_type(type), H5Screate(H5S_SCALAR), value);
}

bool dmumu_hdf_put_flag_values(hid_t object, const char *name, unsigned n)
{
    const hsize_t size = n;
    uint8_t values[256];
    for (unsigned i = 0; i < n; i++) {
        values[i] = (uint8_t)i;
    }
    return put(object, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, H5Screate_simple(1, &size, NULL), values);
}

/* The content of an open scalar string attribute; variable-length strings are HDF5's to free. */
static char *read_text(hid_t attribute, hid_t type)
{
    const bool variable = H5Tis_variable_str(type) > 0;
    const size_t size = H5Tget_size(type);
    char *text = NULL;
    if (variable) {
        char *theirs = NULL;
        const hid_t memory = H5Tcopy(type);
        if (H5Aread(attribute, memory, &theirs) >= 0 && theirs != NULL) {
            text = padded(theirs, strlen(theirs) + 1);
        }
        H5free_memory(theirs);
        H5Tclose(memory);
    } else if (size < LONGEST_TEXT) {
        text = calloc(size + 1, 1);
        if (text != NULL && H5Aread(attribute, type, text) < 0) {
            free(text);
            text = NULL;
        }
    }
    return text;
}

char *dmumu_hdf_get_text(hid_t object, const char *name)
{
    char *text = NULL;
    if (H5Aexists(object, name) <= 0) {
        return NULL;
    }
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) {
        return NULL;
    }
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && space >= 0 && H5Sget_simple_extent_npoints(space) == 1) {
        text = read_text(attribute, type);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    H5Aclose(attribute);
    return text;
}
