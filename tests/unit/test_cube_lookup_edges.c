/* Look-up: where there is no number, or not inside, or no cube. NaN, ends of axes, axes of one value, bad files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup_cubes.h"
#include "tiny_cube.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = DMUMU_N_GRADIENT, NODES = 6 };

static struct dmumu_cube_options options_of(enum dmumu_interpolation interpolation, enum dmumu_outside outside)
{
    struct dmumu_cube_options options;
    dmumu_cube_options_default(&options);
    options.interpolation = interpolation;
    for (int i = DMUMU_AXIS_ALFVEN_MACH; i < DMUMU_N_AXES; i++) {
        options.outside[i] =
            outside == DMUMU_OUTSIDE_POWER_LAW && i != DMUMU_AXIS_RIGIDITY ? DMUMU_OUTSIDE_CLAMP : outside;
    }
    return options;
}

/* ---- NaN ---- */

/* A plain, with a hole at the node of these indices. */
static double plain(const double u[static N])
{
    return 60.0 + u[0] + 2.0 * u[1] + 3.0 * u[2] + 0.5 * u[3];
}

static double holed(const double u[static N], const void *argument)
{
    const int *hole = argument;
    bool in_it = true;
    for (int i = 0; i < N; i++) {
        in_it = in_it && (int)lround(u[i]) == hole[i];
    }
    return in_it ? NAN : plain(u);
}

static struct lookup_grid grid_with_hole(const int hole[static N])
{
    return (struct lookup_grid){
        .n = {NODES, NODES, NODES, NODES}, .from = 1.0, .to = exp(NODES - 1.0), .formula = holed, .argument = hole};
}

static void check_hole(enum dmumu_interpolation interpolation, const int hole[static N])
{
    const struct lookup_grid grid = grid_with_hole(hole);
    const struct dmumu_cube_options options = options_of(interpolation, DMUMU_OUTSIDE_ERROR);
    struct dmumu_cube *cube = lookup_cube(&grid, &options);
    assert_int_equal(dmumu_cube_about(cube)->n_nan, 2); /* one in each region */
    uint64_t random = 1;
    int n_nan = 0;
    for (int i = 0; i < 20000; i++) {
        double u[N];
        bool in_reach = true;
        for (int k = 0; k < N; k++) {
            /* near the hole and far from it, on nodes and between them */
            u[k] = 0.5 * floor(2.0 * (NODES - 1) * lookup_random(&random));
            u[k] += u[k] == floor(u[k]) ? 0.0 : 0.4 * (lookup_random(&random) - 0.5);
            in_reach = in_reach && fabs(u[k] - hole[k]) < 1.0;
        }
        double x[N];
        for (int k = 0; k < N; k++) {
            double values[LOOKUP_MOST];
            lookup_axis(&grid, k, values);
            x[k] = u[k] == floor(u[k]) ? values[(int)u[k]] : exp(u[k]);
        }
        const double found = lookup_ln(cube, DMUMU_DISK, x);
        assert_true((isnan(found) != 0) == in_reach);
        assert_true(in_reach || fabs(found - plain(u)) < 1e-11);
        n_nan += in_reach;
    }
    assert_true(n_nan > 0);
    dmumu_cube_close(cube);
}

static void nan_reaches_its_cells_and_no_further(void **state)
{
    static const int holes[][N] = {{2, 3, 2, 3}, {0, 0, 0, 0}, {NODES - 1, 2, 0, NODES - 1}};
    (void)state;
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        check_hole(DMUMU_INTERPOLATION_LINEAR, holes[i]);
        check_hole(DMUMU_INTERPOLATION_CUBIC, holes[i]);
    }
}

static void derivatives_beside_nan_are_one_sided(void **state)
{
    static const int hole[N] = {2, 2, 2, 2};
    const struct lookup_grid grid = grid_with_hole(hole);
    (void)state;
    for (int interpolation = 0; interpolation < DMUMU_N_INTERPOLATIONS; interpolation++) {
        const struct dmumu_cube_options options =
            options_of((enum dmumu_interpolation)interpolation, DMUMU_OUTSIDE_ERROR);
        struct dmumu_cube *cube = lookup_cube(&grid, &options);
        static const double wanted[N] = {1.0, 2.0, 3.0, 0.5};
        double values[LOOKUP_MOST], slope[N];
        lookup_axis(&grid, 0, values);
        double x[N] = {values[2], values[2], values[2], values[3]}; /* the node above the hole */
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        for (int i = 0; i < N; i++) {
            assert_true(fabs(slope[i] - wanted[i]) < 1e-10);
        }
        x[3] = values[1]; /* and the one below */
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        for (int i = 0; i < N; i++) {
            assert_true(fabs(slope[i] - wanted[i]) < 1e-10);
        }
        x[3] = values[2];
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        for (int i = 0; i < N; i++) {
            assert_true(isnan(slope[i]));
        }
        dmumu_cube_close(cube);
    }
}

