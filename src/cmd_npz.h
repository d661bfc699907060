/*
 * NPZ: numpy's archive of arrays, a zip of .npy members, that numpy.load reads. The zip is libarchive's, deflated; the
 * members have no date, so that the same arrays make the same file.
 */
#ifndef DMUMU_CMD_NPZ_H
#define DMUMU_CMD_NPZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct dmumu_npz;

/** One array: C order, of this machine's byte order. */
struct dmumu_npz_array {
    const char *name;
    char kind;         /* numpy's: 'f', 'i', 'u', 'U' (text of 4-byte characters) */
    size_t item_bytes; /* of one element */
    size_t n_axes;     /* 0 to 2 */
    size_t n[2];
};

/** Begin on a file that is open for writing, and stays the caller's. NULL: out of memory. */
struct dmumu_npz *dmumu_npz_new(FILE *file);
/** Begin an array; its bytes follow, with dmumu_npz_write, all of them. From here on false: see dmumu_npz_error. */
bool dmumu_npz_begin(struct dmumu_npz *npz, const struct dmumu_npz_array *array);
bool dmumu_npz_write(struct dmumu_npz *npz, size_t bytes, const void *data);
/** Texts in UTF-8 as an array of their own: [n], or of no axis where n is 0, for one text. */
bool dmumu_npz_texts(struct dmumu_npz *npz, const char *name, size_t n, const char *const texts[]);
/** The end of the archive. */
bool dmumu_npz_end(struct dmumu_npz *npz);
/** What went wrong; good as long as `npz`. */
const char *dmumu_npz_error(const struct dmumu_npz *npz);
/** Free; what was not ended is no archive. */
void dmumu_npz_free(struct dmumu_npz *npz);

#endif
