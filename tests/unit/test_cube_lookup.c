/* Look-up: the numbers. Nodes, multilinear against its definition, cubic against functions, derivatives, threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup_cubes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = DMUMU_N_GRADIENT, N_RANDOM = 2000 };

static struct dmumu_cube_options options_of(enum dmumu_interpolation interpolation)
{
    struct dmumu_cube_options options;
    dmumu_cube_options_default(&options);
    options.interpolation = interpolation;
    return options;
}

/* A point anywhere within the grid. */
static void random_point(const struct lookup_grid *grid, uint64_t *state, double x[static N])
{
    for (int i = 0; i < N; i++) {
        const double t = lookup_random(state);
        x[i] = grid->linear[i] ? grid->from + (grid->to - grid->from) * t : grid->from * pow(grid->to / grid->from, t);
    }
}

/* ---- formulas ---- */

/* Nothing smooth: a hash of u. */
static double rough(const double u[static N], const void *argument)
{
    uint64_t state = 1;
    (void)argument;
    for (int i = 0; i < N; i++) {
        uint64_t bits;
        memcpy(&bits, &u[i], sizeof bits);
        state = (state ^ bits) * 0x9e3779b97f4a7c15u;
        state ^= state >> 29;
    }
    return 60.0 + 10.0 * lookup_random(&state);
}

static double smooth(const double u[static N], const void *argument)
{
    (void)argument;
    return 60.0 + 0.8 * u[0] + tanh(0.7 * u[1]) + exp(0.3 * u[2]) + 0.4 * u[3] + 0.3 * atan(u[3] - 0.5 * u[1]) +
           0.1 * u[0] * u[2];
}

static double quadratic(const double u[static N], const void *argument)
{
    (void)argument;
    return 60.0 + 2.0 * u[0] + 0.1 * u[0] * u[0] + 3.0 * u[1] - 0.1 * u[1] * u[1] + 2.0 * u[2] + 4.0 * u[3] +
           0.2 * u[3] * u[3] + 0.05 * u[0] * u[3];
}

/* Up along every axis, with steps and plains. */
static double stairs(const double u[static N], const void *argument)
{
    double sum = 60.0;
    (void)argument;
    for (int i = 0; i < N; i++) {
        sum += floor(2.0 * u[i]) + 0.01 * u[i];
    }
    return sum;
}

static const struct lookup_grid rough_grid = {
    .n = {6, 5, 4, 7}, .linear = {[1] = true}, .uneven = true, .from = 0.5, .to = 20.0, .formula = rough};

/* Large enough to be laid out in bricks. */
static const struct lookup_grid large_grid = {.n = {20, 24, 16, 40}, .from = 0.5, .to = 20.0, .formula = rough};

/* ---- nodes ---- */

static void nodes_are_exact(const struct lookup_grid *grid, enum dmumu_interpolation interpolation)
{
    const struct dmumu_cube_options options = options_of(interpolation);
    struct dmumu_cube *cube = lookup_cube(grid, &options);
    const struct dmumu_cube_axis *axis = dmumu_cube_about(cube)->axis;
    double d[LOOKUP_MOST];
    for (size_t m = 0; m < axis[1].n; m++) {
        for (size_t b = 0; b < axis[2].n; b++) {
            for (size_t l = 0; l < axis[3].n; l++) {
                const struct dmumu_point point = {DMUMU_DISK, axis[1].values[m], axis[2].values[b], axis[3].values[l]};
                assert_int_equal(dmumu_cube_eval(cube, &point, axis[4].n, NULL, d, NULL), DMUMU_OK);
                for (size_t r = 0; r < axis[4].n; r++) {
                    const double x[N] = {axis[1].values[m], axis[2].values[b], axis[3].values[l], axis[4].values[r]};
                    double u[N];
                    for (int i = 0; i < N; i++) {
                        u[i] = grid->linear[i] ? x[i] : log(x[i]);
                    }
                    const double wanted = exp(grid->formula(u, NULL));
                    assert_memory_equal(&d[r], &wanted, sizeof wanted);
                }
            }
        }
    }
    dmumu_cube_close(cube);
}

static void values_at_nodes_are_the_cubes_to_the_bit(void **state)
{
    (void)state;
    nodes_are_exact(&rough_grid, DMUMU_INTERPOLATION_LINEAR);
    nodes_are_exact(&rough_grid, DMUMU_INTERPOLATION_CUBIC);
    nodes_are_exact(&large_grid, DMUMU_INTERPOLATION_LINEAR);
    nodes_are_exact(&large_grid, DMUMU_INTERPOLATION_CUBIC);
}

