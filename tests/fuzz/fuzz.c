/* Fuzz: files in a folder of the process, and what every error must be. */
#include "fuzz.h"

#include <dirent.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static char folder[FUZZ_PATH_SIZE / 2];
static int say_to = STDERR_FILENO;

void fuzz_keep_stderr(void)
{
    say_to = dup(STDERR_FILENO);
}

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    dprintf(say_to, "%s:%d: not true: %s: ", file, line, condition);
    vdprintf(say_to, format, arguments);
    dprintf(say_to, "\n");
    va_end(arguments);
    abort();
}

static void remove_folder(void)
{
    fuzz_folder_clean();
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (folder[0] == '\0') {
        const char *above = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/dmumu-fuzz-XXXXXX", above ? above : "/dev/shm");
        FUZZ_REQUIRE(mkdtemp(folder) != NULL, "%s cannot be made", folder);
        atexit(remove_folder);
    }
    return folder;
}

/* Everything in a folder, which stays; `depth`: of folders in it that are emptied and removed as well. */
static void empty(const char *above, int depth)
{
    char path[2 * FUZZ_PATH_SIZE];
    DIR *list = opendir(above);
    FUZZ_REQUIRE(list != NULL, "%s is gone", above);
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", above, entry->d_name);
        if (unlink(path) != 0 && depth > 0) {
            empty(path, depth - 1);
            rmdir(path);
        }
    }
    closedir(list);
}

void fuzz_folder_clean(void)
{
    empty(fuzz_folder(), 1); /* `export` makes folders; a slash in an argument is none, so not one in another */
}

struct fuzz_file fuzz_file_new(const uint8_t *data, size_t size)
{
    static unsigned long count;
    struct fuzz_file file;
    snprintf(file.path, sizeof file.path, "%s/%lu", fuzz_folder(), count++);
    FILE *out = fopen(file.path, "wb");
    FUZZ_REQUIRE(out != NULL, "%s cannot be made", file.path);
    const size_t written = size > 0 ? fwrite(data, 1, size, out) : 0;
    FUZZ_REQUIRE(fclose(out) == 0 && written == size, "%s cannot be written", file.path);
    return file;
}

uint8_t *fuzz_file_take(const struct fuzz_file *file, size_t *size)
{
    FILE *in = fopen(file->path, "rb");
    FUZZ_REQUIRE(in != NULL && fseek(in, 0, SEEK_END) == 0 && ftell(in) >= 0, "%s cannot be read", file->path);
    *size = (size_t)ftell(in);
    rewind(in);
    uint8_t *bytes = malloc(*size + 1);
    FUZZ_REQUIRE(bytes != NULL && fread(bytes, 1, *size, in) == *size, "%s cannot be read", file->path);
    fclose(in);
    return bytes;
}

void fuzz_file_remove(const struct fuzz_file *file)
{
    unlink(file->path);
}

void fuzz_check_error(enum dmumu_status status, const struct dmumu_error *error, const char *path)
{
    FUZZ_REQUIRE(status == error->status, "%d is returned, %d said", status, error->status);
    FUZZ_REQUIRE(status == DMUMU_ERROR_INPUT || status == DMUMU_ERROR_FILE || status == DMUMU_ERROR_MEMORY ||
                     status == DMUMU_ERROR_ARGUMENT,
                 "%s: %s", dmumu_status_text(status), error->message);
    const size_t length = strnlen(error->message, sizeof error->message);
    FUZZ_REQUIRE(length > 0 && length < sizeof error->message, "a message of %zu bytes", length);
    FUZZ_REQUIRE(path == NULL || strstr(error->message, path) != NULL, "no '%s' in: %s", path, error->message);
}
