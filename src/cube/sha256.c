/* SHA-256 after FIPS 180-4; the names of the functions in `compress` are the standard's. */
#include "cube/sha256.h"

#include <string.h>

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32 - n));
}

/* The message schedule W_0 .. W_63 of one block. */
static void schedule(const uint8_t block[static 64], uint32_t w[static 64])
{
    for (int t = 0; t < 16; t++) {
        const uint8_t *b = block + 4 * t;
        w[t] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    for (int t = 16; t < 64; t++) {
        const uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

static void compress(uint32_t hash[static 8], const uint8_t block[static 64])
{
    uint32_t w[64];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    schedule(block, w);
    for (int t = 0; t < 64; t++) {
        const uint32_t sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        const uint32_t ch = (e & f) ^ (~e & g);
        const uint32_t t1 = h + sum1 + ch + round_constant[t] + w[t];
        const uint32_t sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        const uint32_t maj = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + sum0 + maj;
    }
    const uint32_t v[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) {
        hash[i] += v[i];
    }
}

void dmumu_sha256_begin(struct dmumu_sha256 *hash)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->h, initial, sizeof initial);
    hash->length = 0;
}

void dmumu_sha256_add(struct dmumu_sha256 *hash, const void *data, size_t n)
{
    const uint8_t *bytes = data;
    while (n > 0) {
        const size_t used = (size_t)(hash->length % 64);
        const size_t part = n < 64 - used ? n : 64 - used;
        memcpy(hash->block + used, bytes, part);
        hash->length += part;
        bytes += part;
        n -= part;
        if (used + part == 64) {
            compress(hash->h, hash->block);
        }
    }
}

void dmumu_sha256_end(struct dmumu_sha256 *hash, uint8_t digest[static DMUMU_SHA256_BYTES])
{
    static const uint8_t padding[64] = {0x80};
    const uint64_t bits = hash->length * 8;
    const size_t used = (size_t)(hash->length % 64);
    uint8_t length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    dmumu_sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
    dmumu_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < DMUMU_SHA256_BYTES; i++) {
        digest[i] = (uint8_t)(hash->h[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void dmumu_sha256_hex(const uint8_t digest[static DMUMU_SHA256_BYTES], char hex[static DMUMU_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < DMUMU_SHA256_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * DMUMU_SHA256_BYTES] = '\0';
}
