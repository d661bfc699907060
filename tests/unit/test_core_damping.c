/* Damping: x_max at angles worked out by hand, its kinks, and the angle at which the published scripts took it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/constants.h"
#include "core/damping.h"

#include "brief.h"

#include <math.h>

#define GAMMA DMUMU_PROTON_ELECTRON_MASS_RATIO

enum { MAX_KINKS = 16 };

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

static struct dmumu_state halo_state(double alfven_mach, double beta)
{
    return (struct dmumu_state){.alfven_mach = alfven_mach, .beta = beta, .x_c = (double)NAN, .collisionless = true};
}

static struct dmumu_state disk_state(double alfven_mach, double beta, double x_c)
{
    return (struct dmumu_state){
        .alfven_mach = alfven_mach, .beta = beta, .x_c = x_c, .collisionless = true, .viscous = true};
}

static struct dmumu_angle angle_of_degrees(double degrees)
{
    return dmumu_angle_of_tangent(tan(degrees * DMUMU_PI / 180.0));
}

static double ln_x_max_at(const struct dmumu_state *state, double ln_tangent)
{
    return dmumu_damping_ln_x_max(state, dmumu_angle_of_tangent(exp(ln_tangent)));
}

static void test_angle_of_tangent(void **state)
{
    (void)state;
    const struct dmumu_angle angle = angle_of_degrees(60.0);
    assert_close(angle.cosine, 0.5, 1e-14);
    assert_close(angle.sine_square, 0.75, 1e-14);
    /* 1 - xi^2 keeps its digits along B, xi across */
    assert_close(dmumu_angle_of_tangent(1e-9).sine_square, 1e-18, 1e-14);
    assert_close(dmumu_angle_of_tangent(1e9).cosine, 1e-9, 1e-14);
    assert_true(dmumu_angle_of_tangent(0.0).cosine == 1.0 && dmumu_angle_of_tangent(0.0).sine_square == 0.0);
}

/*
 * M_A = 1, beta = 1: 4 gamma/pi = 2337.862. At 45 degrees xi^2/(1-xi^2)^2 = 2 and the exponent is 4/gamma = 0.0021785:
 * x_max = 4685.921. At 60 degrees 4/9 and 8/gamma: 1043.587. M_A = 0.5, beta = 0.14 multiplies by 1/(16 x 0.14).
 */
static void test_collisionless_by_hand(void **state)
{
    (void)state;
    struct dmumu_state halo = halo_state(1.0, 1.0);
    assert_close(exp(dmumu_damping_collisionless(&halo, angle_of_degrees(45.0))), 4685.92141, 1e-7);
    assert_close(exp(dmumu_damping_collisionless(&halo, angle_of_degrees(60.0))), 1043.58681, 1e-7);
    halo = halo_state(0.5, 0.14);
    assert_close(exp(dmumu_damping_collisionless(&halo, angle_of_degrees(45.0))),
                 4685.92141 * exp(-4.0 / GAMMA) / (16.0 * 0.14) * exp(4.0 / (0.14 * GAMMA)), 1e-7);
    assert_true(dmumu_damping_ln_x_max(&halo, angle_of_degrees(45.0)) ==
                dmumu_damping_collisionless(&halo, angle_of_degrees(45.0)));
}

/* Along B x_max grows like 1/sin^4, across B like exp(2/(beta gamma xi^2)). */
static void test_collisionless_towards_both_ends(void **state)
{
    (void)state;
    const struct dmumu_state halo = halo_state(0.5, 0.14);
    const double along = dmumu_damping_collisionless(&halo, dmumu_angle_of_tangent(1e-8));
    assert_close(dmumu_damping_collisionless(&halo, dmumu_angle_of_tangent(1e-9)) - along, 4.0 * log(10.0), 1e-12);
    const double across = dmumu_damping_collisionless(&halo, dmumu_angle_of_tangent(1e4));
    assert_close(across, 2.0 * 1e8 / (0.14 * GAMMA), 1e-4);
}

