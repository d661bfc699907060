/* Buffer: a text that grows. */
#include "scan/config_buffer.h"

#include "scan/config_utf8.h"

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

/* Is this character read back as itself when it stands in quotes? Not so: control characters, breaks of lines (85, 2028
 * and 2029 too), the byte order mark, and what is no character. */
static bool is_plain(uint32_t c)
{
    const bool printable = (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xfffe) || c >= 0x10000;
    return printable && c != '"' && c != '\\' && c != 0x2028 && c != 0x2029 && c != 0xfeff;
}

void dmumu_buffer_add_quoted(struct dmumu_buffer *buffer, const char *text)
{
    dmumu_buffer_add(buffer, "\"");
    while (*text) {
        uint32_t c = 0;
        const size_t length = dmumu_utf8_decode(text, &c);
        if (length == 0)
            dmumu_buffer_add(buffer, "\\ufffd");
        else if (is_plain(c))
            dmumu_buffer_add(buffer, "%.*s", (int)length, text);
        else if (c < 0x100)
            dmumu_buffer_add(buffer, "\\x%02x", (unsigned)c);
        else
            dmumu_buffer_add(buffer, "\\u%04x", (unsigned)c);
        text += length > 0 ? length : 1;
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
