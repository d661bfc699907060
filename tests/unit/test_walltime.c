/* Ends of jobs: what users and Slurm write, and what is left before the margin. */
#include "scan/walltime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static void assert_time(const char *text, double expected_s)
{
    double seconds = -1.0;
    assert_true(dmumu_walltime_parse(text, &seconds));
    assert_true(seconds == expected_s);
}

static void times_are_read(void **state)
{
    (void)state;
    assert_time("5400", 5400.0);
    assert_time("90:00", 5400.0);
    assert_time("1:30:00", 5400.0);
    assert_time("01:30:00", 5400.0);
    assert_time("0-01:30:00", 5400.0);
    assert_time("2-00:00:05", 172805.0);
    assert_time("100:00:00", 360000.0);
    assert_time("0:01", 1.0);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    const char *const none[] = {"",      "0",     "00:00", "-5",         "+5",      "5 ",  " 5",      "1e3",
                                "0x10",  "1:60",  "1:5:",  ":30",        "1:2:3:4", "1-",  "1-2",     "1-2:3",
                                "1-2-3", "1:005", "1.5",   "9999999999", "inf",     "nan", "1:00:60", "1 - 00:00:00"};
    double seconds = 0.0;
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
        if (dmumu_walltime_parse(none[i], &seconds))
            fail_msg("'%s' was taken for %g s", none[i], seconds);
    }
}

static void the_earlier_end_counts(void **state)
{
    (void)state;
    assert_true(dmumu_walltime_of(1000.0, 0.0, NULL, 5.0).end_unix_s == INFINITY);
    assert_true(dmumu_walltime_of(1000.0, 600.0, NULL, 5.0).end_unix_s == 1600.0);
    assert_true(dmumu_walltime_of(1000.0, 600.0, "1500", 5.0).end_unix_s == 1500.0);
    assert_true(dmumu_walltime_of(1000.0, 400.0, "1500", 5.0).end_unix_s == 1400.0);
    assert_true(dmumu_walltime_of(1000.0, 0.0, "1500", 5.0).end_unix_s == 1500.0);
    assert_true(dmumu_walltime_of(1000.0, 0.0, "", 5.0).end_unix_s == INFINITY);
    assert_true(dmumu_walltime_of(1000.0, 0.0, "Unknown", 5.0).end_unix_s == INFINITY);
    assert_true(dmumu_walltime_of(1000.0, 0.0, "0", 5.0).end_unix_s == INFINITY);
}

static void margins(void **state)
{
    (void)state;
    assert_true(dmumu_walltime_of(1000.0, 0.0, NULL, -1.0).margin_s == 60.0);
    assert_true(dmumu_walltime_of(1000.0, 6000.0, NULL, -1.0).margin_s == 60.0);
    assert_true(fabs(dmumu_walltime_of(1000.0, 100.0, NULL, -1.0).margin_s - 10.0) < 1e-9);
    assert_true(dmumu_walltime_of(1000.0, 0.0, "900", -1.0).margin_s == 0.0);
    assert_true(dmumu_walltime_of(1000.0, 100.0, NULL, 90.0).margin_s == 90.0);
    assert_true(dmumu_walltime_of(1000.0, 100.0, NULL, 0.0).margin_s == 0.0);
}

static void what_is_left(void **state)
{
    (void)state;
    const struct dmumu_walltime walltime = {1600.0, 60.0}, none = {INFINITY, 60.0};
    assert_true(dmumu_walltime_left_s(&walltime, 1000.0) == 540.0);
    assert_true(dmumu_walltime_left_s(&walltime, 1590.0) == -50.0);
    assert_true(dmumu_walltime_left_s(&none, 1e12) == INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),         cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_earlier_end_counts), cmocka_unit_test(margins),
        cmocka_unit_test(what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
