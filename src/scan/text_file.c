/* Text file: see text_file.h. */
#include "scan/text_file.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 16 << 20, FIRST_READ_BYTES = 1 << 14 };

static enum dmumu_status unreadable(const char *path, int cause, struct dmumu_error *error)
{
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s: cannot be read: %s; it must be a YAML file", path,
                           strerror(cause));
}

/* Read to the end into a buffer that grows, with room for a NUL behind it; an errno, 0 for none. */
static int read_all(FILE *file, char **text, size_t *length)
{
    size_t room = 0;
    while (*length == room) {
        room = room > 0 ? 2 * room : FIRST_READ_BYTES;
        if (room > 2 * (size_t)MAX_FILE_BYTES)
            return EFBIG;
        char *grown = realloc(*text, room + 1);
        if (!grown)
            return ENOMEM;
        *text = grown;
        errno = 0;
        *length += fread(*text + *length, 1, room - *length, file);
        if (ferror(file))
            return errno ? errno : EIO;
    }
    return *length > MAX_FILE_BYTES ? EFBIG : 0;
}

enum dmumu_status dmumu_text_file_read(const char *path, char **text, size_t *length, struct dmumu_error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return unreadable(path, errno, error);
    char *buffer = NULL;
    size_t n = 0;
    const int cause = read_all(file, &buffer, &n);
    fclose(file);
    if (cause != 0 || !buffer) {
        free(buffer);
        return cause == ENOMEM ? dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory while reading %.200s", path)
                               : unreadable(path, cause, error);
    }
    buffer[n] = '\0';
    *text = buffer;
    *length = n;
    return DMUMU_OK;
}
