/*
 * Reuse: values that older cubes have already. Every value belongs exactly to the coordinates beside it.
 *
 * Coordinates are equal when they are equal to the bit. An axis that was extended or refined does not give that by
 * itself: 0.1 to 10 in steps of a logarithm meets the steps of 0.1 to 1 but for rounding. So before a scan begins,
 * dmumu_reuse_snap gives its grid the coordinates of the older cubes wherever they differ by rounding alone (a part in
 * 1e12; distinct coordinates never come so close). From then on the grid is what its cube shows and what its data_hash
 * covers, and a scan of that grid from nothing gives the same bits.
 *
 * A curve may be wholly there, in one cube or in several (cubes of other rigidities), or partly: then its other
 * rigidities are computed. That they come out as in a whole curve is what the core promises: no value depends on others.
 */
#ifndef DMUMU_SCAN_REUSE_H
#define DMUMU_SCAN_REUSE_H

#include "cube/source.h"
#include "scan/axes.h"

struct dmumu_reuse;

/**
 * Open older cubes. Not collective; every rank for itself. They have been probed before MPI began (cube/read.h).
 * @param[in]  paths         [n]; n = 0: nothing to reuse
 * @param[in]  physics_text  what they must have; NULL: what the first has
 * @param[out] reuse         free with dmumu_reuse_free; NULL when n = 0
 * @return DMUMU_OK; DMUMU_ERROR_FILE: unreadable, or of other physics (the message names file and keys);
 *         DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_reuse_open(const char *const paths[], size_t n, const char *physics_text,
                                   struct dmumu_reuse **reuse, struct dmumu_error *error);
void dmumu_reuse_free(struct dmumu_reuse *reuse);
size_t dmumu_reuse_count(const struct dmumu_reuse *reuse);
const struct dmumu_cube_source_info *dmumu_reuse_about(const struct dmumu_reuse *reuse, size_t source);

/** "2 cubes (data_hash 0123456789ab, unfinished)": what a new cube's history says; cut where it is too long. */
void dmumu_reuse_describe(const struct dmumu_reuse *reuse, size_t size, char text[]);

/** Do two coordinates differ by rounding alone, or not at all? */
bool dmumu_reuse_is_same(double a, double b);
/**
 * Give an axis the coordinates of another where they differ by rounding alone.
 * @return number of values that have changed
 */
size_t dmumu_reuse_snap_axis(struct dmumu_axis *axis, const struct dmumu_cube_axis *older);
/** The same for a grid and all sources, the first first. reuse may be NULL. */
size_t dmumu_reuse_snap(const struct dmumu_reuse *reuse, struct dmumu_grid *grid);

/** Find the grid's coordinates in the sources. The grid must be final, and outlive `reuse`. DMUMU_OK or no memory. */
enum dmumu_status dmumu_reuse_map(struct dmumu_reuse *reuse, const struct dmumu_grid *grid, struct dmumu_error *error);
/**
 * Rigidities of a curve that no source has. Thread-safe. reuse may be NULL: all.
 * @param[out] which  [rigidities of the grid] their indices, ascending; may be NULL
 * @return their number; 0: the curve is wholly there
 */
size_t dmumu_reuse_missing(const struct dmumu_reuse *reuse, uint64_t curve, size_t which[]);
/**
 * Fill in what is missing of some curves: where a quality is DMUMU_CUBE_UNSET_U8. Serial.
 * @param[in,out] curves  of the grid, in any order
 * @return DMUMU_OK; DMUMU_ERROR_FILE: unreadable or damaged; DMUMU_ERROR_MEMORY; DMUMU_ERROR_INTERNAL: still missing
 */
enum dmumu_status dmumu_reuse_fill(const struct dmumu_reuse *reuse, struct dmumu_cube_curves *curves,
                                   struct dmumu_error *error);

#endif
