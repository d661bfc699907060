/* Output: a text file that exists only when it is complete. */
#include "cmd_output.h"

#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot_write(const char *command, const char *path, int cause)
{
    return dmumu_cmd_usage(command, "--output: '%s' cannot be written: %s; it must be a new file in an existing folder",
                           path, strerror(cause));
}

static int open_part(const char *command, bool overwrite, struct dmumu_output *output)
{
    const size_t size = strlen(output->path) + sizeof ".part";
    output->part = malloc(size);
    if (!output->part)
        return dmumu_cmd_failed(command, "out of memory");
    snprintf(output->part, size, "%s.part", output->path);
    if (overwrite)
        unlink(output->part);
    output->file = fopen(output->part, "wx");
    if (output->file)
        return DMUMU_EXIT_OK;
    const int cause = errno;
    const int status =
        cause == EEXIST
            ? dmumu_cmd_usage(command,
                              "--output: '%s' exists: another run writes it, or one was killed; --overwrite "
                              "replaces it",
                              output->part)
            : cannot_write(command, output->path, cause);
    free(output->part);
    return status;
}

int dmumu_output_open(const char *command, const char *path, bool overwrite, struct dmumu_output *output)
{
    *output = (struct dmumu_output){.file = stdout, .path = path};
    if (!path)
        return DMUMU_EXIT_OK;
    struct stat found;
    if (stat(path, &found) != 0)
        return open_part(command, overwrite, output);
    if (S_ISDIR(found.st_mode))
        return cannot_write(command, path, EISDIR);
    if (!S_ISREG(found.st_mode)) {
        output->file = fopen(path, "w");
        return output->file ? DMUMU_EXIT_OK : cannot_write(command, path, errno);
    }
    if (!overwrite)
        return dmumu_cmd_usage(command, "--output: '%s' exists; --overwrite replaces it", path);
    return open_part(command, overwrite, output);
}

void dmumu_output_discard(struct dmumu_output *output)
{
    if (output->path && output->file)
        fclose(output->file);
    if (output->part)
        unlink(output->part);
    free(output->part);
    *output = (struct dmumu_output){0};
}

int dmumu_output_commit(const char *command, struct dmumu_output *output)
{
    if (!output->path)
        return dmumu_cmd_flush(command, DMUMU_EXIT_OK);
    errno = 0;
    bool good = fflush(output->file) == 0 && !ferror(output->file);
    /* Devices and pipes cannot be synced, and need not be. */
    good = good && (!output->part || fsync(fileno(output->file)) == 0);
    int cause = errno;
    if (fclose(output->file) != 0 && good) {
        good = false;
        cause = errno;
    }
    output->file = NULL;
    if (good && output->part && rename(output->part, output->path) != 0) {
        good = false;
        cause = errno;
    }
    int status = DMUMU_EXIT_OK;
    if (!good)
        status = dmumu_cmd_failed(command, "'%s' cannot be written: %s", output->path, strerror(cause ? cause : EIO));
    else {
        free(output->part);
        output->part = NULL;
    }
    dmumu_output_discard(output);
    return status;
}