/* x_c = 1000: (1 - xi^2)^-2/3 is 4^2/3 at 30 degrees; |1 - 3 xi^2|^-4/3 is 2^4/3 at 45, 4^4/3 at 60, 1 at 90, 2^-4/3 at
 * 0 degrees. */
static void test_viscous_by_hand(void **state)
{
    (void)state;
    const struct dmumu_state low = disk_state(1.0, 0.999, 1000.0);
    assert_close(exp(dmumu_damping_viscous(&low, angle_of_degrees(30.0))), 2519.8420998, 1e-10);
    assert_close(exp(dmumu_damping_viscous(&low, angle_of_degrees(89.99999))), 1000.0, 1e-10);
    const struct dmumu_state high = disk_state(1.0, 1.0, 1000.0);
    assert_close(exp(dmumu_damping_viscous(&high, angle_of_degrees(45.0))), 2519.8420998, 1e-10);
    assert_close(exp(dmumu_damping_viscous(&high, angle_of_degrees(60.0))), 6349.6042079, 1e-10);
    assert_close(exp(dmumu_damping_viscous(&high, angle_of_degrees(89.99999))), 1000.0, 1e-10);
    assert_close(exp(dmumu_damping_viscous(&high, dmumu_angle_of_tangent(0.0))), 396.8502630, 1e-9);
}

static void test_disk_takes_the_smaller(void **state)
{
    (void)state;
    int smaller[2] = {0, 0};
    static const double betas[] = {0.01, 0.14, 2.0};
    for (size_t i = 0; i < 3; i++) {
        const struct dmumu_state disk = disk_state(0.5, betas[i], 1e4);
        for (double ln_tangent = -12.0; ln_tangent < 12.0; ln_tangent += 0.01) {
            const struct dmumu_angle angle = dmumu_angle_of_tangent(exp(ln_tangent));
            const double collisionless = dmumu_damping_collisionless(&disk, angle);
            const double viscous = dmumu_damping_viscous(&disk, angle);
            assert_true(dmumu_damping_ln_x_max(&disk, angle) == fmin(collisionless, viscous));
            smaller[viscous < collisionless]++;
        }
    }
    assert_true(smaller[0] > 100 && smaller[1] > 100); /* both kinds were met */
}

static void test_what_the_region_has(void **state)
{
    (void)state;
    struct dmumu_state region = disk_state(0.5, 0.14, 1e4);
    const struct dmumu_angle angle = angle_of_degrees(50.0);
    region.collisionless = false;
    assert_true(dmumu_damping_ln_x_max(&region, angle) == dmumu_damping_viscous(&region, angle));
    region.viscous = false;
    assert_true(isinf(dmumu_damping_ln_x_max(&region, angle)) && dmumu_damping_ln_x_max(&region, angle) > 0.0);
    double kink[MAX_KINKS];
    assert_int_equal(dmumu_damping_kinks(&region, -20.0, 20.0, MAX_KINKS, kink), 0);
}

static void test_extreme_angles(void **state)
{
    (void)state;
    static const double machs[] = {0.05, 1.0, 3.0};
    static const double betas[] = {1e-3, 1.0, 30.0};
    static const double tangents[] = {1e-9, 1e-6, 1.4142135623730951, 1e6, 1e9};
    for (size_t i = 0; i < 270; i++) { /* 3 M_A x 3 beta x 5 angles x 3 regions x 2 variants */
        struct dmumu_state region = disk_state(machs[i % 3], betas[i / 3 % 3], 1e6);
        region.collisionless = i / 45 % 3 != 1;
        region.viscous = i / 45 % 3 != 2;
        region.truncation_angle = i / 135 ? DMUMU_VARIANT_PUBLISHED : DMUMU_VARIANT_FORMULA;
        const double ln_x_max = dmumu_damping_ln_x_max(&region, dmumu_angle_of_tangent(tangents[i / 9 % 5]));
        assert_true(ln_x_max > -100.0); /* no NaN either */
    }
}

