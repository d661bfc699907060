/* UTF-8: one character at a time, for texts that are to be written or shown. */
#ifndef DMUMU_SCAN_CONFIG_UTF8_H
#define DMUMU_SCAN_CONFIG_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * The character at `text`, which is not empty and ends in NUL.
 * @param[out] character  its number; untouched if there is none
 * @return its bytes, 1 to 4; 0 if this is not UTF-8 (overlong forms, surrogates and numbers above 10ffff are not)
 */
size_t dmumu_utf8_decode(const char *text, uint32_t *character);

#endif
