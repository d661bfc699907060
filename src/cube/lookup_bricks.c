/* Look-up, bricks: the offsets along each axis. */
#include "cube/lookup_bricks.h"

#include <stdlib.h>

static const size_t most_extent[DMUMU_N_AXES] = {1, 4, 4, 4, 8};
static const uint64_t least_values = 1 << 16; /* fewer fit into a processor's own memory in any order */

/* Values of a brick along an axis: as many as leave no more than a tenth of the room empty. */
static size_t extent_of(size_t n, size_t most)
{
    size_t extent = most;
    while (extent > 1 && ((n + extent - 1) / extent * extent - n) * 10 > n) {
        extent /= 2;
    }
    return extent;
}

bool dmumu_lookup_bricks_new(const size_t n[static DMUMU_N_AXES], size_t *offset[static DMUMU_N_AXES], uint64_t *size)
{
    size_t extent[DMUMU_N_AXES], inner = 1;
    uint64_t n_values = 1;
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        offset[i] = NULL;
        if (n[i] > (SIZE_MAX >> 6) / sizeof(double) / n_values) {
            return false;
        }
        n_values *= n[i];
    }
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        extent[i] = n_values < least_values ? 1 : extent_of(n[i], most_extent[i]);
        inner *= extent[i];
    }
    size_t outer = inner, within = 1;
    for (int i = DMUMU_N_AXES - 1; i >= 0; i--) {
        offset[i] = malloc(n[i] * sizeof *offset[i]);
        if (offset[i] == NULL) {
            return false;
        }
        for (size_t k = 0; k < n[i]; k++) {
            offset[i][k] = k / extent[i] * outer + k % extent[i] * within;
        }
        outer *= (n[i] + extent[i] - 1) / extent[i];
        within *= extent[i];
    }
    *size = outer;
    return true;
}
