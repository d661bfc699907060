/* SHA-256 (FIPS 180-4), streaming. None of the libraries that dmumu links offers it. Reentrant. */
#ifndef DMUMU_CUBE_SHA256_H
#define DMUMU_CUBE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { DMUMU_SHA256_BYTES = 32, DMUMU_SHA256_HEX = 65 };

/** State of one running hash; its content is private. */
struct dmumu_sha256 {
    uint32_t h[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[64];
};

/** Start a hash. */
void dmumu_sha256_begin(struct dmumu_sha256 *hash);
/** Take n more bytes. */
void dmumu_sha256_add(struct dmumu_sha256 *hash, const void *data, size_t n);
/** The digest of all that was taken; the state may then only be begun again. */
void dmumu_sha256_end(struct dmumu_sha256 *hash, uint8_t digest[static DMUMU_SHA256_BYTES]);
/** A digest as 64 lower-case hexadecimal digits and a NUL. */
void dmumu_sha256_hex(const uint8_t digest[static DMUMU_SHA256_BYTES], char hex[static DMUMU_SHA256_HEX]);

#endif