/* ---- outside ---- */

static double curved(const double u[static N], const void *argument)
{
    (void)argument;
    return 60.0 + u[0] + 0.1 * u[0] * u[0] + 2.0 * u[1] + u[2] + 0.5 * u[3] + 0.05 * u[3] * u[3] + 0.1 * u[3] * u[1];
}

static const struct lookup_grid curved_grid = {
    .n = {NODES, NODES, NODES, NODES}, .from = 1.0, .to = 100.0, .formula = curved};

/* The status of one point, and its D. */
static enum dmumu_status eval(const struct dmumu_cube *cube, const double x[static N], double *d,
                              struct dmumu_error *error)
{
    const struct dmumu_point point = {DMUMU_HALO, x[0], x[1], x[2]};
    return dmumu_cube_eval(cube, &point, 1, &x[3], d, error);
}

static void outside_is_an_error_by_default(void **state)
{
    struct dmumu_cube *cube = lookup_cube(&curved_grid, NULL);
    static const double wrong[] = {0.9, 101.0, 0.0, -1.0, INFINITY, -INFINITY, NAN};
    (void)state;
    for (int axis = 0; axis < N; axis++) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            double x[N] = {5.0, 5.0, 5.0, 5.0}, d = 1.0;
            struct dmumu_error error = {.message = ""};
            char value[32];
            x[axis] = wrong[i];
            snprintf(value, sizeof value, "%.9g", wrong[i]);
            assert_int_equal(eval(cube, x, &d, &error), DMUMU_ERROR_ARGUMENT);
            assert_true(isnan(d));
            assert_non_null(strstr(error.message, dmumu_axis_name((enum dmumu_axis_id)(axis + 1))));
            assert_non_null(strstr(error.message, value));
            assert_non_null(strstr(error.message, "1 to 100"));
            assert_int_equal(eval(cube, x, &d, NULL), DMUMU_ERROR_ARGUMENT);
        }
        double x[N] = {5.0, 5.0, 5.0, 5.0}, d;
        x[axis] = 100.0 * (1.0 + 1e-15); /* rounding */
        assert_int_equal(eval(cube, x, &d, NULL), DMUMU_OK);
        x[axis] = 1.0 - 1e-15;
        assert_int_equal(eval(cube, x, &d, NULL), DMUMU_OK);
    }
    dmumu_cube_close(cube);
}

static void others_keep_their_value_when_one_is_outside(void **state)
{
    struct dmumu_cube *cube = lookup_cube(&curved_grid, NULL);
    const struct dmumu_point point = {DMUMU_HALO, 5.0, 6.0, 7.0};
    const double rigidity_gv[] = {2.0, 1e3, 3.0, 1e-3};
    double d[4], alone;
    struct dmumu_error error;
    (void)state;
    assert_int_equal(dmumu_cube_eval(cube, &point, 4, rigidity_gv, d, &error), DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "point 1: rigidity 1000 GV"));
    assert_true(isnan(d[1]) && isnan(d[3]));
    for (int i = 0; i < 4; i += 2) {
        assert_int_equal(dmumu_cube_eval(cube, &point, 1, &rigidity_gv[i], &alone, NULL), DMUMU_OK);
        assert_true(d[i] == alone);
    }
    dmumu_cube_close(cube);
}

static void clamped_values_are_those_of_the_end(void **state)
{
    (void)state;
    for (int interpolation = 0; interpolation < DMUMU_N_INTERPOLATIONS; interpolation++) {
        const struct dmumu_cube_options options =
            options_of((enum dmumu_interpolation)interpolation, DMUMU_OUTSIDE_CLAMP);
        struct dmumu_cube *cube = lookup_cube(&curved_grid, &options);
        for (int axis = 0; axis < N; axis++) {
            const double wrong[] = {0.5, 0.0, -INFINITY, 101.0, INFINITY};
            for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                double x[N] = {5.0, 6.0, 7.0, 8.0}, at_end[N] = {5.0, 6.0, 7.0, 8.0}, d, wanted, slope[N];
                x[axis] = wrong[i];
                at_end[axis] = wrong[i] > 1.0 ? 100.0 : 1.0;
                assert_int_equal(eval(cube, x, &d, NULL), DMUMU_OK);
                assert_int_equal(eval(cube, at_end, &wanted, NULL), DMUMU_OK);
                assert_true(d == wanted);
                lookup_slopes(cube, DMUMU_HALO, x, slope);
                assert_true(slope[axis] == 0.0);
                assert_true(slope[(axis + 1) % N] > 0.1);
            }
            double x[N] = {5.0, 6.0, 7.0, 8.0}, d;
            x[axis] = NAN;
            assert_int_equal(eval(cube, x, &d, NULL), DMUMU_ERROR_ARGUMENT);
            assert_true(isnan(d));
        }
        dmumu_cube_close(cube);
    }
}

