/* Pairs: the grid of a fit and its results (see pairs.h). */
#include "scan/pairs.h"

#include <math.h>
#include <stdlib.h>

size_t dmumu_pairs_cross_offset(const struct dmumu_pairs_grid *grid, int a, int b)
{
    size_t offset = 2 * grid->n_points;
    for (int i = 0; i < a * DMUMU_PAIRS_POINT_AXES + b; i++) {
        offset += grid->n[DMUMU_PAIRS_DISK_MACH + i / DMUMU_PAIRS_POINT_AXES] *
                  grid->n[DMUMU_PAIRS_HALO_MACH + i % DMUMU_PAIRS_POINT_AXES];
    }
    return offset;
}

/* Indices of a number that counts row-major over the axes first .. last. */
static void split(const struct dmumu_pairs_grid *grid, uint64_t number, int first, int last, size_t index[])
{
    for (int i = last; i >= first; i--) {
        index[i] = (size_t)(number % grid->n[i]);
        number /= grid->n[i];
    }
}

void dmumu_pairs_index(const struct dmumu_pairs_grid *grid, const struct dmumu_pair *pair,
                       size_t index[static DMUMU_PAIRS_AXES])
{
    split(grid, pair->disk, DMUMU_PAIRS_DISK_MACH, DMUMU_PAIRS_DISK_SCALE, index);
    split(grid, pair->halo, DMUMU_PAIRS_HALO_MACH, DMUMU_PAIRS_HALO_SCALE, index);
    split(grid, pair->galaxy, DMUMU_PAIRS_DISK_SIZE, DMUMU_PAIRS_HALO_HEIGHT, index);
}

struct dmumu_galaxy dmumu_pairs_galaxy(const struct dmumu_pairs_grid *grid, const struct dmumu_galaxy *base,
                                       size_t galaxy)
{
    struct dmumu_galaxy made = *base;
    const size_t heights = grid->n[DMUMU_PAIRS_HALO_HEIGHT];
    made.disk_height_kpc = grid->values[DMUMU_PAIRS_DISK_SIZE][galaxy / heights];
    made.halo_height_kpc = grid->values[DMUMU_PAIRS_HALO_HEIGHT][galaxy % heights];
    return made;
}

bool dmumu_pairs_before(const struct dmumu_pair *a, const struct dmumu_pair *b)
{
    if (a->chi2 != b->chi2) {
        return a->chi2 < b->chi2;
    }
    if (a->galaxy != b->galaxy) {
        return a->galaxy < b->galaxy;
    }
    return a->disk != b->disk ? a->disk < b->disk : a->halo < b->halo;
}

void dmumu_pairs_insert(const struct dmumu_pair *pair, size_t n, struct dmumu_pair best[], size_t *found)
{
    if (!(pair->chi2 < (double)INFINITY) || n == 0 || (*found == n && !dmumu_pairs_before(pair, &best[n - 1]))) {
        return;
    }
    size_t place = *found < n ? (*found)++ : n - 1;
    for (; place > 0 && dmumu_pairs_before(pair, &best[place - 1]); place--) {
        best[place] = best[place - 1];
    }
    best[place] = *pair;
}

bool dmumu_pairs_result_new(const struct dmumu_pairs_grid *grid, size_t n_best, struct dmumu_pairs_result *result)
{
    *result = (struct dmumu_pairs_result){.n_best = n_best};
    result->block = dmumu_pairs_cross_offset(grid, DMUMU_PAIRS_POINT_AXES, 0);
    result->least = malloc(grid->n_galaxies * result->block * sizeof *result->least);
    result->best = calloc(n_best, sizeof *result->best);
    result->galaxy_best = calloc(grid->n_galaxies, sizeof *result->galaxy_best);
    if (!result->least || !result->best || !result->galaxy_best) {
        return false;
    }
    for (size_t i = 0; i < grid->n_galaxies * result->block; i++) {
        result->least[i] = (double)INFINITY;
    }
    for (size_t i = 0; i < grid->n_galaxies; i++) {
        result->galaxy_best[i] = (struct dmumu_pair){(double)INFINITY, i, UINT64_MAX, UINT64_MAX};
    }
    return true;
}

void dmumu_pairs_result_free(struct dmumu_pairs_result *result)
{
    free(result->least);
    free(result->best);
    free(result->galaxy_best);
    *result = (struct dmumu_pairs_result){0};
}
