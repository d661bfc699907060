/* Local slopes: exact for power laws and parabolas in ln D(ln R) on uneven grids, gaps, ends, single values. */
#include "dmumu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

enum { N = 9 };

static const double rigidity_gv[N] = {1.0, 1.3, 2.0, 5.0, 5.5, 20.0, 21.0, 60.0, 1000.0};

/* ln D = 3 + 0.4 x + curvature x^2 with x = ln R. */
static void fill(double curvature, double ln_d[N])
{
    for (int i = 0; i < N; i++) {
        const double x = log(rigidity_gv[i]);
        ln_d[i] = 3.0 + 0.4 * x + curvature * x * x;
    }
}

static void check(const double slope[N], double curvature, const char *has)
{
    for (int i = 0; i < N; i++) {
        if (has[i] == '.') {
            assert_true(isnan(slope[i]));
        } else {
            const double exact = 0.4 + 2.0 * curvature * log(rigidity_gv[i]);
            assert_true(fabs(slope[i] - exact) < 1e-12);
        }
    }
}

static void exact_for_parabolas_at_ends_and_gaps_too(void **state)
{
    static const struct {
        const char *given, *found; /* a dot: no value */
    } cases[] = {
        {"111111111", "111111111"}, {"111.11111", "111.11111"}, {"...111111", "...111111"},
        {"111....1.", "111......"}, {".........", "........."}, {"1.1.1.1.1", "........."},
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double ln_d[N], slope[N];
        fill(0.07, ln_d);
        for (int i = 0; i < N; i++) {
            ln_d[i] = cases[c].given[i] == '.' ? (double)NAN : ln_d[i];
        }
        dmumu_local_slopes(N, rigidity_gv, ln_d, slope);
        check(slope, 0.07, cases[c].found);
    }
}

static void a_straight_line_between_two_values(void **state)
{
    double ln_d[N], slope[N];
    (void)state;
    fill(0.0, ln_d);
    for (int i = 0; i < N; i++) {
        ln_d[i] = i == 3 || i == 4 ? ln_d[i] : -(double)INFINITY; /* D = 0 is no value */
    }
    dmumu_local_slopes(N, rigidity_gv, ln_d, slope);
    check(slope, 0.0, "...11....");
    dmumu_local_slopes(1, rigidity_gv + 3, ln_d + 3, slope);
    assert_true(isnan(slope[0]));
    dmumu_local_slopes(0, rigidity_gv, ln_d, slope);
}

static void of_a_ratio_it_is_the_difference(void **state)
{
    double one[N], other[N], ratio[N], slope[3][N];
    (void)state;
    fill(0.07, one);
    for (int i = 0; i < N; i++) {
        other[i] = sin(3.0 * i);
        ratio[i] = one[i] - other[i];
    }
    dmumu_local_slopes(N, rigidity_gv, one, slope[0]);
    dmumu_local_slopes(N, rigidity_gv, other, slope[1]);
    dmumu_local_slopes(N, rigidity_gv, ratio, slope[2]);
    for (int i = 0; i < N; i++) {
        assert_true(fabs(slope[2][i] - (slope[0][i] - slope[1][i])) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_for_parabolas_at_ends_and_gaps_too),
        cmocka_unit_test(a_straight_line_between_two_values),
        cmocka_unit_test(of_a_ratio_it_is_the_difference),
    };
    return cmocka_run_group_tests_name("core_slope", tests, NULL, NULL);
}
