/* Hash: the tree behind data_hash, and physics_hash. */
#include "cube/hash.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; /* values brought into canonical form at a time */

/* The low `size` bytes of `bits`, least significant first; returns where the next go. */
static uint8_t *put_bits(uint8_t *bytes, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(bits >> (8 * i));
    }
    return bytes + size;
}

static void add_u64(struct dmumu_sha256 *hash, uint64_t value)
{
    uint8_t bytes[sizeof value];
    put_bits(bytes, value, sizeof value);
    dmumu_sha256_add(hash, bytes, sizeof bytes);
}

static void add_f64(struct dmumu_sha256 *hash, size_t n, const double values[])
{
    for (size_t first = 0; first < n; first += CHUNK) {
        uint8_t bytes[CHUNK * sizeof(double)], *end = bytes;
        for (size_t i = first; i < n && i < first + CHUNK; i++) {
            uint64_t bits = UINT64_C(0x7ff8000000000000);
            if (!isnan(values[i])) {
                memcpy(&bits, &values[i], sizeof bits);
            }
            end = put_bits(end, bits, sizeof bits);
        }
        dmumu_sha256_add(hash, bytes, (size_t)(end - bytes));
    }
}

static void add_f32(struct dmumu_sha256 *hash, size_t n, const float values[])
{
    for (size_t first = 0; first < n; first += CHUNK) {
        uint8_t bytes[CHUNK * sizeof(float)], *end = bytes;
        for (size_t i = first; i < n && i < first + CHUNK; i++) {
            uint32_t bits = UINT32_C(0x7fc00000);
            if (!isnan(values[i])) {
                memcpy(&bits, &values[i], sizeof bits);
            }
            end = put_bits(end, bits, sizeof bits);
        }
        dmumu_sha256_add(hash, bytes, (size_t)(end - bytes));
    }
}

static void add_name(struct dmumu_sha256 *hash, const char *name)
{
    dmumu_sha256_add(hash, name, strlen(name) + 1);
}

static void add_values(struct dmumu_sha256 *hash, enum dmumu_cube_type type, size_t n, const void *values)
{
    switch (type) {
    case DMUMU_CUBE_F64:
        add_f64(hash, n, values);
        break;
    case DMUMU_CUBE_F32:
        add_f32(hash, n, values);
        break;
    default:
        dmumu_sha256_add(hash, values, n);
    }
}

/* Is this variable there, and part of data_hash? */
static bool is_hashed(const struct dmumu_cube_layout *layout, int variable)
{
    return layout->variable[variable] >= 0 && dmumu_cube_variable_field((enum dmumu_cube_variable)variable)->hashed;
}

void dmumu_cube_physics_hash(const char *physics_text, char hex[static DMUMU_SHA256_HEX])
{
    static const char version[] = "\n" DMUMU_VERSION;
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    dmumu_sha256_begin(&hash);
    dmumu_sha256_add(&hash, physics_text, strlen(physics_text));
    dmumu_sha256_add(&hash, version, sizeof version - 1);
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
}

uint64_t dmumu_cube_hash_blocks(const struct dmumu_cube_layout *layout)
{
    const uint64_t slab = dmumu_cube_layout_slab(layout);
    return (layout->n_curves + slab - 1) / slab;
}

enum dmumu_status dmumu_cube_hash_block(const struct dmumu_cube_layout *layout, uint64_t block,
                                        uint8_t digest[static DMUMU_SHA256_BYTES], uint64_t *n_pending,
                                        struct dmumu_error *error)
{
    const uint64_t slab = dmumu_cube_layout_slab(layout), first = block * slab;
    const size_t count = (size_t)(layout->n_curves - first < slab ? layout->n_curves - first : slab);
    struct dmumu_sha256 hash;
    uint8_t *values = malloc(count * layout->n[DMUMU_CUBE_N_AXES - 1] * sizeof(double));
    if (values == NULL) {
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory to hash %zu curves", count);
    }
    dmumu_sha256_begin(&hash);
    *n_pending = 0;
    enum dmumu_status status = dmumu_cube_layout_read(layout, DMUMU_CUBE_STATE, first, count, values, error);
    for (size_t i = 0; status == DMUMU_OK && i < count; i++) {
        *n_pending += values[i] != DMUMU_CUBE_DONE;
    }
    for (int i = 0; status == DMUMU_OK && i < DMUMU_CUBE_N_VARIABLES; i++) {
        const enum dmumu_cube_variable variable = (enum dmumu_cube_variable)i;
        const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
        if (is_hashed(layout, i)) {
            status = dmumu_cube_layout_read(layout, variable, first, count, values, error);
            add_name(&hash, field->name);
            add_values(&hash, field->type, count * dmumu_cube_layout_row(layout, variable), values);
        }
    }
    free(values);
    dmumu_sha256_end(&hash, digest);
    return status;
}

void dmumu_cube_hash_axis(struct dmumu_sha256 *hash, int axis, size_t n, const double values[])
{
    add_name(hash, dmumu_cube_axis_field(axis)->name);
    add_u64(hash, n);
    add_f64(hash, n, values);
}

void dmumu_cube_hash_root(const struct dmumu_cube_layout *layout, const uint8_t digests[],
                          char hex[static DMUMU_SHA256_HEX])
{
    static const char header[] = "dmumu data_hash 1\n";
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    dmumu_sha256_begin(&hash);
    dmumu_sha256_add(&hash, header, sizeof header - 1);
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        dmumu_cube_hash_axis(&hash, i, layout->n[i], layout->axis[i]);
    }
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        if (is_hashed(layout, i)) {
            add_name(&hash, dmumu_cube_variable_field((enum dmumu_cube_variable)i)->name);
        }
    }
    dmumu_sha256_add(&hash, digests, (size_t)dmumu_cube_hash_blocks(layout) * DMUMU_SHA256_BYTES);
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
}
