/* Errors: status texts and the one function that fills a struct dmumu_error. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

#define DMUMU_STATUS_TEXT(name, text) text,
static const char *const status_text[] = {DMUMU_STATUS_LIST(DMUMU_STATUS_TEXT)};
#undef DMUMU_STATUS_TEXT

const char *dmumu_status_text(enum dmumu_status status)
{
    return (unsigned)status < DMUMU_STATUS_COUNT ? status_text[status] : "unknown status";
}

enum dmumu_status dmumu_error_set(struct dmumu_error *error, enum dmumu_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        (void)vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}
