/* Buffer: a text that grows. */
#include "scan/config_buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool reserve(struct dmumu_buffer *buffer, size_t extra)
{
    const size_t needed = buffer->length + extra + 1;
    if (buffer->failed || needed <= buffer->capacity)
        return !buffer->failed;
    const size_t capacity = 2 * needed;
    char *text = realloc(buffer->text, capacity);
    if (!text) {
        buffer->failed = true;
        return false;
    }
    buffer->text = text;
    buffer->capacity = capacity;
    return true;
}

void dmumu_buffer_add(struct dmumu_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(buffer, (size_t)length))
        return;
    va_start(args, format);
    vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
}

void dmumu_buffer_add_quoted(struct dmumu_buffer *buffer, const char *text)
{
    dmumu_buffer_add(buffer, "\"");
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            dmumu_buffer_add(buffer, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            dmumu_buffer_add(buffer, "\\x%02x", c);
        else
            dmumu_buffer_add(buffer, "%c", c);
    }
    dmumu_buffer_add(buffer, "\"");
}

char *dmumu_buffer_take(struct dmumu_buffer *buffer)
{
    char *text = reserve(buffer, 0) ? buffer->text : NULL;
    if (text)
        text[buffer->length] = '\0';
    else
        free(buffer->text);
    *buffer = (struct dmumu_buffer){0};
    return text;
}
