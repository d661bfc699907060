/* CRC-32 against published values, and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/integrity.h"

#include <string.h>

static uint32_t crc_of(const void *bytes, size_t n)
{
    struct dmumu_crc32_table table;
    dmumu_crc32_table_fill(&table);
    return dmumu_crc32_add(&table, 0, bytes, n);
}

/* The check value of the catalogue of CRCs, and the values that zlib.crc32 gives in Python. */
static void known_values(void **state)
{
    const char *fox = "The quick brown fox jumps over the lazy dog";
    (void)state;
    assert_int_equal(crc_of("", 0), 0);
    assert_int_equal(crc_of("123456789", 9), 0xcbf43926);
    assert_int_equal(crc_of(fox, strlen(fox)), 0x414fa339);
}

static void pieces_add_up(void **state)
{
    uint8_t bytes[100];
    struct dmumu_crc32_table table;
    (void)state;
    dmumu_crc32_table_fill(&table);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        const uint32_t first = dmumu_crc32_add(&table, 0, bytes, cut);
        assert_int_equal(dmumu_crc32_add(&table, first, bytes + cut, sizeof bytes - cut), crc_of(bytes, sizeof bytes));
    }
}

static void every_flipped_bit_shows(void **state)
{
    uint8_t bytes[61] = {0};
    (void)state;
    const uint32_t right = crc_of(bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_not_equal(crc_of(bytes, sizeof bytes), right);
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}

/* Each curve's checksum is the CRC of its own rows, variable after variable, as little-endian bytes. */
static void curves_have_their_own(void **state)
{
    const double d[] = {1.0, 2.0, 3.0, 4.0};
    const uint8_t quality[] = {0, 1, 2, 3};
    const uint8_t expected[] = {0, 0, 0, 0, 0, 0, 8, 0x40, 0, 0, 0, 0, 0, 0, 0x10, 0x40, 2, 3}; /* 3.0, 4.0, 2, 3 */
    uint32_t checksum[2] = {0};
    struct dmumu_crc32_table table;
    (void)state;
    dmumu_crc32_table_fill(&table);
    dmumu_cube_checksum_add(&table, DMUMU_CUBE_F64, 2, 2, d, checksum);
    dmumu_cube_checksum_add(&table, DMUMU_CUBE_U8, 2, 2, quality, checksum);
    assert_int_equal(checksum[1], crc_of(expected, sizeof expected));
    assert_int_not_equal(checksum[0], checksum[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(every_flipped_bit_shows),
        cmocka_unit_test(curves_have_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
