/* The text of the progress line, without a terminal. */
#include "scan/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static void assert_duration(double seconds, const char *expected)
{
    char text[24];
    dmumu_progress_duration(seconds, sizeof text, text);
    assert_string_equal(text, expected);
}

static void durations_read_well(void **state)
{
    (void)state;
    assert_duration(0.0, "0.0 s");
    assert_duration(0.44, "0.4 s");
    assert_duration(9.94, "9.9 s");
    assert_duration(9.96, "10 s");
    assert_duration(59.4, "59 s");
    assert_duration(59.6, "1 min 00 s");
    assert_duration(185.0, "3 min 05 s");
    assert_duration(3599.9, "1 h 00 min");
    assert_duration(7620.0, "2 h 07 min");
    assert_duration(86400.0 * 3 + 3600.0 * 4, "3 d 04 h");
    assert_duration(-1.0, "?");
    assert_duration(NAN, "?");
    assert_duration(INFINITY, "?");
}

static void the_line_says_it_all(void **state)
{
    (void)state;
    char line[DMUMU_PROGRESS_LINE];
    dmumu_progress_line(480, 1920, 4.0, 0, line);
    assert_string_equal(line, "480/1920 curves  25.0 %  120 curves/s  elapsed 4.0 s  ETA 12 s");
    dmumu_progress_line(1920, 1920, 16.0, 0, line);
    assert_string_equal(line, "1920/1920 curves  100.0 %  120 curves/s  elapsed 16 s  ETA 0.0 s");
}

static void nothing_done_has_no_eta(void **state)
{
    (void)state;
    char line[DMUMU_PROGRESS_LINE];
    dmumu_progress_line(0, 100, 3.0, 0, line);
    assert_non_null(strstr(line, "ETA ?"));
    dmumu_progress_line(0, 100, 0.0, 0, line);
    assert_non_null(strstr(line, "ETA ?"));
}

static void a_hundred_percent_means_all(void **state)
{
    (void)state;
    char line[DMUMU_PROGRESS_LINE];
    dmumu_progress_line(99999, 100000, 1.0, 0, line);
    assert_non_null(strstr(line, " 99.9 %"));
}

static void it_fits_every_width(void **state)
{
    (void)state;
    char line[DMUMU_PROGRESS_LINE];
    for (int width = 1; width < 150; ++width) {
        dmumu_progress_line(UINT64_MAX / 3, UINT64_MAX, 1e9, width, line);
        assert_true(strlen(line) <= (size_t)width);
        if (width >= 6)
            assert_non_null(strstr(line, "33.3 %"));
    }
    dmumu_progress_line(480, 1920, 4.0, 40, line);
    assert_string_equal(line, "480/1920  25.0 %  120/s  ETA 12 s");
    dmumu_progress_line(480, 1920, 4.0, 20, line);
    assert_string_equal(line, "25.0 %  ETA 12 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_well),     cmocka_unit_test(the_line_says_it_all),
        cmocka_unit_test(nothing_done_has_no_eta), cmocka_unit_test(a_hundred_percent_means_all),
        cmocka_unit_test(it_fits_every_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
