/* Curves as HDF5 selections: any set of curves selects exactly its own values, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/rows.h"

enum { N_CURVES = 2 * 3 * 4 * 5, N_RIGIDITY = 3 };

static const size_t shape[DMUMU_CUBE_N_AXES] = {2, 3, 4, 5, N_RIGIDITY};

/* Where the selection says that its values go, against where they should: curve * row + k, in order. */
static void assert_selects(int n_axes, size_t n, const uint64_t curve[])
{
    struct dmumu_cube_run runs[N_CURVES];
    struct dmumu_cube_rows rows;
    const size_t row = n_axes == DMUMU_CUBE_N_AXES ? N_RIGIDITY : 1;
    int file[N_CURVES * N_RIGIDITY], memory[N_CURVES * N_RIGIDITY];
    for (int i = 0; i < N_CURVES * N_RIGIDITY; i++) {
        file[i] = i;
        memory[i] = -1;
    }
    const size_t n_runs = dmumu_cube_runs_join(n, curve, runs);
    assert_true(dmumu_cube_rows_select(shape, n_axes, n_runs, runs, &rows));
    assert_int_equal(H5Sget_select_npoints(rows.file_space), n * row);
    assert_int_equal(H5Sget_select_npoints(rows.memory_space), n * row);
    if (n > 0) {
        /* gathers the selected elements in the selection's own order, as H5Dread would */
        assert_true(H5Dgather(rows.file_space, file, H5T_NATIVE_INT, sizeof memory, memory, NULL, NULL) >= 0);
    }
    for (size_t i = 0; i < n * row; i++) {
        assert_int_equal(memory[i], curve[i / row] * row + i % row);
    }
    dmumu_cube_rows_close(&rows);
}

static void nothing_selects_nothing(void **state)
{
    (void)state;
    assert_selects(5, 0, NULL);
    assert_selects(4, 0, NULL);
}

static void every_run_selects_itself(void **state)
{
    uint64_t curve[N_CURVES];
    (void)state;
    for (uint64_t first = 0; first < N_CURVES; first++) {
        for (uint64_t count = 1; first + count <= N_CURVES; count++) {
            for (uint64_t i = 0; i < count; i++) {
                curve[i] = first + i;
            }
            assert_selects(4 + (int)(count % 2), count, curve);
        }
    }
}

static void random_sets_select_themselves(void **state)
{
    uint64_t curve[N_CURVES];
    (void)state;
    uint32_t random = 1;
    for (int trial = 0; trial < 200; trial++) {
        size_t n = 0;
        for (uint64_t i = 0; i < N_CURVES; i++) {
            random = random * 1664525U + 1013904223U;
            if ((int)((random >> 16) % 100) < trial / 2) {
                curve[n++] = i;
            }
        }
        assert_selects(5, n, curve);
        assert_selects(4, n, curve);
    }
}

static void runs_are_joined(void **state)
{
    const uint64_t curve[] = {0, 1, 2, 5, 7, 8};
    struct dmumu_cube_run runs[6];
    (void)state;
    assert_int_equal(dmumu_cube_runs_join(6, curve, runs), 3);
    assert_true(runs[0].first == 0 && runs[0].count == 3);
    assert_true(runs[1].first == 5 && runs[1].count == 1);
    assert_true(runs[2].first == 7 && runs[2].count == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_selects_nothing),
        cmocka_unit_test(every_run_selects_itself),
        cmocka_unit_test(random_sets_select_themselves),
        cmocka_unit_test(runs_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