static void rigidity_goes_on_as_a_power_law(void **state)
{
    (void)state;
    for (int linear_axis = 0; linear_axis < 2; linear_axis++) {
        for (int interpolation = 0; interpolation < DMUMU_N_INTERPOLATIONS; interpolation++) {
            struct lookup_grid grid = curved_grid;
            grid.linear[3] = linear_axis == 1;
            grid.to = 10.0;
            const struct dmumu_cube_options options =
                options_of((enum dmumu_interpolation)interpolation, DMUMU_OUTSIDE_POWER_LAW);
            struct dmumu_cube *cube = lookup_cube(&grid, &options);
            for (int end = 0; end < 2; end++) {
                const double edge = end == 1 ? 10.0 : 1.0;
                double x[N] = {5.0, 6.0, 7.0, edge}, slope_at_end[N], slope[N];
                const double at_end = lookup_ln(cube, DMUMU_DISK, x);
                lookup_slopes(cube, DMUMU_DISK, x, slope_at_end);
                for (int k = 1; k < 5; k++) {
                    x[3] = edge * pow(end == 1 ? 3.0 : 1.0 / 3.0, k);
                    const double wanted = at_end + slope_at_end[3] * log(x[3] / edge);
                    assert_true(fabs(lookup_ln(cube, DMUMU_DISK, x) - wanted) < 1e-11);
                    lookup_slopes(cube, DMUMU_DISK, x, slope);
                    assert_true(fabs(slope[3] - slope_at_end[3]) < 1e-12);
                    /* the exponent depends on beta: so does D's derivative by it, the more the further out */
                    double up[N] = {5.0, 6.0 * exp(1e-6), 7.0, x[3]}, down[N] = {5.0, 6.0 * exp(-1e-6), 7.0, x[3]};
                    const double by_difference =
                        (lookup_ln(cube, DMUMU_DISK, up) - lookup_ln(cube, DMUMU_DISK, down)) / 2e-6;
                    assert_true(fabs(slope[1] - by_difference) < 1e-6);
                }
            }
            dmumu_cube_close(cube);
        }
    }
}

static void power_law_is_for_rigidity_alone(void **state)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    (void)state;
    for (int axis = 0; axis < DMUMU_N_AXES; axis++) {
        dmumu_cube_options_default(&options);
        options.outside[axis] = axis == DMUMU_AXIS_RIGIDITY ? DMUMU_N_OUTSIDES : DMUMU_OUTSIDE_POWER_LAW;
        assert_int_equal(dmumu_cube_open("nothing.h5", &options, &cube, &error), DMUMU_ERROR_ARGUMENT);
        assert_null(cube);
        assert_non_null(strstr(error.message, dmumu_axis_name((enum dmumu_axis_id)axis)));
    }
    dmumu_cube_options_default(&options);
    options.outside[DMUMU_AXIS_REGION] = DMUMU_OUTSIDE_CLAMP;
    assert_int_equal(dmumu_cube_open("nothing.h5", &options, &cube, &error), DMUMU_ERROR_ARGUMENT);
    dmumu_cube_options_default(&options);
    options.quantity = DMUMU_N_QUANTITIES;
    assert_int_equal(dmumu_cube_open("nothing.h5", &options, &cube, &error), DMUMU_ERROR_ARGUMENT);
}

/* ---- axes of one or two values ---- */