/* arccos(sin(pi xi/2)): xi = 1/3 is taken at xi = 1/2, xi = 1/2 at 1/sqrt(2), and the ends at themselves. */
static void test_published_angle(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct dmumu_state formula = disk_state(0.7, i ? 3.0 : 0.3, 3e3);
        struct dmumu_state published = formula;
        published.truncation_angle = DMUMU_VARIANT_PUBLISHED;
        assert_close(dmumu_damping_ln_x_max(&published, dmumu_angle_of_tangent(sqrt(8.0))),
                     dmumu_damping_ln_x_max(&formula, angle_of_degrees(60.0)), 1e-13);
        assert_close(dmumu_damping_ln_x_max(&published, angle_of_degrees(60.0)),
                     dmumu_damping_ln_x_max(&formula, angle_of_degrees(45.0)), 1e-13);
        assert_true(fabs(dmumu_damping_ln_x_max(&published, angle_of_degrees(60.0)) -
                         dmumu_damping_ln_x_max(&formula, angle_of_degrees(60.0))) > 0.1);
    }
    /* along B: sin(theta') = sin(pi/2 (1 - xi)) = pi theta^2/4, so that x_max grows like theta^-8 */
    const struct dmumu_state formula = halo_state(0.5, 0.14);
    struct dmumu_state published = formula;
    published.truncation_angle = DMUMU_VARIANT_PUBLISHED;
    const double theta = 1e-5;
    assert_close(dmumu_damping_ln_x_max(&published, dmumu_angle_of_tangent(theta)),
                 dmumu_damping_collisionless(&formula, dmumu_angle_of_tangent(0.25 * DMUMU_PI * theta * theta)), 1e-9);
}

/* ---- kinks ------------------------------------------------------------------------------------------------------- */

/* The two functions whose sign changes are kinks. */
static double margin(const struct dmumu_state *state, int which, double ln_tangent)
{
    if (which == 0) {
        return ln_x_max_at(state, ln_tangent);
    }
    struct dmumu_state one = *state; /* through the public function, so that the variant's angle is in it */
    one.viscous = false;
    const double collisionless = ln_x_max_at(&one, ln_tangent);
    one.viscous = true;
    one.collisionless = false;
    return collisionless - ln_x_max_at(&one, ln_tangent);
}

static bool changes_sign(const struct dmumu_state *state, int which, double ln_tangent, double half_width)
{
    return (margin(state, which, ln_tangent - half_width) < 0.0) !=
           (margin(state, which, ln_tangent + half_width) < 0.0);
}

/* ln tan(theta) of the viscous pole, 3 xi^2 = 1. */
static double pole_of(const struct dmumu_state *state)
{
    if (state->truncation_angle == DMUMU_VARIANT_FORMULA) {
        return 0.5 * log(2.0);
    }
    const double xi = asin(1.0 / sqrt(3.0)) * 2.0 / DMUMU_PI;
    return 0.5 * log((1.0 - xi * xi) / (xi * xi));
}

static bool has_pole(const struct dmumu_state *state)
{
    return state->viscous && state->beta >= 1.0;
}

/* Each kink is ascending and one of the three kinds. Returns how many there are. */
static size_t check_kinks(const struct dmumu_state *state, double min, double max)
{
    double kink[MAX_KINKS];
    const size_t n = dmumu_damping_kinks(state, min, max, MAX_KINKS, kink);
    assert_true(n < MAX_KINKS);
    for (size_t i = 0; i < n; i++) {
        assert_true(kink[i] > min && kink[i] < max);
        assert_true(i == 0 || kink[i] >= kink[i - 1]);
        const bool pole = has_pole(state) && fabs(kink[i] - pole_of(state)) < 1e-12;
        const bool one = changes_sign(state, 0, kink[i], 1e-12);
        const bool cross = state->collisionless && state->viscous && changes_sign(state, 1, kink[i], 1e-12);
        if (!(pole || one || cross)) {
            fail_msg("M_A %g, beta %g, x_c %g: nothing happens at ln tan = %.17g", state->alfven_mach, state->beta,
                     state->x_c, kink[i]);
        }
    }
    return n;
}

