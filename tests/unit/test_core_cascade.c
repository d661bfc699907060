/*
 * Alfven modes: rates from taps (cascade_taps.h) against the integral over w as it stands, and lists of R against single
 * ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cascade_lattice.h"
#include "core/kernel_ref.h"
#include "core/ratios.h"
#include "core/resonance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of cascade_lattice.h: the distance of its points. */
#define STEP 0.15

static struct dmumu_state state_of(enum dmumu_cascade cascade, double alfven_mach, int harmonics)
{
    return (struct dmumu_state){.alfven_mach = alfven_mach,
                                .modes = {[DMUMU_ALFVEN] = true},
                                .energy_fraction = {1.0, 1.0, 1.0},
                                .cascade = cascade,
                                .harmonics = harmonics,
                                .kappa = 1.0};
}

/* At every seventh lattice point below the limit: both ways lead to the same, errors included. */
static void compare(const struct dmumu_state *state, double mu)
{
    struct dmumu_cascade_common common = {0};
    struct dmumu_cascade_table table = {0};
    struct dmumu_wave_nodes scratch = {0};
    assert_int_equal(dmumu_cascade_common_init(state, DMUMU_ALFVEN, 1e-4, &common), DMUMU_OK);
    assert_int_equal(dmumu_cascade_table_init(&common, state, mu, (1.0 - mu) * (1.0 + mu), (double)INFINITY, &table),
                     DMUMU_OK);
    const struct dmumu_cascade_limits limits = dmumu_cascade_limits_of(&common.form, &table);
    const long last = (long)floor(fmin(limits.ln_parallel, limits.ln_balance) / STEP);
    int n = 0;
    for (long i = last; STEP * (double)i > -27.0; i -= 7, n++) {
        const double ln_r = STEP * (double)i;
        const struct dmumu_cascade_rate by_taps = dmumu_cascade_rate_from_taps(&common, &table, ln_r);
        struct dmumu_cascade_rate plain;
        assert_int_equal(dmumu_cascade_rate(&common, state, &table, exp(ln_r), &scratch, &plain), DMUMU_OK);
        const double difference = fabs(by_taps.gyro / plain.gyro - 1.0);
        if (!(difference < 2e-7)) {
            fail_msg("M_A %g, mu %g, ln R %g: %.12g by taps, %.12g by w, %.2g apart", state->alfven_mach, mu, ln_r,
                     by_taps.gyro, plain.gyro, difference);
        }
        assert_true(by_taps.transit == 0.0 && by_taps.gyro_error < 2.0 * plain.gyro_error + 1e-7 * plain.gyro);
    }
    assert_true(n > 12);
    dmumu_wave_nodes_free(&scratch);
    dmumu_cascade_table_free(&table);
    dmumu_cascade_common_free(&common);
}

static void test_taps(void **state)
{
    (void)state;
    static const double mach[] = {0.05, 0.4, 1.0, 2.5};
    static const double mu[] = {0.0, 0.2, 0.7, 0.99, 1.0 - 1e-5};
    for (int cascade = DMUMU_CASCADE_GS95; cascade <= DMUMU_CASCADE_B06; cascade++) {
        for (int i = 0; i < 4; i++) {
            const struct dmumu_state at = state_of((enum dmumu_cascade)cascade, mach[i], i == 1 ? 5 : 1);
            for (int k = 0; k < 5; k++) {
                compare(&at, mu[k]);
            }
        }
    }
}

enum { N = 12 };

static void make_source(const struct dmumu_state *state, const struct dmumu_cascade_common *common,
                        struct dmumu_cascade_table table[static DMUMU_KRONROD_N], struct dmumu_cascade_source *source)
{
    *source = (struct dmumu_cascade_source){.common = common, .state = state};
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        const double mu = 0.5 + 0.5 * dmumu_kronrod_node[node];
        assert_int_equal(
            dmumu_cascade_table_init(common, state, mu, (1.0 - mu) * (1.0 + mu), (double)INFINITY, &table[node]),
            DMUMU_OK);
        source->table[node] = &table[node];
    }
    dmumu_cascade_source_finish(source);
}