/* ---- multilinear ---- */

/* The cell of x, by counting; t within it. */
static size_t cell_of(const struct lookup_grid *grid, const double values[], size_t n, int axis, double x, double *t)
{
    size_t i = 0;
    while (i + 2 < n && values[i + 1] <= x) {
        i++;
    }
    *t = grid->linear[axis] ? (x - values[i]) / (values[i + 1] - values[i])
                            : log(x / values[i]) / log(values[i + 1] / values[i]);
    return i;
}

/* Sum over sixteen corners of weight times value; the least and the greatest corner as well. */
static double by_definition(const struct lookup_grid *grid, const double x[static N], double *least, double *greatest)
{
    double values[LOOKUP_MOST], corner[N][2], t[N], sum = 0.0;
    for (int i = 0; i < N; i++) {
        lookup_axis(grid, i, values);
        const size_t cell = cell_of(grid, values, grid->n[i], i, x[i], &t[i]);
        for (int k = 0; k < 2; k++) {
            corner[i][k] = grid->linear[i] ? values[cell + (size_t)k] : log(values[cell + (size_t)k]);
        }
    }
    *least = INFINITY;
    *greatest = -INFINITY;
    for (int c = 0; c < 16; c++) {
        double u[N], weight = 1.0;
        for (int i = 0; i < N; i++) {
            u[i] = corner[i][c >> i & 1];
            weight *= c >> i & 1 ? t[i] : 1.0 - t[i];
        }
        const double value = grid->formula(u, grid->argument);
        sum += weight * value;
        *least = fmin(*least, value);
        *greatest = fmax(*greatest, value);
    }
    return sum;
}

static void multilinear_is_the_sum_over_corners(void **state)
{
    const struct dmumu_cube_options options = options_of(DMUMU_INTERPOLATION_LINEAR);
    const struct lookup_grid *grids[] = {&rough_grid, &large_grid};
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct dmumu_cube *cube = lookup_cube(grids[g], &options);
        uint64_t random = 1;
        for (int i = 0; i < N_RANDOM; i++) {
            double x[N], least, greatest;
            random_point(grids[g], &random, x);
            const double wanted = by_definition(grids[g], x, &least, &greatest);
            assert_true(fabs(lookup_ln(cube, DMUMU_DISK, x) - wanted) < 1e-12);
            assert_true(fabs(lookup_ln(cube, DMUMU_HALO, x) - wanted - log(10.0)) < 1e-12);
        }
        dmumu_cube_close(cube);
    }
}

/* ---- cubic ---- */

static void cubic_stays_between_the_corners(void **state)
{
    const struct lookup_grid *grids[] = {&rough_grid, &large_grid};
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct dmumu_cube *cube = lookup_cube(grids[g], NULL);
        uint64_t random = 2;
        double largest_share = 0.0;
        for (int i = 0; i < N_RANDOM; i++) {
            double x[N], least, greatest;
            random_point(grids[g], &random, x);
            const double linear = by_definition(grids[g], x, &least, &greatest), found = lookup_ln(cube, DMUMU_DISK, x);
            assert_true(found > least - 1e-12 && found < greatest + 1e-12);
            largest_share = fmax(largest_share, fabs(found - linear));
        }
        assert_true(largest_share > 0.1); /* and is not the multilinear one */
        dmumu_cube_close(cube);
    }
}

static void cubic_rises_where_nodes_rise(void **state)
{
    const struct lookup_grid grid = {.n = {9, 9, 9, 9}, .uneven = true, .from = 0.5, .to = 20.0, .formula = stairs};
    struct dmumu_cube *cube = lookup_cube(&grid, NULL);
    (void)state;
    for (int axis = 0; axis < N; axis++) {
        double x[N], values[LOOKUP_MOST], last = -INFINITY;
        for (int i = 0; i < N; i++) {
            lookup_axis(&grid, i, values);
            x[i] = values[4];
        }
        for (int k = 0; k <= 1000; k++) {
            x[axis] = fmin(grid.from * pow(grid.to / grid.from, k / 1000.0), grid.to);
            const double found = lookup_ln(cube, DMUMU_DISK, x);
            assert_true(found >= last - 1e-13);
            last = found;
        }
    }
    dmumu_cube_close(cube);
}

