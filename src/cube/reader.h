/*
 * Reader: a cube's file, opened to be read by one process, without MPI; for read.c and the look-up. What can be wrong
 * with a file before a value of it is read is found here.
 */
#ifndef DMUMU_CUBE_READER_H
#define DMUMU_CUBE_READER_H

#include "cube/layout.h"

struct dmumu_cube_reader {
    hid_t file;
    struct dmumu_cube_layout layout;
    uint64_t bytes; /* of the file */
};

/**
 * Open a cube and its datasets.
 * @param[out] reader  to be closed with dmumu_cube_reader_close, on error too
 * @return DMUMU_OK; DMUMU_ERROR_FILE: cannot be read or is not a cube; DMUMU_ERROR_MEMORY. The message names the file
 */
enum dmumu_status dmumu_cube_reader_open(const char *path, struct dmumu_cube_reader *reader, struct dmumu_error *error);
void dmumu_cube_reader_close(struct dmumu_cube_reader *reader);
/** Put the path in front of a message that does not know it; returns `status`. */
enum dmumu_status dmumu_cube_reader_name(const char *path, enum dmumu_status status, struct dmumu_error *error);

#endif
