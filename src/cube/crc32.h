/*
 * CRC-32 (IEEE 802.3, as in zlib and in Python's zlib.crc32), streaming. None of the libraries that dmumu links offers
 * it. Reentrant. Finds every flip of a single bit and every run of wrong bits up to 32 long; of other damage it misses
 * one part in 4e9. No defence against someone who wants to deceive: that is what data_hash is for.
 */
#ifndef DMUMU_CUBE_CRC32_H
#define DMUMU_CUBE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/** What each byte adds, for eight bytes at a time: the caller's, filled once by dmumu_crc32_table_fill. */
struct dmumu_crc32_table {
    uint32_t of[8][256];
};

void dmumu_crc32_table_fill(struct dmumu_crc32_table *table);
/**
 * The CRC of what had the CRC `crc` (0: of nothing yet) with n more bytes behind it.
 * @param[in] bytes  [n]
 */
uint32_t dmumu_crc32_add(const struct dmumu_crc32_table *table, uint32_t crc, const void *bytes, size_t n);

#endif