/* How many sign changes a fine scan finds, and the pole; and that each has its kink. */
static size_t scan_kinks(const struct dmumu_state *state, double min, double max)
{
    enum { STEPS = 40000 };
    double kink[MAX_KINKS];
    const size_t n = dmumu_damping_kinks(state, min, max, MAX_KINKS, kink);
    const double step = (max - min) / STEPS;
    size_t found = has_pole(state) ? 1 : 0;
    for (int which = 0; which < (state->collisionless && state->viscous ? 2 : 1); which++) {
        for (int i = 0; i < STEPS; i++) {
            const double middle = min + (i + 0.5) * step;
            if (!changes_sign(state, which, middle, 0.5 * step)) {
                continue;
            }
            found++;
            bool listed = false;
            for (size_t k = 0; k < n; k++) {
                listed = listed || fabs(kink[k] - middle) <= 0.5 * step * (1.0 + 1e-6);
            }
            if (!listed) {
                fail_msg("M_A %g, beta %g, x_c %g: no kink near ln tan = %.6g", state->alfven_mach, state->beta,
                         state->x_c, middle);
            }
        }
    }
    return found;
}

static void test_kinks_bracket_what_they_mark(void **state)
{
    (void)state;
    static const double machs[] = {0.05, 0.3, 1.0, 3.0};
    static const double betas[] = {1e-3, 0.1, 0.99, 1.0, 5.0, 30.0};
    static const double cut_offs[] = {0.5, 30.0, 1e4, 1e6};
    enum { ALL = 4 * 6 * 4 * 3 * 2 };
    const int n_cases = brief(ALL, 1);
    size_t total = 0;
    for (int k = 0; k < n_cases; k++) {
        const int i = 37 * k % ALL; /* the first ones are of all kinds */
        struct dmumu_state region = disk_state(machs[i % 4], betas[i / 4 % 6], cut_offs[i / 24 % 4]);
        region.collisionless = i / 96 % 3 != 1;
        region.viscous = i / 96 % 3 != 2;
        region.truncation_angle = i / 288 ? DMUMU_VARIANT_PUBLISHED : DMUMU_VARIANT_FORMULA;
        const size_t n = check_kinks(&region, -18.0, 18.0);
        const size_t seen = scan_kinks(&region, -18.0, 18.0);
        if (n < seen) { /* it may know of pairs too narrow for the scan, but may miss none */
            fail_msg("M_A %g, beta %g, x_c %g: %zu kinks, the scan sees %zu", region.alfven_mach, region.beta,
                     region.x_c, n, seen);
        }
        total += n;
    }
    assert_true(total > 500U * (unsigned)n_cases / ALL);
}

/*
 * M_A = 3, beta = 1, x_c = 1e-3: collisionless damping ends at 1e5, so the viscous scale exceeds it only within 1e-6 of
 * its pole. On either side lie a crossing of the scales and x_max = 1, the latter a little further out.
 */
static void test_narrow_viscous_pole(void **state)
{
    (void)state;
    const struct dmumu_state disk = disk_state(3.0, 1.0, 1e-3);
    double kink[MAX_KINKS];
    assert_int_equal(dmumu_damping_kinks(&disk, -5.0, 5.0, MAX_KINKS, kink), 5);
    const double pole = 0.5 * log(2.0);
    assert_true(fabs(kink[2] - pole) < 1e-14);
    assert_true(fabs(kink[1] - pole) < 1e-4 && fabs(kink[3] - pole) < 1e-4);
    for (int i = 0; i < 5; i++) {
        const bool crossing = i == 1 || i == 3;
        if (i != 2) {
            assert_true(changes_sign(&disk, crossing, kink[i], 1e-13));
        }
    }
    /* |1 - 3 xi^2| at x_max = 1 is x_c^3/4, and d(3 xi^2) = 4/3 d ln tan there */
    assert_close(kink[4] - kink[0], 2.0 * pow(1e-3, 0.75) * 0.75, 0.02);
    assert_true(ln_x_max_at(&disk, pole) > 11.0);
}

