/*
 * Fuzz, the mutator of HDF5 files: bytes of values or of structures change, and the checksums of the structures are
 * computed anew, so that HDF5 and our reader get to believe them. What is sealed: superblock (version 2), object headers
 * and their continuations, headers of fractal heaps and of version 2 B-trees (HDF5 file format specification, 3.0).
 */
#include "fuzz_cube.h"

#include <string.h>

enum { MOST_SEALS = 512, OFFSET_BYTES = 8 };

/* A structure: `length` bytes, and behind them its checksum. */
struct seal {
    size_t at, length;
};

struct seals {
    size_t n;
    struct seal of[MOST_SEALS];
};

static uint32_t rotate(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

/* Bob Jenkins' lookup3, as HDF5 uses it for metadata (hashlittle, initial value 0); byte by byte. */
static uint32_t lookup3(const uint8_t *bytes, size_t length)
{
    uint32_t a = 0xdeadbeef + (uint32_t)length, b = a, c = a, *const word[] = {&a, &b, &c};
    while (length > 12) {
        for (int i = 0; i < 12; i++) {
            *word[i / 4] += (uint32_t)bytes[i] << (8 * (i % 4));
        }
        a = (a - c) ^ rotate(c, 4), c += b;
        b = (b - a) ^ rotate(a, 6), a += c;
        c = (c - b) ^ rotate(b, 8), b += a;
        a = (a - c) ^ rotate(c, 16), c += b;
        b = (b - a) ^ rotate(a, 19), a += c;
        c = (c - b) ^ rotate(b, 4), b += a;
        bytes += 12;
        length -= 12;
    }
    if (length == 0) {
        return c;
    }
    for (size_t i = 0; i < length; i++) {
        *word[i / 4] += (uint32_t)bytes[i] << (8 * (i % 4));
    }
    c = (c ^ b) - rotate(b, 14);
    a = (a ^ c) - rotate(c, 11);
    b = (b ^ a) - rotate(a, 25);
    c = (c ^ b) - rotate(b, 16);
    a = (a ^ c) - rotate(c, 4);
    b = (b ^ a) - rotate(a, 14);
    return (c ^ b) - rotate(b, 24);
}

static uint64_t get(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static void put(uint8_t *bytes, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Note a structure whose checksum is right. */
static bool note(const uint8_t *data, size_t size, size_t at, size_t length, struct seals *seals)
{
    if (seals->n == MOST_SEALS || length > size || at > size - length || size - length - at < 4 ||
        get(data + at + length, 4) != lookup3(data + at, length)) {
        return false;
    }
    seals->of[seals->n++] = (struct seal){at, length};
    return true;
}

/* The continuations of an object header: messages of type 16, in chunk 0. `flags`: of the header. */
static void note_continuations(const uint8_t *data, size_t size, size_t at, size_t end, uint8_t flags,
                               struct seals *seals)
{
    const size_t prefix = flags & 4 ? 6 : 4;
    while (at + prefix <= end) {
        const size_t length = (size_t)get(data + at + 1, 2);
        if (data[at] == 16 && at + prefix + 16 <= end) {
            const uint64_t where = get(data + at + prefix, OFFSET_BYTES), bytes = get(data + at + prefix + 8, 8);
            if (where < size && bytes < size && bytes > 8) {
                note(data, size, (size_t)where, (size_t)bytes - 4, seals);
            }
        }
        at += prefix + length;
    }
}

static void note_header(const uint8_t *data, size_t size, size_t at, struct seals *seals)
{
    if (size - at < 32) {
        return;
    }
    const uint8_t flags = data[at + 5];
    const size_t width = (size_t)1 << (flags & 3), times = flags & 32 ? 16 : 0, phases = flags & 16 ? 4 : 0;
    const size_t prefix = 6 + times + phases + width, chunk = (size_t)get(data + at + 6 + times + phases, width);
    if (chunk < size && note(data, size, at, prefix + chunk, seals)) {
        note_continuations(data, size, at + prefix, at + prefix + chunk, flags, seals);
    }
}

static void find_seals(const uint8_t *data, size_t size, struct seals *seals)
{
    enum { SUPERBLOCK = 44, HEAP = 142, TREE = 34 };
    seals->n = 0;
    note(data, size, 0, SUPERBLOCK, seals);
    for (size_t at = 0; at + 4 < size; at++) {
        if (memcmp(data + at, "OHDR", 4) == 0) {
            note_header(data, size, at, seals);
        } else if (memcmp(data + at, "FRHP", 4) == 0) {
            note(data, size, at, HEAP, seals);
        } else if (memcmp(data + at, "BTHD", 4) == 0) {
            note(data, size, at, TREE, seals);
        }
    }
}

/* xorshift: the mutator's own random numbers, a function of libFuzzer's seed. */
static uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Numbers at which sizes, counts and addresses go wrong. */
static uint64_t telling_number(uint32_t *state, size_t size)
{
    const uint64_t numbers[] = {0,
                                1,
                                2,
                                7,
                                8,
                                255,
                                256,
                                0x7fff,
                                0xffff,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                UINT64_MAX / 2,
                                UINT64_MAX,
                                UINT64_MAX - 1,
                                (uint64_t)1 << 40,
                                (uint64_t)1 << 62,
                                size,
                                size - 1,
                                size / 2};
    return numbers[draw(state) % (sizeof numbers / sizeof *numbers)];
}

/* One change between `from` and `to`: a bit, a byte, or a number of 1 to 8 bytes. */
static void change(uint8_t *data, size_t size, size_t from, size_t to, uint32_t *state)
{
    const size_t at = from + draw(state) % (to - from);
    switch (draw(state) % 4) {
    case 0:
        data[at] ^= (uint8_t)(1U << draw(state) % 8);
        break;
    case 1:
        data[at] = (uint8_t)draw(state);
        break;
    case 2:
        data[at] = (uint8_t)(data[at] + draw(state) % 9 - 4);
        break;
    default: {
        const size_t width = (size_t)1 << draw(state) % 4;
        put(data + at, telling_number(state, size), width < to - at ? width : to - at);
    }
    }
}

size_t fuzz_hdf5_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct seals seals;
    uint32_t state = seed * 2654435761U + 1;
    const unsigned kind = draw(&state) % 8;
    if (kind == 0) { /* anything, unsealed; also longer and shorter files */
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (kind == 1 && size > 1024) { /* cut off */
        return size - 1 - draw(&state) % (size / 2);
    }
    find_seals(data, size, &seals);
    const unsigned changes = 1 + draw(&state) % 4;
    for (unsigned i = 0; i < changes; i++) {
        if (kind < 6 && seals.n > 0) { /* structures */
            const struct seal *seal = &seals.of[draw(&state) % seals.n];
            change(data, size, seal->at + (draw(&state) % 8 ? 4 : 0), seal->at + seal->length, &state);
        } else { /* values, for the most part */
            change(data, size, 0, size, &state);
        }
    }
    for (size_t i = seals.n; i-- > 0;) {
        put(data + seals.of[i].at + seals.of[i].length, lookup3(data + seals.of[i].at, seals.of[i].length), 4);
    }
    return size;
}