/* Where no slope is limited a quadratic comes back; at the ends of an axis, too. */
static void cubic_gives_quadratics_back(void **state)
{
    const struct lookup_grid grid = {.n = {7, 6, 5, 9}, .uneven = true, .from = 0.5, .to = 20.0, .formula = quadratic};
    struct dmumu_cube *cube = lookup_cube(&grid, NULL);
    uint64_t random = 3;
    (void)state;
    for (int i = 0; i < N_RANDOM; i++) {
        double x[N], u[N];
        random_point(&grid, &random, x);
        for (int k = 0; k < N; k++) {
            u[k] = log(x[k]);
        }
        assert_true(fabs(lookup_ln(cube, DMUMU_DISK, x) - quadratic(u, NULL)) < 1e-11);
    }
    dmumu_cube_close(cube);
}

/* Largest error at points of which the cubic sees a grid of n nodes along each axis. */
static double largest_error(size_t n, enum dmumu_interpolation interpolation)
{
    const struct lookup_grid grid = {.n = {n, n, n, n}, .from = 0.5, .to = 5.0, .formula = smooth};
    const struct dmumu_cube_options options = options_of(interpolation);
    struct dmumu_cube *cube = lookup_cube(&grid, &options);
    uint64_t random = 4;
    double largest = 0.0;
    for (int i = 0; i < N_RANDOM; i++) {
        double x[N], u[N];
        random_point(&grid, &random, x);
        for (int k = 0; k < N; k++) {
            u[k] = log(x[k]);
        }
        largest = fmax(largest, fabs(lookup_ln(cube, DMUMU_DISK, x) - smooth(u, NULL)));
    }
    dmumu_cube_close(cube);
    return largest;
}

static void errors_fall_with_the_order(void **state)
{
    (void)state;
    const double linear[2] = {largest_error(9, DMUMU_INTERPOLATION_LINEAR),
                              largest_error(17, DMUMU_INTERPOLATION_LINEAR)};
    const double cubic[2] = {largest_error(9, DMUMU_INTERPOLATION_CUBIC), largest_error(17, DMUMU_INTERPOLATION_CUBIC)};
    const double order[2] = {log2(linear[0] / linear[1]), log2(cubic[0] / cubic[1])};
    print_message("order of the multilinear one %.2f, of the cubic one %.2f; errors with 17 nodes %.1e, %.1e\n",
                  order[0], order[1], linear[1], cubic[1]);
    assert_true(order[0] > 1.8 && order[0] < 2.2);
    assert_true(order[1] > 2.7);
    assert_true(cubic[1] < 0.1 * linear[1]);
}

/* ---- many points, derivatives, threads ---- */

/* Points in arrays of their own. */
struct points {
    int32_t region[N_RANDOM];
    double x[N][N_RANDOM], d[N_RANDOM], gradient[N_RANDOM][N];
};

static struct dmumu_cube_points view(const struct points *points)
{
    return (struct dmumu_cube_points){.n = N_RANDOM,
                                      .region = points->region,
                                      .alfven_mach = points->x[0],
                                      .beta = points->x[1],
                                      .injection_scale_pc = points->x[2],
                                      .rigidity_gv = points->x[3],
                                      .stride = {1, 1, 1, 1, 1}};
}

static struct points *points_new(const struct lookup_grid *grid)
{
    struct points *points = calloc(1, sizeof *points);
    uint64_t random = 5;
    assert_non_null(points);
    for (int i = 0; i < N_RANDOM; i++) {
        double x[N];
        random_point(grid, &random, x);
        points->region[i] = i % 3 == 0 ? DMUMU_HALO : DMUMU_DISK;
        for (int k = 0; k < N; k++) {
            points->x[k][i] = x[k];
        }
    }
    return points;
}

static void many_are_as_one_by_one(const struct lookup_grid *grid, enum dmumu_interpolation interpolation)
{
    const struct dmumu_cube_options options = options_of(interpolation);
    struct dmumu_cube *cube = lookup_cube(grid, &options);
    struct points *points = points_new(grid);
    struct dmumu_cube_points many = view(points);
    assert_int_equal(dmumu_cube_eval_many(cube, &many, points->d, NULL), DMUMU_OK);
    for (int i = 0; i < N_RANDOM; i++) {
        const struct dmumu_point point = {(enum dmumu_region)points->region[i], points->x[0][i], points->x[1][i],
                                          points->x[2][i]};
        double d;
        assert_int_equal(dmumu_cube_eval(cube, &point, 1, &points->x[3][i], &d, NULL), DMUMU_OK);
        assert_memory_equal(&d, &points->d[i], sizeof d);
    }
    many.stride[DMUMU_AXIS_BETA] = many.stride[DMUMU_AXIS_REGION] = 0; /* one beta, one region for all */
    assert_int_equal(dmumu_cube_eval_many(cube, &many, points->d, NULL), DMUMU_OK);
    for (int i = 0; i < N_RANDOM; i++) {
        const double x[N] = {points->x[0][i], points->x[1][0], points->x[2][i], points->x[3][i]};
        assert_true(log(points->d[i]) == lookup_ln(cube, DMUMU_HALO, x));
    }
    free(points);
    dmumu_cube_close(cube);
}