static void axes_of_one_value_are_fine(void **state)
{
    const struct lookup_grid grid = {.n = {1, 2, 1, 1}, .from = 1.0, .to = 100.0, .formula = curved};
    (void)state;
    for (int interpolation = 0; interpolation < DMUMU_N_INTERPOLATIONS; interpolation++) {
        struct dmumu_cube_options options = options_of((enum dmumu_interpolation)interpolation, DMUMU_OUTSIDE_ERROR);
        struct dmumu_cube *cube = lookup_cube(&grid, &options);
        double x[N] = {1.0, 10.0, 1.0, 1.0}, slope[N], d;
        const double half[N] = {0.0, log(10.0), 0.0, 0.0};
        assert_true(fabs(lookup_ln(cube, DMUMU_DISK, x) - curved(half, NULL)) < 1e-12);
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        assert_true(fabs(slope[1] - 2.0) < 1e-12);
        assert_true(isnan(slope[0]) && isnan(slope[2]) && isnan(slope[3])); /* the cube does not know */
        x[0] = 1.1;
        assert_int_equal(eval(cube, x, &d, NULL), DMUMU_ERROR_ARGUMENT);
        dmumu_cube_close(cube);
        options = options_of((enum dmumu_interpolation)interpolation, DMUMU_OUTSIDE_CLAMP);
        cube = lookup_cube(&grid, &options);
        assert_true(fabs(lookup_ln(cube, DMUMU_DISK, x) - curved(half, NULL)) < 1e-12);
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        assert_true(slope[0] == 0.0 && isnan(slope[2]));
        dmumu_cube_close(cube);
    }
    struct dmumu_cube_options options = options_of(DMUMU_INTERPOLATION_CUBIC, DMUMU_OUTSIDE_POWER_LAW);
    struct dmumu_cube *cube;
    struct dmumu_error error;
    char *path = lookup_file(&grid);
    assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "one rigidity"));
    unlink(path);
    free(path);
}

static void regions_are_chosen_never_clamped(void **state)
{
    const struct dmumu_cube_options options = options_of(DMUMU_INTERPOLATION_CUBIC, DMUMU_OUTSIDE_CLAMP);
    struct dmumu_cube *cube = lookup_cube(&curved_grid, &options);
    struct dmumu_error error;
    (void)state;
    for (int region = -1; region < 4; region++) {
        const struct dmumu_point point = {(enum dmumu_region)region, 5.0, 5.0, 5.0};
        double d;
        const enum dmumu_status status = dmumu_cube_eval(cube, &point, 1, (const double[]){5.0}, &d, &error);
        assert_true((status == DMUMU_OK) == (region == 0 || region == 1));
        assert_true((isnan(d) != 0) == (status != DMUMU_OK));
    }
    dmumu_cube_close(cube);
}

static void room_for_the_cubes_rigidities_is_checked(void **state)
{
    struct dmumu_cube *cube = lookup_cube(&curved_grid, NULL);
    const struct dmumu_point point = {DMUMU_DISK, 5.0, 5.0, 5.0};
    double d[NODES];
    (void)state;
    assert_int_equal(dmumu_cube_eval(cube, &point, NODES - 1, NULL, d, NULL), DMUMU_ERROR_ARGUMENT);
    assert_int_equal(dmumu_cube_eval(cube, &point, NODES, NULL, d, NULL), DMUMU_OK);
    dmumu_cube_close(cube);
}

/* ---- files ---- */

static void an_unfinished_scan_is_refused_unless_asked_for(void **state)
{
    struct lookup_grid grid = curved_grid;
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    (void)state;
    grid.n_pending = 3;
    char *path = lookup_file(&grid);
    dmumu_cube_options_default(&options);
    assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_ERROR_FILE);
    assert_null(cube);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "not complete: 3 of 432 curves are pending"));
    options.partial = true;
    assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_OK);
    const struct dmumu_cube_about *about = dmumu_cube_about(cube);
    assert_true(about->n_curves - about->n_done == 3);
    assert_true(about->n_nan == 3 * NODES);
    const double at_end[N] = {100.0, 100.0, 100.0, 5.0}, before[N] = {100.0, 100.0, 5.0, 5.0};
    assert_true(isnan(lookup_ln(cube, DMUMU_HALO, at_end)) != 0);
    assert_true(isnan(lookup_ln(cube, DMUMU_HALO, before)) == 0);
    assert_true(isnan(lookup_ln(cube, DMUMU_DISK, at_end)) == 0);
    dmumu_cube_close(cube);
    unlink(path);
    free(path);
}

