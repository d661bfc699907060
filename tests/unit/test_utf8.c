/* UTF-8: what is a character, and that quoted texts are read back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/config.h"
#include "scan/config_utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void characters_are_decoded(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        uint32_t character;
    } cases[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t character = 0;
        assert_int_equal(dmumu_utf8_decode(cases[i].text, &character), cases[i].length);
        assert_int_equal(character, cases[i].character);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const cases[] = {
        "\x80",             /* not the first byte of any */
        "\xc2",             /* cut off */
        "\xe2\x82",         /* cut off */
        "\xc0\xaf",         /* longer than needed */
        "\xe0\x9f\xbf",     /* longer than needed */
        "\xf0\x8f\xbf\xbf", /* longer than needed */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above the last */
        "\xff\xff\xff\xff",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t character = 0;
        assert_int_equal(dmumu_utf8_decode(cases[i], &character), 0);
    }
}

/* Every character but NUL, in a title: given by its number, it comes back from the configuration's own text. */
static void titles_survive(void **state)
{
    static const unsigned numbers[] = {1,      7,      9,      10,     13,     0x1b,   0x20,   '"',     '\\',
                                       0x7f,   0x80,   0x85,   0x9b,   0xa0,   0xe9,   0x2028, 0x2029,  0x202f,
                                       0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff, 0x1f30, 0x10ffff};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[64];
        struct dmumu_config first, second;
        struct dmumu_error error;
        snprintf(text, sizeof text, "title: \"a \\U%08x b \"\n", numbers[i]);
        assert_int_equal(dmumu_config_read_text(text, "first", false, &first, &error), DMUMU_OK);
        if (dmumu_config_read_text(first.text, "second", false, &second, &error) != DMUMU_OK) {
            fail_msg("U+%04X: %s", numbers[i], error.message);
        }
        assert_string_equal(first.title, second.title);
        assert_string_equal(first.text, second.text);
        dmumu_config_free(&first);
        dmumu_config_free(&second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_decoded),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(titles_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
