/*
 * Hash: physics_hash and data_hash.
 *
 * physics_hash  SHA-256 of the physics text, a newline and the version of dmumu.
 * data_hash     a tree: the curves, in the file's order, are cut into blocks (their length follows from the axes
 * alone), and each block's digest is the SHA-256 of, for every hashed variable in the file's order, its name, a NUL and
 * its values. The root is the SHA-256 of "dmumu data_hash 1\n"; for every axis its name, a NUL, its length (u64) and
 * its values (f64); for every hashed variable its name and a NUL; and the digests of the blocks in order. Values are
 * little-endian; every NaN counts as the same one. Any number of ranks may share the blocks, and anyone can recompute
 * it from the file.
 */
#ifndef DMUMU_CUBE_HASH_H
#define DMUMU_CUBE_HASH_H

#include "cube/layout.h"
#include "cube/sha256.h"

/** SHA-256 of the physics text and the version, in hexadecimal. */
void dmumu_cube_physics_hash(const char *physics_text, char hex[static DMUMU_SHA256_HEX]);
/** Number of blocks of curves of a cube. */
uint64_t dmumu_cube_hash_blocks(const struct dmumu_cube_layout *layout);
/**
 * Digest of one block, read from the file. Not collective.
 * @param[out] n_pending  curves of the block that are not done
 */
enum dmumu_status dmumu_cube_hash_block(const struct dmumu_cube_layout *layout, uint64_t block,
                                        uint8_t digest[static DMUMU_SHA256_BYTES], uint64_t *n_pending,
                                        struct dmumu_error *error);
/** Take an axis into a hash: name, number of values, values. */
void dmumu_cube_hash_axis(struct dmumu_sha256 *hash, int axis, size_t n, const double values[]);
/** data_hash from the digests of all blocks: [dmumu_cube_hash_blocks][32]. */
void dmumu_cube_hash_root(const struct dmumu_cube_layout *layout, const uint8_t digests[],
                          char hex[static DMUMU_SHA256_HEX]);

#endif
