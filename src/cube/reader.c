/* Reader: open a cube's file and close it. */
#include "cube/reader.h"

#include "core/error.h"
#include "cube/hdf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_COMPRESSION = 2000 }; /* more than deflate can reach; the ledger alone has a byte per curve */

/* Say what HDF5 does not: that there is no such file, or that it is not ours to read. */
static enum dmumu_status check_file(const char *path, uint64_t *bytes, struct dmumu_error *error)
{
    struct stat info;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would have us wait for its writer */
    if (file < 0 || fstat(file, &info) != 0) {
        char reason[128] = "";
        (void)strerror_r(errno, reason, sizeof reason);
        if (file >= 0) {
            close(file);
        }
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "cannot read %s: %s", path, reason);
    }
    close(file);
    if (!S_ISREG(info.st_mode)) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "cannot read %s: it is not a file", path);
    }
    *bytes = (uint64_t)info.st_size;
    return DMUMU_OK;
}

static hid_t open_file(const char *path)
{
    const hid_t access = dmumu_cube_access_new();
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    const hid_t kept = dmumu_hdf_keep();
    H5Pclose(access);
    dmumu_hdf_give_back(kept);
    return file;
}

enum dmumu_status dmumu_cube_reader_name(const char *path, enum dmumu_status status, struct dmumu_error *error)
{
    if (status != DMUMU_OK && error != NULL) {
        const struct dmumu_error inner = *error;
        dmumu_error_set(error, status, "%s: %s", path, inner.message);
    }
    return status;
}

enum dmumu_status dmumu_cube_reader_open(const char *path, struct dmumu_cube_reader *reader, struct dmumu_error *error)
{
    dmumu_cube_layout_init(&reader->layout);
    reader->file = H5I_INVALID_HID;
    reader->bytes = 0;
    enum dmumu_status status = check_file(path, &reader->bytes, error);
    if (status != DMUMU_OK) {
        return status;
    }
    reader->file = open_file(path);
    if (reader->file < 0) {
        return dmumu_hdf_fail(error, "%s is not a cube, or is damaged", path);
    }
    status = dmumu_cube_layout_open(reader->file, &reader->layout, error);
    if (status == DMUMU_OK && reader->layout.n_curves / MOST_COMPRESSION > reader->bytes) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "damaged: it is too short for the %llu curves it claims",
                                 (unsigned long long)reader->layout.n_curves);
    }
    return dmumu_cube_reader_name(path, status, error);
}

void dmumu_cube_reader_close(struct dmumu_cube_reader *reader)
{
    dmumu_cube_layout_close(&reader->layout);
    if (reader->file >= 0) {
        H5Fclose(reader->file);
    }
    reader->file = H5I_INVALID_HID;
}
