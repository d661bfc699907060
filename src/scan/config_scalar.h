/* Scalars of the input: strict numbers in and out, and the nearest word to a mistyped one. */
#ifndef DMUMU_SCAN_CONFIG_SCALAR_H
#define DMUMU_SCAN_CONFIG_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

enum dmumu_scalar {
    DMUMU_SCALAR_NUMBER,     /* a finite decimal number */
    DMUMU_SCALAR_NOT_FINITE, /* nan, inf (also as YAML's .nan, .inf), or beyond the range of a double */
    DMUMU_SCALAR_OTHER       /* anything else */
};

enum { DMUMU_SCALAR_DIGITS = 32 }; /* size of the buffer for one formatted number */

/**
 * Read a decimal number (1, -0.5, .5, 1e6): the whole text, no blanks, no hexadecimal, a point for the decimals.
 * The program never calls setlocale, so strtod means the same everywhere. Thread-safe.
 * @param[out] value  untouched unless the text is a number
 */
enum dmumu_scalar dmumu_scalar_number(const char *text, double *value);

/** Read a decimal integer the same way, without leading zeros; false if it is none or does not fit. Thread-safe. */
bool dmumu_scalar_integer(const char *text, long *value);

/**
 * The shortest decimal text that reads back as the same double; 1.0e+06 with a point, since without one YAML 1.1 sees
 * text. Thread-safe.
 */
void dmumu_scalar_format(char text[static DMUMU_SCALAR_DIGITS], double value);

/** The word of words[n] nearest to `word` by edit distance, NULL if none is near. Thread-safe. */
const char *dmumu_scalar_nearest(const char *word, size_t n, const char *const words[]);

#endif
