/* Coordinates of older cubes: the same to the bit, the same but for rounding, or others. */
#include "scan/reuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void rounding_is_the_same(void **state)
{
    (void)state;
    assert_true(dmumu_reuse_is_same(0.1, 0.1));
    assert_true(dmumu_reuse_is_same(0.1, nextafter(0.1, 1.0)));
    assert_true(dmumu_reuse_is_same(1e6, 1e6 * (1.0 + 9e-13)));
    assert_false(dmumu_reuse_is_same(1e6, 1e6 * (1.0 + 2e-12)));
    assert_false(dmumu_reuse_is_same(0.31622776, sqrt(0.1))); /* as someone types it */
    assert_true(dmumu_reuse_is_same(0.0, 0.0));
    assert_false(dmumu_reuse_is_same(0.0, 1.0));
}

static void assert_snaps(size_t n, const double values[], size_t n_older, const double older[], size_t changed,
                         const double expected[])
{
    double copy[16];
    memcpy(copy, values, n * sizeof *copy);
    struct dmumu_axis axis = {.n = n, .values = copy};
    const struct dmumu_cube_axis from = {n_older, older, true};
    assert_int_equal(dmumu_reuse_snap_axis(&axis, &from), changed);
    assert_memory_equal(copy, expected, n * sizeof *copy);
}

static void axes_snap(void **state)
{
    (void)state;
    const double up = nextafter(0.5, 1.0), down = nextafter(0.5, 0.0);
    assert_snaps(3, (double[]){0.1, 0.5, 0.9}, 3, (double[]){0.1, 0.5, 0.9}, 0, (double[]){0.1, 0.5, 0.9});
    assert_snaps(3, (double[]){0.1, up, 0.9}, 2, (double[]){0.3, 0.5}, 1, (double[]){0.1, 0.5, 0.9});
    assert_snaps(3, (double[]){0.1, down, 0.9}, 3, (double[]){0.3, 0.5, 0.7}, 1, (double[]){0.1, 0.5, 0.9});
    assert_snaps(1, (double[]){0.5}, 4, (double[]){0.1, 0.2, up, 0.7}, 1, (double[]){up});
    assert_snaps(2, (double[]){0.1, 0.2}, 1, (double[]){0.3}, 0, (double[]){0.1, 0.2});
    assert_snaps(2, (double[]){0.3, 0.4}, 1, (double[]){0.2}, 0, (double[]){0.3, 0.4});
}

/* The case that it is for: a longer axis in the same steps meets the shorter one but for rounding. */
static void a_longer_axis_meets_the_shorter_one(void **state)
{
    (void)state;
    struct dmumu_axis shorter, longer;
    assert_int_equal(dmumu_axis_range(&shorter, 0.2, 2.0, 8, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&longer, 0.2, 200.0, 22, true), DMUMU_OK);
    const struct dmumu_cube_axis older = {shorter.n, shorter.values, true};
    assert_true(dmumu_reuse_snap_axis(&longer, &older) > 0);
    assert_memory_equal(longer.values, shorter.values, shorter.n * sizeof *shorter.values);
    for (size_t i = 1; i < longer.n; ++i)
        assert_true(longer.values[i] > longer.values[i - 1]);
    free(shorter.values);
    free(longer.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_is_the_same),
        cmocka_unit_test(axes_snap),
        cmocka_unit_test(a_longer_axis_meets_the_shorter_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
