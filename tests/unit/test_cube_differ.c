/* In which keys two texts of physics differ: all of them, named with their sections, in few words. */
#include "cube/differ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "model:\n"
                           "  modes: [fast, alfven]\n"
                           "  tolerance: 0.01\n"
                           "disk:\n"
                           "  x_c: spitzer\n"
                           "halo:\n"
                           "  x_c: 1000000\n";

static void assert_differ(const char *theirs, const char *ours, size_t n, const char *expected)
{
    char said[300];
    assert_int_equal(dmumu_cube_differ(theirs, ours, sizeof said, said), n);
    assert_string_equal(said, expected);
}

static void equal_texts(void **state)
{
    (void)state;
    assert_differ(text, text, 0, "");
    assert_differ("", "", 0, "");
    assert_differ("a:\n  b: 1\n  c: 2\n", "a:\n  c: 2\n  b: 1\n", 0, ""); /* in any order */
}

static void changed_keys(void **state)
{
    (void)state;
    assert_differ("model:\n  modes: [fast]\n  tolerance: 0.01\ndisk:\n  x_c: spitzer\nhalo:\n  x_c: 1000001\n", text, 2,
                  "model.modes ([fast] there, [fast, alfven] here), halo.x_c (1000001 there, 1000000 here)");
    assert_differ("a: 1\n", "a: 2\n", 1, "a (1 there, 2 here)");
}

static void absent_keys(void **state)
{
    (void)state;
    assert_differ("model:\n  x: 1\n", "model:\n  y: 2\n", 2,
                  "model.x (1 there, none here), model.y (none there, 2 here)");
    assert_differ("a:\n  x: 1\n", "b:\n  x: 1\n", 2, "a.x (1 there, none here), b.x (none there, 1 here)");
    assert_differ("", "a:\n  x: 1\n", 1, "a.x (none there, 1 here)");
}

/* 17 digits are in the texts; as many as needed are shown. */
static void numbers_are_short(void **state)
{
    (void)state;
    assert_differ("a: 0.10000000000000001\n", "a: 0.20000000000000001\n", 1, "a (0.1 there, 0.2 here)");
    assert_differ("a: 0.10000000000000001\n", "a: 0.10000000000000002\n", 1,
                  "a (0.10000000000000001 there, 0.10000000000000002 here)");
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    char said[80];
    assert_int_equal(dmumu_cube_differ("a: 1\nb: 1\nc: 1\nd: 1\n", "a: 2\nb: 2\nc: 2\nd: 2\n", sizeof said, said), 4);
    assert_string_equal(said, "a (1 there, 2 here), b (1 there, 2 here), and 2 more");
    assert_int_equal(dmumu_cube_differ("a: 1\nb: 1\n", "a: 2\nb: 2\n", 30, said), 2);
    assert_string_equal(said, "2 keys");
}

/* The text of a damaged file: nothing overruns, and a long one takes no long time. */
static void any_text_will_do(void **state)
{
    (void)state;
    const char *const odd[] = {":", ":\n:\n", "a", "a:", "a:\n", "  :x\n", "  a:1", "# a: 1\n", "a:\n\n\n b: c: d\n"};
    char said[64];
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        dmumu_cube_differ(odd[i], text, sizeof said, said);
        dmumu_cube_differ(text, odd[i], sizeof said, said);
        assert_true(strlen(said) < sizeof said);
    }
    const size_t size = 2000000;
    char *large = malloc(size);
    assert_non_null(large);
    for (size_t i = 0; i + 4 < size; i += 4) {
        memcpy(large + i, i % 8 == 0 ? "a:1\n" : "zz:\n", 4);
    }
    large[size - 4] = '\0';
    assert_true(dmumu_cube_differ(large, text, sizeof said, said) > 100);
    memset(large, 'x', size - 1);
    large[size - 1] = '\0';
    assert_int_equal(dmumu_cube_differ(large, text, sizeof said, said), 4);
    large[100] = ':';
    assert_int_equal(dmumu_cube_differ(large, text, sizeof said, said), 5);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts),      cmocka_unit_test(changed_keys),
        cmocka_unit_test(absent_keys),      cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(any_text_will_do), cmocka_unit_test(what_does_not_fit_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