static void many_points_are_as_one_by_one_to_the_bit(void **state)
{
    (void)state;
    many_are_as_one_by_one(&rough_grid, DMUMU_INTERPOLATION_LINEAR);
    many_are_as_one_by_one(&rough_grid, DMUMU_INTERPOLATION_CUBIC);
    many_are_as_one_by_one(&large_grid, DMUMU_INTERPOLATION_CUBIC);
}

/* Central differences of the look-up itself; a point where it bends within the step is passed over, and counted. */
static void check_gradient(const struct lookup_grid *grid, enum dmumu_interpolation interpolation)
{
    const struct dmumu_cube_options options = options_of(interpolation);
    struct dmumu_cube *cube = lookup_cube(grid, &options);
    const double h = 1e-6;
    uint64_t random = 6;
    int n_bent = 0;
    for (int i = 0; i < N_RANDOM / 4; i++) {
        double x[N], slope[N];
        random_point(grid, &random, x);
        lookup_slopes(cube, DMUMU_DISK, x, slope);
        const double here = lookup_ln(cube, DMUMU_DISK, x);
        for (int k = 0; k < N; k++) {
            double up[N], down[N];
            memcpy(up, x, sizeof up);
            memcpy(down, x, sizeof down);
            up[k] *= exp(h);
            down[k] *= exp(-h);
            const double above = lookup_ln(cube, DMUMU_DISK, up), below = lookup_ln(cube, DMUMU_DISK, down);
            if (!(fabs(above - 2.0 * here + below) < 1e-9)) {
                n_bent++;
                continue;
            }
            assert_true(fabs(slope[k] - (above - below) / (2.0 * h)) < 1e-6 * (1.0 + fabs(slope[k])) + 2e-7);
        }
    }
    assert_true(n_bent < N_RANDOM / 100);
    dmumu_cube_close(cube);
}

static void derivatives_are_those_of_the_value(void **state)
{
    const struct lookup_grid even = {
        .n = {9, 8, 7, 12}, .linear = {[2] = true}, .from = 0.5, .to = 5.0, .formula = smooth};
    (void)state;
    check_gradient(&even, DMUMU_INTERPOLATION_LINEAR);
    check_gradient(&even, DMUMU_INTERPOLATION_CUBIC);
    check_gradient(&rough_grid, DMUMU_INTERPOLATION_LINEAR);
    check_gradient(&rough_grid, DMUMU_INTERPOLATION_CUBIC);
}

static void threads_share_a_cube(void **state)
{
    struct dmumu_cube *cube = lookup_cube(&large_grid, NULL);
    struct points *alone = points_new(&large_grid);
    const struct dmumu_cube_points many = view(alone);
    int n_wrong = 0;
    (void)state;
    assert_int_equal(dmumu_cube_gradient(cube, &many, alone->d, alone->gradient, NULL), DMUMU_OK);
#pragma omp parallel for num_threads(4) schedule(dynamic) default(none) shared(cube, alone, many) reduction(+ : n_wrong)
    for (int k = 0; k < 8; k++) {
        struct points *ours = malloc(sizeof *ours);
        n_wrong += ours == NULL || dmumu_cube_gradient(cube, &many, ours->d, ours->gradient, NULL) != DMUMU_OK;
        for (int i = 0; ours != NULL && i < N_RANDOM; i++) {
            n_wrong += ours->d[i] != alone->d[i];
            for (int axis = 0; axis < N; axis++) {
                n_wrong += ours->gradient[i][axis] != alone->gradient[i][axis];
            }
        }
        free(ours);
    }
    assert_int_equal(n_wrong, 0);
    free(alone);
    dmumu_cube_close(cube);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_at_nodes_are_the_cubes_to_the_bit),
        cmocka_unit_test(multilinear_is_the_sum_over_corners),
        cmocka_unit_test(cubic_stays_between_the_corners),
        cmocka_unit_test(cubic_rises_where_nodes_rise),
        cmocka_unit_test(cubic_gives_quadratics_back),
        cmocka_unit_test(errors_fall_with_the_order),
        cmocka_unit_test(many_points_are_as_one_by_one_to_the_bit),
        cmocka_unit_test(derivatives_are_those_of_the_value),
        cmocka_unit_test(threads_share_a_cube),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
