/* Look-up: no call but opening allocates. The linker gives this program's calls of malloc and its kin to the functions here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lookup_cubes.h"

#include <math.h>
#include <stdlib.h>

enum { N_POINTS = 100 };

static size_t n_calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    n_calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    n_calls++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    n_calls++;
    return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    n_calls++;
    return __real_aligned_alloc(alignment, size);
}

/* With a hole, for the general way. */
static double formula(const double u[static DMUMU_N_GRADIENT], const void *argument)
{
    (void)argument;
    return u[0] < 0.01 && u[3] < 0.01 ? NAN : 60.0 + u[0] + u[1] + u[2] + u[3];
}

static void looking_up_allocates_nothing(void **state)
{
    const struct lookup_grid grid = {.n = {5, 5, 5, 5}, .from = 1.0, .to = 10.0, .formula = formula};
    struct dmumu_cube_options options;
    (void)state;
    dmumu_cube_options_default(&options);
    for (int i = 0; i < DMUMU_N_INTERPOLATIONS; i++) {
        options.interpolation = (enum dmumu_interpolation)i;
        n_calls = 0;
        struct dmumu_cube *cube = lookup_cube(&grid, &options);
        assert_true(n_calls > 5); /* the counting works */
        const struct dmumu_point point = {DMUMU_HALO, 1.5, 1.2, 3.0};
        static const int32_t region = DMUMU_DISK;
        double x[N_POINTS], d[N_POINTS], gradient[N_POINTS][DMUMU_N_GRADIENT];
        struct dmumu_error error;
        for (int k = 0; k < N_POINTS; k++) {
            x[k] = 1.0 + 0.1 * k; /* the last are outside */
        }
        const struct dmumu_cube_points points = {N_POINTS, &region, x, x, x, x, {0, 1, 1, 1, 1}};
        n_calls = 0;
        assert_int_equal(dmumu_cube_eval(cube, &point, N_POINTS, x, d, &error), DMUMU_ERROR_ARGUMENT);
        assert_int_equal(dmumu_cube_eval(cube, &point, 5, NULL, d, &error), DMUMU_OK);
        assert_int_equal(dmumu_cube_eval_many(cube, &points, d, &error), DMUMU_ERROR_ARGUMENT);
        assert_int_equal(dmumu_cube_gradient(cube, &points, d, gradient, &error), DMUMU_ERROR_ARGUMENT);
        assert_int_equal(n_calls, 0);
        assert_true(isnan(d[1]) && !isnan(d[50]));
        dmumu_cube_close(cube);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looking_up_allocates_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
