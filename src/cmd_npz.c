/* NPZ: see cmd_npz.h. The format of .npy is that of numpy.lib.format, version 1.0. */
#include "cmd_npz.h"

#include "scan/config_utf8.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 192, HEADER_STEP = 64, PREAMBLE = 10 };

static const char BYTE_ORDER_SIGN = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
static const time_t NO_DATE = 315532800; /* 1980-01-01, where the dates of a zip begin */

struct dmumu_npz {
    struct archive *archive;
};

struct dmumu_npz *dmumu_npz_new(FILE *file)
{
    struct dmumu_npz *npz = calloc(1, sizeof *npz);
    if (!npz)
        return NULL;
    npz->archive = archive_write_new();
    if (npz->archive && archive_write_set_format_zip(npz->archive) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(npz->archive, 1) == ARCHIVE_OK &&
        archive_write_open_FILE(npz->archive, file) == ARCHIVE_OK)
        return npz;
    dmumu_npz_free(npz);
    return NULL;
}

/* "(3, 5)", "(3,)", "()". */
static void describe_shape(const struct dmumu_npz_array *array, size_t size, char text[])
{
    if (array->n_axes == 0)
        snprintf(text, size, "()");
    else if (array->n_axes == 1)
        snprintf(text, size, "(%zu,)", array->n[0]);
    else
        snprintf(text, size, "(%zu, %zu)", array->n[0], array->n[1]);
}

/* What stands before the bytes of an array; its length, a multiple of 64. */
static size_t make_header(const struct dmumu_npz_array *array, char header[static HEADER_SIZE])
{
    const bool text = array->kind == 'U';
    char shape[64];
    describe_shape(array, sizeof shape, shape);
    memset(header, ' ', HEADER_SIZE);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    const int length = snprintf(header + PREAMBLE, HEADER_SIZE - PREAMBLE,
                                "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': %s, }",
                                array->item_bytes == 1 ? '|' : BYTE_ORDER_SIGN, array->kind,
                                text ? array->item_bytes / sizeof(uint32_t) : array->item_bytes, shape);
    const size_t used = PREAMBLE + (size_t)length + 1, whole = (used + HEADER_STEP - 1) / HEADER_STEP * HEADER_STEP;
    header[PREAMBLE + length] = ' ';
    header[whole - 1] = '\n';
    header[8] = (char)((whole - PREAMBLE) & 0xff);
    header[9] = (char)((whole - PREAMBLE) >> 8);
    return whole;
}

bool dmumu_npz_begin(struct dmumu_npz *npz, const struct dmumu_npz_array *array)
{
    char header[HEADER_SIZE], name[80];
    size_t bytes = array->item_bytes;
    for (size_t i = 0; i < array->n_axes; i++)
        bytes *= array->n[i];
    const size_t before = make_header(array, header);
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return false;
    snprintf(name, sizeof name, "%s.npy", array->name);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, NO_DATE, 0);
    archive_entry_set_size(entry, (la_int64_t)(before + bytes));
    const bool begun = archive_write_header(npz->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return begun && dmumu_npz_write(npz, before, header);
}

bool dmumu_npz_write(struct dmumu_npz *npz, size_t bytes, const void *data)
{
    return archive_write_data(npz->archive, data, bytes) == (la_ssize_t)bytes;
}

/* One text as 4-byte characters, NUL behind it up to `width`. What is no UTF-8 becomes '?'. */
static void widen(const char *text, size_t width, uint32_t wide[])
{
    for (size_t i = 0; i < width; i++) {
        wide[i] = 0;
        if (!*text)
            continue;
        const size_t length = dmumu_utf8_decode(text, &wide[i]);
        if (length == 0)
            wide[i] = '?';
        text += length > 0 ? length : 1;
    }
}

bool dmumu_npz_texts(struct dmumu_npz *npz, const char *name, size_t n, const char *const texts[])
{
    const size_t count = n > 0 ? n : 1;
    size_t width = 1;
    for (size_t i = 0; i < count; i++)
        width = strlen(texts[i]) > width ? strlen(texts[i]) : width;
    uint32_t *wide = calloc(width, sizeof *wide);
    const struct dmumu_npz_array array = {name, 'U', width * sizeof *wide, n > 0, {n, 0}};
    bool good = wide && dmumu_npz_begin(npz, &array);
    for (size_t i = 0; good && i < count; i++) {
        widen(texts[i], width, wide);
        good = dmumu_npz_write(npz, width * sizeof *wide, wide);
    }
    free(wide);
    return good;
}

bool dmumu_npz_end(struct dmumu_npz *npz)
{
    return archive_write_close(npz->archive) == ARCHIVE_OK;
}

const char *dmumu_npz_error(const struct dmumu_npz *npz)
{
    const char *said = archive_error_string(npz->archive);
    return said ? said : "out of memory";
}

void dmumu_npz_free(struct dmumu_npz *npz)
{
    if (!npz)
        return;
    if (npz->archive)
        archive_write_free(npz->archive);
    free(npz);
}