static void what_the_cube_is_can_be_asked(void **state)
{
    struct dmumu_cube *cube = lookup_cube(&curved_grid, NULL);
    const struct dmumu_cube_about *about = dmumu_cube_about(cube);
    double values[LOOKUP_MOST];
    (void)state;
    lookup_axis(&curved_grid, 3, values);
    assert_int_equal(about->axis[DMUMU_AXIS_RIGIDITY].n, NODES);
    assert_memory_equal(about->axis[DMUMU_AXIS_RIGIDITY].values, values, NODES * sizeof values[0]);
    assert_true(about->axis[DMUMU_AXIS_RIGIDITY].log_spaced);
    assert_int_equal(about->axis[DMUMU_AXIS_REGION].n, 2);
    assert_true(about->has_quantity[DMUMU_QUANTITY_D] && about->has_quantity[DMUMU_QUANTITY_D_ALFVEN]);
    assert_false(about->has_quantity[DMUMU_QUANTITY_D_FAST]);
    assert_string_equal(about->title, "A test");
    assert_string_equal(about->configuration, "title: A test\n");
    assert_int_equal(strlen(about->data_hash), 64);
    assert_int_equal(strlen(about->physics_hash), 64);
    dmumu_cube_close(cube);
    dmumu_cube_close(NULL);
}

static void quantities_that_are_not_there_are_refused(void **state)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    char *path = lookup_file(&curved_grid);
    (void)state;
    dmumu_cube_options_default(&options);
    options.quantity = DMUMU_QUANTITY_D_FAST;
    assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "D_fast"));
    assert_non_null(strstr(error.message, path));
    options.quantity = DMUMU_QUANTITY_D_ALFVEN; /* which the test's cube has, without a value */
    assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_OK);
    const double x[N] = {5.0, 5.0, 5.0, 5.0};
    assert_true(isnan(lookup_ln(cube, DMUMU_DISK, x)));
    dmumu_cube_close(cube);
    unlink(path);
    free(path);
}

/* Change the byte in the middle of D. */
static void spoil(const char *path)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), dataset = H5Dopen2(file, "D", H5P_DEFAULT);
    const haddr_t at = H5Dget_offset(dataset) + H5Dget_storage_size(dataset) / 2;
    H5Dclose(dataset);
    H5Fclose(file);
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, (long)at, SEEK_SET), 0);
    const int byte = fgetc(stream);
    assert_int_equal(fseek(stream, (long)at, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ 4, stream), EOF);
    assert_int_equal(fclose(stream), 0);
}

static void damaged_files_are_refused(void **state)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error;
    char *path = lookup_file(&curved_grid);
    (void)state;
    dmumu_cube_options_default(&options);
    spoil(path);
    for (int guard = 0; guard < 2; guard++) {
        options.guard = guard == 1;
        assert_int_equal(dmumu_cube_open(path, &options, &cube, &error), DMUMU_ERROR_FILE);
        assert_null(cube);
        assert_non_null(strstr(error.message, path));
        assert_non_null(strstr(error.message, "checksum"));
    }
    assert_int_equal(truncate(path, 3000), 0);
    assert_int_equal(dmumu_cube_open(path, NULL, &cube, &error), DMUMU_ERROR_FILE);
    assert_non_null(strstr(error.message, path));
    unlink(path);
    assert_int_equal(dmumu_cube_open(path, NULL, &cube, &error), DMUMU_ERROR_FILE);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(dmumu_cube_open("/", NULL, &cube, NULL), DMUMU_ERROR_FILE);
    free(path);
}

static void axes_without_a_logarithm_are_refused(void **state)
{
    static const double region[] = {0}, mach[] = {0.0, 1.0}, one[] = {1.0}, near[] = {1.0, 1.0 + 0x1p-52};
    const struct dmumu_cube_axis axis[2] = {{2, mach, true}, {2, near, false}};
    struct dmumu_cube_spec spec = tiny_cube_spec();
    struct dmumu_cube *cube;
    struct dmumu_error error;
    double d[2] = {1e28, 2e28};
    uint8_t quality[2] = {0};
    char path[4096];
    const char *folder = getenv("DMUMU_TEST_DIR");
    (void)state;
    snprintf(path, sizeof path, "%s/axes.%d.h5", folder != NULL ? folder : "/tmp", (int)getpid());
    for (int i = 0; i < 2; i++) {
        spec.axis[0] = (struct dmumu_cube_axis){1, region, false};
        spec.axis[1] = axis[i];
        spec.axis[2] = spec.axis[3] = spec.axis[4] = (struct dmumu_cube_axis){1, one, true};
        assert_true(tiny_cube_write(path, &spec, 2, d, quality));
        const enum dmumu_status status = dmumu_cube_open(path, NULL, &cube, &error);
        assert_true((status == DMUMU_OK) == (i == 1));
        assert_true(i == 1 || strstr(error.message, "alfven_mach") != NULL);
        if (status == DMUMU_OK) { /* two nodes a bit apart, and nothing between them */
            const struct dmumu_point point = {DMUMU_DISK, near[1], 1.0, 1.0};
            assert_int_equal(dmumu_cube_eval(cube, &point, 1, one, d, NULL), DMUMU_OK);
            assert_true(d[0] == 2e28);
            d[0] = 1e28;
        }
        dmumu_cube_close(cube);
    }
    unlink(path);
}

