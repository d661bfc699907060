/*
 * Curves: some curves with all their values, in memory, as they go into a cube or come from one: an array per variable
 * of the table of fields (all but `state`).
 */
#ifndef DMUMU_CUBE_CURVES_H
#define DMUMU_CUBE_CURVES_H

#include "cube/fields.h"

struct dmumu_cube_curves {
    size_t capacity, n, n_rigidity;
    uint64_t *curve;                     /* [capacity] flat index of each; n are in use */
    void *value[DMUMU_CUBE_N_VARIABLES]; /* [capacity][n_rigidity or 1] of the variable's type; NULL: not in the cube */
};

/** Bytes of one curve. */
size_t dmumu_cube_curves_bytes(size_t n_rigidity, const bool modes[static DMUMU_N_MODES]);
/** Room for `capacity` curves of a cube with these modes; not set to anything. False, and all free, without memory. */
bool dmumu_cube_curves_new(size_t capacity, size_t n_rigidity, const bool modes[static DMUMU_N_MODES],
                           struct dmumu_cube_curves *curves);
void dmumu_cube_curves_free(struct dmumu_cube_curves *curves);
/** Values per curve of a variable: n_rigidity, or 1. */
size_t dmumu_cube_curves_row(const struct dmumu_cube_curves *curves, enum dmumu_cube_variable variable);
/** Where curve i begins in a variable that is there. */
void *dmumu_cube_curves_at(const struct dmumu_cube_curves *curves, enum dmumu_cube_variable variable, size_t i);
/** Mark every rigidity of curve i as having no value yet: its quality is DMUMU_CUBE_UNSET_U8. */
void dmumu_cube_curves_unset(struct dmumu_cube_curves *curves, size_t i);
/** The n curves in use as dmumu_cube_write_epoch wants them; good as long as these are. */
struct dmumu_cube_batch dmumu_cube_curves_batch(const struct dmumu_cube_curves *curves);

#endif