/* Entries are what single R give, to the bit, made where chosen, and come again as they were. */
static void test_list(void **state)
{
    (void)state;
    const struct dmumu_state at = state_of(DMUMU_CASCADE_GS95, 0.5, 1);
    struct dmumu_cascade_common common = {0};
    struct dmumu_cascade_table table[DMUMU_KRONROD_N];
    struct dmumu_cascade_source source;
    struct dmumu_cascade_lattice lattice;
    struct dmumu_wave_nodes scratch = {0};
    double ratio[N];
    struct dmumu_place place[N];
    uint8_t chosen[N] = {0};
    for (int r = 0; r < N; r++) {
        ratio[r] = pow(10.0, -10.0 + 10.0 * r / (N - 1)); /* up to where the cascade's start matters */
        place[r] = dmumu_cascade_place_of(ratio[r]);
        chosen[r] = r != 2;
    }
    assert_int_equal(dmumu_cascade_common_init(&at, DMUMU_ALFVEN, 1e-4, &common), DMUMU_OK);
    make_source(&at, &common, table, &source);
    const size_t most = 1;
    atomic_size_t bytes;
    atomic_init(&bytes, 0);
    dmumu_cascade_lattice_init(&lattice, (struct dmumu_cascade_room){&bytes, &most});
    struct dmumu_cascade_ask ask = {7, N, ratio, place, chosen};
    const struct dmumu_cascade_list *list = dmumu_cascade_lattice_list(&lattice, &source, &ask, &scratch);
    assert_true(list && list->kept && !list->entry[2]);
    const struct dmumu_cascade_entry *first = list->entry[0];
    chosen[2] = 1;
    assert_true(dmumu_cascade_lattice_list(&lattice, &source, &ask, &scratch) == list && list->entry[0] == first);
    for (size_t r = 0; r < N; r++) {
        struct dmumu_cascade_column column;
        assert_int_equal(dmumu_cascade_lattice_rates(&lattice, &source, ratio[r], &place[r], &scratch, &column),
                         DMUMU_OK);
        assert_memory_equal(list->entry[r]->gyro, column.gyro, sizeof list->entry[r]->gyro);
        assert_memory_equal(list->entry[r]->gyro_error, column.gyro_error, sizeof list->entry[r]->gyro_error);
        assert_null(list->entry[r]->transit);
    }
    ask = (struct dmumu_cascade_ask){DMUMU_NO_RATIOS, N, ratio, place, chosen};
    const struct dmumu_cascade_list *own = dmumu_cascade_lattice_list(&lattice, &source, &ask, &scratch);
    assert_true(own && own != list && !own->kept);
    assert_memory_equal(own->entry[3]->gyro, list->entry[3]->gyro, sizeof own->entry[3]->gyro);
    dmumu_cascade_list_release(own);
    dmumu_cascade_list_release(list);
    ask.number = 8; /* one list is all that there is room for */
    own = dmumu_cascade_lattice_list(&lattice, &source, &ask, &scratch);
    assert_true(own && !own->kept && atomic_load(&bytes) > N * sizeof *own->entry[0]);
    dmumu_cascade_list_release(own);
    dmumu_cascade_lattice_free(&lattice);
    dmumu_wave_nodes_free(&scratch);
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        dmumu_cascade_table_free(&table[node]);
    }
    dmumu_cascade_common_free(&common);
}

/* Slow modes against the oracle, at two tolerances: within three times the error that is estimated. */
static void test_slow(void **state)
{
    (void)state;
    static const double tolerance[] = {1e-4, 1e-6};
    static const double most[] = {5e-6, 2e-7};
    struct dmumu_state at = state_of(DMUMU_CASCADE_GS95, 1.7, 1);
    at.modes[DMUMU_ALFVEN] = false;
    at.modes[DMUMU_SLOW] = true;
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 4; i++) {
            const double mu = 0.15 + 0.2 * i;
            const double larmor_ratio = 0.03 * pow(3.0, i % 2);
            const double exact = dmumu_kernel_ref(&at, larmor_ratio, mu, 1e-9).gyro[DMUMU_SLOW];
            struct dmumu_cascade_common common = {0};
            struct dmumu_cascade_table table = {0};
            struct dmumu_wave_nodes scratch = {0};
            struct dmumu_cascade_rate rate;
            assert_int_equal(dmumu_cascade_common_init(&at, DMUMU_SLOW, tolerance[k], &common), DMUMU_OK);
            assert_int_equal(
                dmumu_cascade_table_init(&common, &at, mu, (1.0 - mu) * (1.0 + mu), (double)INFINITY, &table),
                DMUMU_OK);
            assert_int_equal(dmumu_cascade_rate(&common, &at, &table, larmor_ratio, &scratch, &rate), DMUMU_OK);
            const double error = fabs(rate.gyro - exact);
            printf("slow, mu %.2f, R %.2f, tolerance %g: off by %.1e, estimated %.1e\n", mu, larmor_ratio, tolerance[k],
                   error / exact, rate.gyro_error / exact);
            assert_true(error <= 3.0 * rate.gyro_error && error <= most[k] * exact);
            dmumu_wave_nodes_free(&scratch);
            dmumu_cascade_table_free(&table);
            dmumu_cascade_common_free(&common);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_taps), cmocka_unit_test(test_list),
                                       cmocka_unit_test(test_slow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
