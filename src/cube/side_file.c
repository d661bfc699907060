/* A file beside a cube: see side_file.h. */
#include "cube/side_file.h"

#include "core/error.h"
#include "cube/layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

hid_t dmumu_side_put(hid_t parent, const char *name, int rank, const hsize_t dims[], hid_t file_type, hid_t memory_type,
                     const void *values)
{
    const hid_t space = H5Screate_simple(rank, dims, NULL);
    const hid_t dataset = H5Dcreate2(parent, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const bool written = dataset >= 0 && H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    const hid_t kept = dmumu_hdf_keep();
    H5Sclose(space);
    if (dataset >= 0 && !written) {
        H5Dclose(dataset);
    }
    dmumu_hdf_give_back(kept);
    return written ? dataset : H5I_INVALID_HID;
}

static enum dmumu_status write_part(const char *part, dmumu_side_fill *fill, const void *content,
                                    struct dmumu_error *error)
{
    const hid_t file = dmumu_cube_file_new(part);
    if (file < 0) {
        return dmumu_hdf_fail(error, "%.200s cannot be created", part);
    }
    enum dmumu_status status = fill(file, content, error);
    if (H5Fclose(file) < 0 && status == DMUMU_OK) {
        status = dmumu_hdf_fail(error, "%.200s cannot be written", part);
    }
    return status;
}

enum dmumu_status dmumu_side_create(const char *path, bool overwrite, dmumu_side_fill *fill, const void *content,
                                    struct dmumu_error *error)
{
    if (!overwrite && access(path, F_OK) == 0) {
        return dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s exists; --overwrite replaces it", path);
    }
    const size_t size = strlen(path) + sizeof ".part";
    char *part = malloc(size);
    if (!part) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "out of memory for the side file");
    }
    (void)snprintf(part, size, "%s.part", path);
    dmumu_hdf_silence();
    enum dmumu_status status = write_part(part, fill, content, error);
    if (status == DMUMU_OK && rename(part, path) != 0) {
        status = dmumu_error_set(error, DMUMU_ERROR_FILE, "%.200s cannot be written: %s", path, strerror(errno));
    }
    if (status != DMUMU_OK) {
        (void)unlink(part);
    }
    free(part);
    return status;
}
