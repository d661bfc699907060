/*
 * Pairs: every (disk point, halo point) of a cube against ratios. What the modules of a fit share.
 *
 *   pairs_data    measurements from files: points, errors, normalisations
 *   pairs_curves  D of all curves of one region, at the rigidities of the data
 *   pairs_search  chi^2 of one rank's share of the pairs, on its threads
 *   pairs_mpi     the whole search: shares, and what the ranks found put together
 *   pairs_maps    marginal maps of any two axes from what was kept; goodness of fit
 *
 * What is kept of up to 10^10 pairs are minima and a short list, so that the order of the work has no say: each chi^2 is
 * computed by itself, a minimum is exact, and ties go to the pair that comes first.
 */
#ifndef DMUMU_SCAN_PAIRS_H
#define DMUMU_SCAN_PAIRS_H

#include "dmumu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Axes of a fit: those of the disk's point and of the halo's, as in the cube, and the galaxy's. */
enum dmumu_pairs_axis {
    DMUMU_PAIRS_DISK_MACH,
    DMUMU_PAIRS_DISK_BETA,
    DMUMU_PAIRS_DISK_SCALE,
    DMUMU_PAIRS_HALO_MACH,
    DMUMU_PAIRS_HALO_BETA,
    DMUMU_PAIRS_HALO_SCALE,
    DMUMU_PAIRS_DISK_SIZE,
    DMUMU_PAIRS_HALO_HEIGHT,
    DMUMU_PAIRS_AXES
};
enum { DMUMU_PAIRS_POINT_AXES = 3 }; /* of one region's point */

/** The grid of a fit. Points of a region are numbered row-major over its three axes, galaxies over the last two. */
struct dmumu_pairs_grid {
    size_t n[DMUMU_PAIRS_AXES];
    const double *values[DMUMU_PAIRS_AXES]; /* [n] of each */
    size_t n_points, n_galaxies;
};

/** One pair. Ordered by chi^2, then by galaxy, disk, halo. */
struct dmumu_pair {
    double chi2;
    uint64_t galaxy, disk, halo; /* numbers on the grid */
};

/** What is kept. INFINITY where there was no pair. */
struct dmumu_pairs_result {
    size_t block; /* doubles of one galaxy in `least` */
    double
        *least; /* [n_galaxies][block] owned: of each disk point, of each halo point, then the nine maps of one axis of
                       the disk's point and one of the halo's, [disk axis][halo axis] */
    size_t n_best;                  /* how many were asked for */
    size_t n_found;                 /* and how many there are */
    struct dmumu_pair *best;        /* [n_best] owned, ascending */
    struct dmumu_pair *galaxy_best; /* [n_galaxies] owned */
    uint64_t n_pairs;               /* computed, of all galaxies */
    double seconds;
};

/** Where the map of the a-th axis of the disk's point and the b-th of the halo's begins in a galaxy's block. */
size_t dmumu_pairs_cross_offset(const struct dmumu_pairs_grid *grid, int a, int b);
/** Index along each axis of a pair. */
void dmumu_pairs_index(const struct dmumu_pairs_grid *grid, const struct dmumu_pair *pair,
                       size_t index[static DMUMU_PAIRS_AXES]);
/** The galaxy of that number; `base` has the rest. */
struct dmumu_galaxy dmumu_pairs_galaxy(const struct dmumu_pairs_grid *grid, const struct dmumu_galaxy *base,
                                       size_t galaxy);
/** Does `a` come before `b`? */
bool dmumu_pairs_before(const struct dmumu_pair *a, const struct dmumu_pair *b);
/** Put one into an ascending list of at most n; *found grows until n. */
void dmumu_pairs_insert(const struct dmumu_pair *pair, size_t n, struct dmumu_pair best[], size_t *found);
/** All kept values at INFINITY; false without memory. Free with dmumu_pairs_result_free, on failure too. */
bool dmumu_pairs_result_new(const struct dmumu_pairs_grid *grid, size_t n_best, struct dmumu_pairs_result *result);
void dmumu_pairs_result_free(struct dmumu_pairs_result *result);

#endif
