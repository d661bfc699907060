/* Errors: how the core reports what went wrong. No printing: the text goes into the caller's struct. */
#ifndef DMUMU_CORE_ERROR_H
#define DMUMU_CORE_ERROR_H

#include "dmumu.h"

/** Fill `error` (may be NULL) with status and a printf-style sentence; returns status, so that a caller can return it.
 */
enum dmumu_status dmumu_error_set(struct dmumu_error *error, enum dmumu_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