/* Two scales that cross above x_max = 1 by so little that waves are there in a fortieth of ln tan(theta). */
static void test_narrow_peak(void **state)
{
    (void)state;
    struct dmumu_state disk = disk_state(0.202241, 3.32505, 0.0464450699);
    disk.truncation_angle = DMUMU_VARIANT_PUBLISHED;
    double kink[MAX_KINKS];
    const size_t n = dmumu_damping_kinks(&disk, -8.0, 9.2, MAX_KINKS, kink);
    double widest = 0.0;
    for (size_t i = 0; i + 1 < n; i++) {
        const double middle = 0.5 * (kink[i] + kink[i + 1]);
        if (dmumu_damping_ln_x_max(&disk, dmumu_angle_of_tangent(exp(middle))) > 0.0) {
            widest = fmax(widest, kink[i + 1] - kink[i]);
        }
    }
    assert_true(widest > 0.02 && widest < 0.025);
}

static void test_kinks_of_the_halo(void **state)
{
    (void)state;
    /* M_A = 0.05: 4 M_A^4 gamma/(pi beta) = 0.104, x_max = 1 where xi^2/(1-xi^2)^2 = 9.58..., and far across B again */
    const struct dmumu_state halo = halo_state(0.05, 0.14);
    double kink[MAX_KINKS];
    assert_int_equal(dmumu_damping_kinks(&halo, -10.0, 10.0, MAX_KINKS, kink), 2);
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(ln_x_max_at(&halo, kink[i])) < 1e-9 * exp(2.0 * fabs(kink[i])));
    }
    assert_true(ln_x_max_at(&halo, kink[0] - 0.1) > 0.0 && ln_x_max_at(&halo, kink[0] + 0.1) < 0.0);
    assert_true(ln_x_max_at(&halo, kink[1] - 0.1) < 0.0 && ln_x_max_at(&halo, kink[1] + 0.1) > 0.0);
    /* a range that holds none, and one that holds one */
    assert_int_equal(dmumu_damping_kinks(&halo, kink[0] + 0.1, kink[1] - 0.1, MAX_KINKS, kink), 0);
    assert_int_equal(dmumu_damping_kinks(&halo, -10.0, 0.0, MAX_KINKS, kink), 1);
    /* M_A = 1: the cascade reaches x = 1 at every angle */
    const struct dmumu_state strong = halo_state(1.0, 0.14);
    assert_int_equal(dmumu_damping_kinks(&strong, -10.0, 10.0, MAX_KINKS, kink), 0);
}

static void test_no_more_kinks_stored_than_asked(void **state)
{
    (void)state;
    const struct dmumu_state disk = disk_state(3.0, 1.0, 1e-3);
    double kink[4] = {-99.0, -99.0, -99.0, -99.0};
    (void)dmumu_damping_kinks(&disk, -5.0, 5.0, 3, kink);
    assert_true(kink[0] > -99.0 && kink[0] < kink[1] && kink[1] < kink[2]);
    assert_true(kink[3] == -99.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_angle_of_tangent),
        cmocka_unit_test(test_collisionless_by_hand),
        cmocka_unit_test(test_collisionless_towards_both_ends),
        cmocka_unit_test(test_viscous_by_hand),
        cmocka_unit_test(test_disk_takes_the_smaller),
        cmocka_unit_test(test_what_the_region_has),
        cmocka_unit_test(test_extreme_angles),
        cmocka_unit_test(test_published_angle),
        cmocka_unit_test(test_kinks_bracket_what_they_mark),
        cmocka_unit_test(test_narrow_viscous_pole),
        cmocka_unit_test(test_narrow_peak),
        cmocka_unit_test(test_kinks_of_the_halo),
        cmocka_unit_test(test_no_more_kinks_stored_than_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
