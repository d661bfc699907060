/* Place: NAME and NAME.part on the file system. */
#include "cube/place.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const double LOCK_PATIENCE_S = 60.0; /* as lock.h says */

static enum dmumu_status fail(struct dmumu_error *error, const char *what, const char *path)
{
    const int reason = errno; /* before anything can change it */
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0) {
        snprintf(text, sizeof text, "error %d", reason);
    }
    return dmumu_error_set(error, DMUMU_ERROR_FILE, "cannot %s %s: %s", what, path, text);
}

/* The folder of a path, owned by the caller; NULL when out of memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    char *folder = malloc(length + 1);
    if (folder != NULL) {
        memcpy(folder, slash == NULL ? "." : path, length);
        folder[length] = '\0';
    }
    return folder;
}

/* Is there a folder to write to, with this much room? */
static enum dmumu_status check_folder(const char *folder, uint64_t bytes, struct dmumu_error *error)
{
    struct stat info;
    struct statvfs space;
    if (stat(folder, &info) != 0) {
        return fail(error, "write to the output folder", folder);
    }
    if (!S_ISDIR(info.st_mode)) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s is not a folder", folder);
    }
    if (statvfs(folder, &space) != 0) {
        return fail(error, "find the free space of", folder);
    }
    const uint64_t room = (uint64_t)space.f_bavail * space.f_frsize;
    if (room < bytes) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "the cube takes %.1f MB, but %s has only %.1f MB free",
                               1e-6 * (double)bytes, folder, 1e-6 * (double)room);
    }
    return DMUMU_OK;
}

/* May a file of this name be made, or replaced? */
static enum dmumu_status check_absent(const char *path, bool overwrite, struct dmumu_error *error)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? DMUMU_OK : fail(error, "look at", path);
    }
    if (!overwrite) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s exists, and would be replaced only with --overwrite", path);
    }
    if (S_ISDIR(info.st_mode)) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%s is a folder", path);
    }
    return DMUMU_OK;
}

/* Give an open file disk blocks for `bytes`; a file system that cannot is not at fault. */
static enum dmumu_status allocate(int file, const char *path, off_t bytes, struct dmumu_error *error)
{
    const int reason = posix_fallocate(file, 0, bytes);
    if (reason == 0 || reason == EINVAL || reason == EOPNOTSUPP) {
        return DMUMU_OK;
    }
    errno = reason;
    return fail(error, "find room on the disk for", path);
}

/* path and suffix joined, owned by the caller; NULL when out of memory. */
static char *join(const char *path, const char *suffix)
{
    const size_t length = strlen(path), more = strlen(suffix) + 1;
    char *name = malloc(length + more);
    if (name != NULL) {
        memcpy(name, path, length);
        memcpy(name + length, suffix, more);
    }
    return name;
}

enum dmumu_status dmumu_cube_place_init(struct dmumu_cube_place *place, const char *name, bool overwrite,
                                        struct dmumu_error *error)
{
    *place = (struct dmumu_cube_place){
        .name = join(name, ""),
        .part = join(name, ".part"),
        .fresh = join(name, ".part.new"),
        .lock_path = join(name, ".lock"),
        .overwrite = overwrite,
    };
    place->file = place->part;
    if (place->name != NULL && place->part != NULL && place->fresh != NULL && place->lock_path != NULL) {
        return DMUMU_OK;
    }
    dmumu_cube_place_free(place);
    return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the name of a cube");
}

void dmumu_cube_place_free(struct dmumu_cube_place *place)
{
    dmumu_lock_release(place->lock);
    free(place->name);
    free(place->part);
    free(place->fresh);
    free(place->lock_path);
    *place = (struct dmumu_cube_place){.name = NULL};
}

/* Has an interrupted scan left a NAME.part, and may it be replaced? */
static enum dmumu_status check_part(const struct dmumu_cube_place *place, struct dmumu_error *error)
{
    struct stat info;
    if (!place->overwrite && lstat(place->part, &info) == 0) {
        return dmumu_error_set(
            error, DMUMU_ERROR_FILE,
            "%s exists, of a scan that was interrupted: --resume goes on with it, --overwrite starts "
            "again",
            place->part);
    }
    return check_absent(place->part, place->overwrite, error);
}

static enum dmumu_status remove_file(const char *path, struct dmumu_error *error)
{
    return unlink(path) == 0 || errno == ENOENT ? DMUMU_OK : fail(error, "replace", path);
}

/* Nothing in the way that may not be replaced, and what may be replaced gone. Locked. */
static enum dmumu_status clear_way(const struct dmumu_cube_place *place, struct dmumu_error *error)
{
    enum dmumu_status status = check_absent(place->name, place->overwrite, error);
    if (status == DMUMU_OK) {
        status = check_part(place, error);
    }
    if (status == DMUMU_OK && place->overwrite) {
        status = remove_file(place->part, error);
    }
    /* of a scan that was killed while it made its file: there is nothing in it */
    return status == DMUMU_OK ? remove_file(place->fresh, error) : status;
}

/* Create NAME.part.new exclusively, remember which file it is, and try whether it can grow to its size. */
static enum dmumu_status create_fresh(struct dmumu_cube_place *place, uint64_t bytes, struct dmumu_error *error)
{
    struct stat info;
    const int file = open(place->fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        return fail(error, "create", place->fresh);
    }
    enum dmumu_status status = DMUMU_OK;
    if (fstat(file, &info) != 0) {
        status = fail(error, "look at", place->fresh);
    } else {
        place->file = place->fresh;
        place->device = info.st_dev;
        place->inode = info.st_ino;
        status = allocate(file, place->fresh, (off_t)bytes, error);
    }
    close(file);
    if (status != DMUMU_OK) {
        unlink(place->fresh);
    }
    return status;
}

