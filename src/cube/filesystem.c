/* File system: the mount whose device the file's folder is on (see filesystem.h). */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cube/filesystem.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does a folder lie at or below a mount point? Both without symbolic links. */
static size_t match(const char *folder, const char *mount, size_t length)
{
    length = length == 1 ? 0 : length; /* the root */
    const bool below = strncmp(folder, mount, length) == 0 && (folder[length] == '/' || folder[length] == '\0');
    return below ? length + 1 : 0;
}

static void look_up(FILE *mounts, const char *folder, char name[static DMUMU_FILESYSTEM_NAME])
{
    char *line = NULL;
    size_t size = 0, best = 0;
    while (getline(&line, &size, mounts) > 0) {
        /* 36 35 98:0 /root /mount/point options optional... - type source options */
        const char *tail = strstr(line, " - ");
        const char *type = tail ? tail + 3 : "";
        const char *mount = line;
        for (int field = 0; field < 4 && *mount; ++field)
            mount += strcspn(mount, " ") + (mount[strcspn(mount, " ")] == ' ');
        /* of mounts upon each other the last counts */
        const size_t matched = match(folder, mount, strcspn(mount, " "));
        if (tail && matched >= best && matched > 0) {
            best = matched;
            snprintf(name, DMUMU_FILESYSTEM_NAME, "%.*s", (int)strcspn(type, " "), type);
        }
    }
    free(line);
}

void dmumu_filesystem_of(const char *path, char name[static DMUMU_FILESYSTEM_NAME])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int length = slash == path ? 1 : slash ? (int)(slash - path) : 1;
    snprintf(name, DMUMU_FILESYSTEM_NAME, "unknown");
    snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
    char *real = realpath(folder, NULL);
    FILE *mounts = fopen("/proc/self/mountinfo", "r");
    if (real && mounts)
        look_up(mounts, real, name);
    if (mounts)
        fclose(mounts);
    free(real);
}
