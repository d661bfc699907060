/*
 * A cube of 12 curves, written without MPI: for the tests of the reader, and the seeds of tests/fuzz. Two regions, two
 * M_A, one beta, three L, four rigidities; Alfven modes alone.
 */
#ifndef DMUMU_TESTS_TINY_CUBE_H
#define DMUMU_TESTS_TINY_CUBE_H

#include "cube/layout.h"

enum { TINY_CURVES = 2 * 2 * 1 * 3, TINY_RIGIDITIES = 4 };

struct dmumu_cube_spec tiny_cube_spec(void);
/**
 * Write the cube, its first `done` curves done; D counts up, its second value is NaN (`minus`: of the other sign).
 * False when HDF5 fails.
 */
bool tiny_cube_make(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, bool minus);
/**
 * Write a cube of any spec, its first `done` curves done.
 * @param[in] d, quality  [done][rigidities]
 */
bool tiny_cube_write(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, const double d[],
                     const uint8_t quality[]);
/** Give a cube whose curves are all done its data_hash. */
bool tiny_cube_finish(const char *path);

#endif
