/* Small HDF5 helpers of the cube: quiet errors with their innermost description, types, attributes. Not for others. */
#ifndef DMUMU_CUBE_HDF_H
#define DMUMU_CUBE_HDF_H

#include "cube/fields.h"

#include <hdf5.h>

/** Turn off HDF5's own printing of its error stack, for the calling thread: the messages below say it instead. */
void dmumu_hdf_silence(void);
/**
 * Fill `error` with DMUMU_ERROR_FILE and the sentence, followed by what HDF5's error stack says innermost (nothing when
 * the stack is empty). Returns DMUMU_ERROR_FILE.
 */
enum dmumu_status dmumu_hdf_fail(struct dmumu_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * Every HDF5 call clears the error stack, closing something after a failure too: keep it over such calls, and give it
 * back for dmumu_hdf_fail.
 */
hid_t dmumu_hdf_keep(void);
void dmumu_hdf_give_back(hid_t kept);

/** Type of the values in memory, and in the file (little-endian). Predefined: not to be closed. */
hid_t dmumu_hdf_memory_type(enum dmumu_cube_type type);
hid_t dmumu_hdf_file_type(enum dmumu_cube_type type);

/* Create an attribute of a file that is open on one rank. True when done. */

/** Text of fixed length, UTF-8, NUL-padded to at least `capacity` bytes so that it can be rewritten in place. */
bool dmumu_hdf_put_text(hid_t object, const char *name, const char *text, size_t capacity);
bool dmumu_hdf_put_int(hid_t object, const char *name, int value);
/** One value as the fill value of its type: NaN for floats. */
bool dmumu_hdf_put_nan(hid_t object, const char *name, enum dmumu_cube_type type);
/** The flags 0 .. n - 1 as bytes. */
bool dmumu_hdf_put_flag_values(hid_t object, const char *name, unsigned n);
/** Rewrite a text attribute in place, cut to the capacity it was created with. */
bool dmumu_hdf_rewrite_text(hid_t object, const char *name, const char *text);
/** A string attribute (fixed or variable length) as text, owned by the caller; NULL if there is none. */
char *dmumu_hdf_get_text(hid_t object, const char *name);

#endif