/* A library does not change how its caller's HDF5 prints. */
static void hdf5_prints_errors_as_before(void **state)
{
    H5E_auto2_t before, after;
    void *data;
    struct dmumu_cube *cube;
    (void)state;
    H5Eget_auto2(H5E_DEFAULT, &before, &data);
    assert_int_equal(dmumu_cube_open("no such file", NULL, &cube, NULL), DMUMU_ERROR_FILE);
    H5Eget_auto2(H5E_DEFAULT, &after, &data);
    assert_true(before == after && before != NULL);
}

/* ---- bindings ---- */

static void the_table_of_structs_is_theirs(void **state)
{
    size_t n, n_structs = 0;
    const struct dmumu_abi_entry *table = dmumu_abi_table(&n);
    (void)state;
    assert_string_equal(dmumu_version(), DMUMU_VERSION);
    for (size_t i = 0; i < n; i++) {
        n_structs += table[i].field[0] == '\0';
        assert_true(table[i].size > 0);
        if (strcmp(table[i].struct_name, "dmumu_cube_options") == 0 && strcmp(table[i].field, "guard") == 0) {
            assert_int_equal(table[i].offset, offsetof(struct dmumu_cube_options, guard));
        }
        if (strcmp(table[i].struct_name, "dmumu_cube_points") == 0 && table[i].field[0] == '\0') {
            assert_int_equal(table[i].size, sizeof(struct dmumu_cube_points));
        }
        if (table[i].field[0] != '\0') { /* fields follow their struct, one after the other, within it */
            size_t head = i;
            while (table[head].field[0] != '\0') {
                head--;
            }
            assert_string_equal(table[head].struct_name, table[i].struct_name);
            assert_true(table[i].offset + table[i].size <= table[head].size);
            assert_true(i == head + 1 || table[i].offset >= table[i - 1].offset + table[i - 1].size);
        }
    }
    assert_int_equal(n_structs, 25);
}

static void names_are_the_cubes(void **state)
{
    (void)state;
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        assert_string_equal(dmumu_axis_name((enum dmumu_axis_id)i), dmumu_cube_axis_field(i)->name);
        assert_string_equal(dmumu_axis_units((enum dmumu_axis_id)i), dmumu_cube_axis_field(i)->units);
    }
    for (int i = 0; i < DMUMU_N_QUANTITIES; i++) {
        assert_string_equal(dmumu_quantity_name((enum dmumu_quantity)i),
                            dmumu_cube_variable_field((enum dmumu_cube_variable)i)->name);
    }
    assert_string_equal(dmumu_interpolation_name(DMUMU_INTERPOLATION_CUBIC), "cubic");
    assert_string_equal(dmumu_outside_name(DMUMU_OUTSIDE_POWER_LAW), "power_law");
    assert_null(dmumu_outside_name(DMUMU_N_OUTSIDES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hdf5_prints_errors_as_before),
        cmocka_unit_test(nan_reaches_its_cells_and_no_further),
        cmocka_unit_test(derivatives_beside_nan_are_one_sided),
        cmocka_unit_test(outside_is_an_error_by_default),
        cmocka_unit_test(others_keep_their_value_when_one_is_outside),
        cmocka_unit_test(clamped_values_are_those_of_the_end),
        cmocka_unit_test(rigidity_goes_on_as_a_power_law),
        cmocka_unit_test(power_law_is_for_rigidity_alone),
        cmocka_unit_test(axes_of_one_value_are_fine),
        cmocka_unit_test(regions_are_chosen_never_clamped),
        cmocka_unit_test(room_for_the_cubes_rigidities_is_checked),
        cmocka_unit_test(an_unfinished_scan_is_refused_unless_asked_for),
        cmocka_unit_test(what_the_cube_is_can_be_asked),
        cmocka_unit_test(quantities_that_are_not_there_are_refused),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(axes_without_a_logarithm_are_refused),
        cmocka_unit_test(the_table_of_structs_is_theirs),
        cmocka_unit_test(names_are_the_cubes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
