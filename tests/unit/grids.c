/* Grids for tests (see grids.h). */
#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct dmumu_grid make_grid(size_t regions, size_t machs, size_t betas, size_t scales)
{
    struct dmumu_grid grid = {0};
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_REGION], DMUMU_DISK, regions > 1 ? DMUMU_HALO : DMUMU_DISK,
                                      regions, false),
                     DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_ALFVEN_MACH], 0.1, 1.0, machs, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_BETA], 0.01, 1.0, betas, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_INJECTION_SCALE], 10.0, 300.0, scales, true), DMUMU_OK);
    assert_int_equal(dmumu_axis_range(&grid.axis[DMUMU_AXIS_RIGIDITY], 1.0, 1e6, 5, true), DMUMU_OK);
    return grid;
}

struct dmumu_blocks make_blocks(size_t regions, size_t machs, size_t betas, size_t scales)
{
    struct dmumu_grid grid = make_grid(regions, machs, betas, scales);
    struct dmumu_blocks blocks = {0};
    assert_int_equal(dmumu_blocks_new(&grid, &blocks, NULL), DMUMU_OK);
    dmumu_grid_free(&grid);
    return blocks;
}
