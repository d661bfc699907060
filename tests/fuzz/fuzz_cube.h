/* Fuzz target of the cube reader, in parts: the recipes and the mutator. */
#ifndef DMUMU_TESTS_FUZZ_CUBE_H
#define DMUMU_TESTS_FUZZ_CUBE_H

#include "fuzz.h"

/** Bytes that begin so are a file as it is; all others are a recipe. */
#define FUZZ_HDF5_MARK "\x89HDF\r\n\x1a\n"
enum { FUZZ_HDF5_MARK_BYTES = 8 };

/**
 * Follow a recipe: a whole tiny cube, changed through HDF5 itself, so that the file is valid but not a cube any more:
 * datasets of other types, shapes, layouts and values, attributes of any type and length, links to anything.
 */
struct fuzz_file fuzz_recipe_follow(const uint8_t *recipe, size_t size);

/**
 * Change bytes of an HDF5 file and put HDF5's own checksums right again, so that it opens and believes what it reads.
 * @param[in,out] data  [max_size], `size` of it the file
 * @return the new size
 */
size_t fuzz_hdf5_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
