/* Curves of a side file: whatever the room, each value is where it belongs, and what was not put is NaN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/side_curves.h"

#include <math.h>
#include <stdlib.h>

enum { N_MODELS = 2, N_CURVES = 2 * 3 * 2 * 4, N_RIGIDITIES = 3, N = N_CURVES * N_RIGIDITIES };

static const hsize_t length[DMUMU_CUBE_N_AXES + 1] = {N_MODELS, 2, 3, 2, 4, N_RIGIDITIES};
static const double ln_model[N_MODELS][N_RIGIDITIES] = {{60.0, 61.0, 62.0}, {63.0, 62.0, 61.0}};

static double ln_d_of(size_t curve, size_t i)
{
    return i == 1 && curve % 7 == 3 ? (double)NAN : 64.0 + 0.01 * (double)curve + 0.001 * (double)i;
}

static double slope_of(size_t curve, size_t i)
{
    return 0.3 + (double)curve - (double)i;
}

/* Pending curves, one alone and a whole half of the grid. */
static bool is_put(size_t curve)
{
    return curve != 5 && (curve < 18 || curve >= 36);
}

static void put_all(struct dmumu_side_curves *curves)
{
    struct dmumu_error error = {0};
    for (size_t curve = 0; curve < N_CURVES; curve++) {
        double ln_d[N_RIGIDITIES], slope[N_RIGIDITIES];
        for (size_t i = 0; i < N_RIGIDITIES; i++) {
            ln_d[i] = ln_d_of(curve, i);
            slope[i] = slope_of(curve, i);
        }
        if (is_put(curve)) {
            assert_int_equal(dmumu_side_curves_put(curves, curve, ln_d, slope, &error), DMUMU_OK);
        }
    }
    assert_int_equal(dmumu_side_curves_flush(curves, &error), DMUMU_OK);
}

static void assert_value(float found, double wanted)
{
    assert_true(isnan(wanted) ? isnan(found) : fabs((double)found - wanted) < 1e-5);
}

static void check(const struct dmumu_side_curves *curves)
{
    static float slope[N], deviation[N_MODELS][N];
    assert_true(H5Dread(dmumu_side_curves_slope(curves), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, slope) >= 0);
    assert_true(
        H5Dread(dmumu_side_curves_deviation(curves), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, deviation) >= 0);
    for (size_t curve = 0; curve < N_CURVES; curve++) {
        for (size_t i = 0; i < N_RIGIDITIES; i++) {
            const double missing = is_put(curve) ? 0.0 : (double)NAN;
            const size_t at = curve * N_RIGIDITIES + i;
            assert_value(slope[at], missing + slope_of(curve, i));
            for (size_t m = 0; m < N_MODELS; m++) {
                assert_value(deviation[m][at], missing + ln_d_of(curve, i) - ln_model[m][i]);
            }
        }
    }
}

static void values_are_in_place_for_any_room(void **state)
{
    static const size_t rooms[] = {0, 1,   N_RIGIDITIES, 4 * N_RIGIDITIES, 8 * N_RIGIDITIES + 1, 24 * N_RIGIDITIES,
                                   N, 1000};
    (void)state;
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
        struct dmumu_error error = {0};
        struct dmumu_side_curves *curves = NULL;
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        H5Pset_fapl_core(access, 1 << 16, false);
        const hid_t file = H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
        assert_int_equal(dmumu_side_curves_new(file, length, ln_model[0], rooms[r], &curves, &error), DMUMU_OK);
        put_all(curves);
        check(curves);
        dmumu_side_curves_close(curves);
        assert_int_equal(H5Fget_obj_count(file, H5F_OBJ_DATASET), 0);
        H5Fclose(file);
        H5Pclose(access);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_in_place_for_any_room)};
    return cmocka_run_group_tests_name("side_curves", tests, NULL, NULL);
}
