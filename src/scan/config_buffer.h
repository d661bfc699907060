/* Buffer: a text that grows. A failed allocation is remembered and makes the final text NULL. */
#ifndef DMUMU_SCAN_CONFIG_BUFFER_H
#define DMUMU_SCAN_CONFIG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct dmumu_buffer {
    char *text;
    size_t length, capacity;
    bool failed;
};

/** Append printf-style. */
void dmumu_buffer_add(struct dmumu_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Append text as a double-quoted YAML scalar. */
void dmumu_buffer_add_quoted(struct dmumu_buffer *buffer, const char *text);
/** The text, now the caller's (free it); NULL if memory ran out on the way. The buffer is empty again. */
char *dmumu_buffer_take(struct dmumu_buffer *buffer);

#endif