/* The lock of NAME, in a folder that is there and has room. */
static enum dmumu_status take_lock(struct dmumu_cube_place *place, uint64_t bytes, struct dmumu_error *error)
{
    char *folder = folder_of(place->name);
    if (folder == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    const enum dmumu_status status = check_folder(folder, bytes, error);
    free(folder);
    return status == DMUMU_OK ? dmumu_lock_take(place->lock_path, LOCK_PATIENCE_S, &place->lock, error) : status;
}

enum dmumu_status dmumu_cube_place_reserve(struct dmumu_cube_place *place, uint64_t bytes, struct dmumu_error *error)
{
    enum dmumu_status status = take_lock(place, bytes, error);
    if (status == DMUMU_OK) {
        status = clear_way(place, error);
    }
    return status == DMUMU_OK ? create_fresh(place, bytes, error) : status;
}

/* Is NAME.part a file of ours to write to? Remember which it is. */
static enum dmumu_status take_part(struct dmumu_cube_place *place, struct dmumu_error *error)
{
    struct stat info = {0};
    const int file = open(place->part, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return fail(error, "continue", place->part);
    }
    enum dmumu_status status = DMUMU_OK;
    if (fstat(file, &info) != 0) {
        status = fail(error, "look at", place->part);
    } else if (!S_ISREG(info.st_mode)) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "cannot continue %s: it is not a file", place->part);
    }
    close(file);
    place->device = info.st_dev;
    place->inode = info.st_ino;
    return status;
}

enum dmumu_status dmumu_cube_place_adopt(struct dmumu_cube_place *place, struct dmumu_error *error)
{
    enum dmumu_status status = take_lock(place, 0, error);
    if (status == DMUMU_OK) {
        status = check_absent(place->name, place->overwrite, error);
    }
    return status == DMUMU_OK ? take_part(place, error) : status;
}

enum dmumu_status dmumu_cube_place_allocate(const struct dmumu_cube_place *place, struct dmumu_error *error)
{
    struct stat info;
    const int file = open(place->file, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return fail(error, "open", place->file);
    }
    const enum dmumu_status status = fstat(file, &info) == 0 ? allocate(file, place->file, info.st_size, error)
                                                             : fail(error, "look at", place->file);
    close(file);
    return status;
}

enum dmumu_status dmumu_cube_place_check(const struct dmumu_cube_place *place, struct dmumu_error *error)
{
    struct stat info;
    if (stat(place->file, &info) != 0) {
        return fail(error, "find", place->file);
    }
    if (info.st_dev != place->device || info.st_ino != place->inode) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE,
                               "%s is no longer the file that this scan made: does another scan write it?",
                               place->file);
    }
    dmumu_cube_place_beat(place);
    return place->lock != NULL ? dmumu_lock_check(place->lock, error) : DMUMU_OK;
}

void dmumu_cube_place_beat(const struct dmumu_cube_place *place)
{
    if (place->lock != NULL) {
        dmumu_lock_beat(place->lock);
    }
}

static enum dmumu_status sync_path(const char *path, struct dmumu_error *error)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return fail(error, "open", path);
    }
    enum dmumu_status status = DMUMU_OK;
    /* EINVAL: a file system that cannot sync this kind of file has nothing to lose */
    if (fsync(file) != 0 && errno != EINVAL) {
        status = fail(error, "sync", path);
    }
    close(file);
    return status;
}

static enum dmumu_status sync_folder(const char *path, struct dmumu_error *error)
{
    char *folder = folder_of(path);
    if (folder == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for a path");
    }
    const enum dmumu_status status = sync_path(folder, error);
    free(folder);
    return status;
}

enum dmumu_status dmumu_cube_place_settle(struct dmumu_cube_place *place, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_place_check(place, error);
    if (status == DMUMU_OK) {
        status = sync_path(place->fresh, error);
    }
    if (status == DMUMU_OK) {
        status = check_absent(place->part, false, error);
    }
    if (status == DMUMU_OK && rename(place->fresh, place->part) != 0) {
        status = fail(error, "rename", place->fresh);
    }
    if (status != DMUMU_OK) {
        return status;
    }
    place->file = place->part;
    return sync_folder(place->part, error);
}

enum dmumu_status dmumu_cube_place_publish(const struct dmumu_cube_place *place, struct dmumu_error *error)
{
    enum dmumu_status status = dmumu_cube_place_check(place, error);
    if (status == DMUMU_OK) {
        status = sync_path(place->part, error);
    }
    if (status == DMUMU_OK) {
        status = check_absent(place->name, place->overwrite, error);
    }
    if (status == DMUMU_OK && rename(place->part, place->name) != 0) {
        status = fail(error, "rename to its final name", place->part);
    }
    return status == DMUMU_OK ? sync_folder(place->name, error) : status;
}

void dmumu_cube_place_discard(const struct dmumu_cube_place *place)
{
    struct stat info;
    if (stat(place->file, &info) == 0 && info.st_dev == place->device && info.st_ino == place->inode) {
        unlink(place->file);
    }
}
