/* Replace: see replace.h. */
#include "cube/replace.h"

#include "core/error.h"
#include "cube/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, CHANGE = 2 << 20 /* bytes that a change may add */ };

static enum dmumu_status fail(struct dmumu_error *error, const char *what, const char *path)
{
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s: %s: %s", path, what, strerror(errno != 0 ? errno : EIO));
}

/* The folder of a path, owned by the caller; NULL when out of memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

enum dmumu_status dmumu_cube_replace_check(const char *path, struct dmumu_error *error)
{
    char *folder = folder_of(path);
    if (folder == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    enum dmumu_status status = DMUMU_OK;
    if (access(path, W_OK) != 0) {
        status = fail(error, "it cannot be written to", path);
    } else if (access(folder, W_OK) != 0) {
        status = fail(error, "its folder cannot be written to", path);
    }
    free(folder);
    return status;
}

/* All bytes from one descriptor to another; false with errno. */
static bool copy_all(int from, int to, char *block)
{
    for (;;) {
        const ssize_t n = read(from, block, BLOCK);
        if (n <= 0) {
            return n == 0;
        }
        for (ssize_t written = 0; written < n;) {
            const ssize_t more = write(to, block + written, (size_t)(n - written));
            if (more < 0) {
                return false;
            }
            written += more;
        }
    }
}

/*
 * Is there room for the change as well? Tried now: HDF5 that meets a full disk in H5Fclose has no orderly way out. EINVAL,
 * EOPNOTSUPP: a file system that cannot say.
 */
static bool try_room(int file)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return false;
    }
    errno = posix_fallocate(file, info.st_size, CHANGE);
    const bool has_room = errno == 0 || errno == EINVAL || errno == EOPNOTSUPP;
    const int why = errno;
    const bool as_before = ftruncate(file, info.st_size) == 0;
    errno = has_room ? errno : why;
    return has_room && as_before;
}

static enum dmumu_status copy_file(const char *path, const char *fresh, struct dmumu_error *error)
{
    struct stat info;
    char *block = malloc(BLOCK);
    const int from = open(path, O_RDONLY | O_CLOEXEC);
    enum dmumu_status status = DMUMU_OK;
    int to = -1;
    errno = 0;
    if (block == NULL) {
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to copy %.200s", path);
    } else if (from < 0 || fstat(from, &info) != 0) {
        status = fail(error, "it cannot be read", path);
    } else if ((unlink(fresh) != 0 && errno != ENOENT) ||
               (to = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0777)) < 0) {
        status = fail(error, "it cannot be created", fresh);
    } else if (!copy_all(from, to, block) || !try_room(to)) {
        status = fail(error, "the cube cannot be copied to it", fresh);
    }
    if (to >= 0 && close(to) != 0 && status == DMUMU_OK) {
        status = fail(error, "the cube cannot be copied to it", fresh);
    }
    if (from >= 0) {
        (void)close(from);
    }
    free(block);
    return status;
}

/* fsync; EINVAL: a file system that cannot has nothing to lose. */
static enum dmumu_status sync_path(const char *path, struct dmumu_error *error)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && (fsync(file) == 0 || errno == EINVAL);
    const enum dmumu_status status = synced ? DMUMU_OK : fail(error, "it cannot be synced", path);
    if (file >= 0) {
        (void)close(file);
    }
    return status;
}

static enum dmumu_status change_file(const char *fresh, dmumu_cube_change *change, const void *content,
                                     struct dmumu_error *error)
{
    const hid_t file = dmumu_cube_handle_open_alone(fresh, true);
    if (file < 0) {
        return dmumu_hdf_fail(error, "%.200s cannot be opened", fresh);
    }
    enum dmumu_status status = change(file, content, error);
    if (H5Fclose(file) < 0 && status == DMUMU_OK) {
        status = dmumu_hdf_fail(error, "%.200s cannot be written", fresh);
    }
    return status;
}

static enum dmumu_status publish(const char *path, const char *fresh, struct dmumu_error *error)
{
    char *folder = folder_of(path);
    if (folder == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    enum dmumu_status status = sync_path(fresh, error);
    if (status == DMUMU_OK && rename(fresh, path) != 0) {
        status = fail(error, "it cannot be replaced", path);
    }
    if (status == DMUMU_OK) {
        status = sync_path(folder, error);
    }
    free(folder);
    return status;
}

enum dmumu_status dmumu_cube_replace(const char *path, dmumu_cube_change *change, const void *content,
                                     struct dmumu_error *error)
{
    const size_t size = strlen(path) + sizeof ".new";
    char *fresh = malloc(size);
    if (fresh == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    (void)snprintf(fresh, size, "%s.new", path);
    dmumu_hdf_silence();
    enum dmumu_status status = copy_file(path, fresh, error);
    if (status == DMUMU_OK) {
        status = change_file(fresh, change, content, error);
    }
    if (status == DMUMU_OK) {
        status = publish(path, fresh, error);
    }
    if (status != DMUMU_OK) {
        (void)unlink(fresh);
    }
    free(fresh);
    return status;
}
