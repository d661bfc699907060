/* CRC-32: reflected polynomial 0xedb88320, eight bytes at a time ("slicing"; Kounavis & Berry 2008, IEEE ToC 57, 1550). */
#include "cube/crc32.h"

enum { SLICES = 8, BYTES = 256 };

void dmumu_crc32_table_fill(struct dmumu_crc32_table *table)
{
    static const uint32_t polynomial = UINT32_C(0xedb88320);
    for (uint32_t byte = 0; byte < BYTES; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        }
        table->of[0][byte] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++) {
        for (int byte = 0; byte < BYTES; byte++) {
            const uint32_t before = table->of[slice - 1][byte];
            table->of[slice][byte] = (before >> 8) ^ table->of[0][before & 0xff];
        }
    }
}

uint32_t dmumu_crc32_add(const struct dmumu_crc32_table *table, uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *byte = bytes;
    crc = ~crc;
    for (; n >= SLICES; n -= SLICES, byte += SLICES) {
        crc = table->of[7][(crc ^ byte[0]) & 0xff] ^ table->of[6][(crc >> 8 ^ byte[1]) & 0xff] ^
              table->of[5][(crc >> 16 ^ byte[2]) & 0xff] ^ table->of[4][(crc >> 24 ^ byte[3]) & 0xff] ^
              table->of[3][byte[4]] ^ table->of[2][byte[5]] ^ table->of[1][byte[6]] ^ table->of[0][byte[7]];
    }
    for (; n > 0; n--, byte++) {
        crc = (crc >> 8) ^ table->of[0][(crc ^ *byte) & 0xff];
    }
    return ~crc;
}
