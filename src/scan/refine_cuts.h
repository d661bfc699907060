/*
 * Refine, the cuts: is a cube fine enough, and if not, where are nodes wanted?
 *
 * Enough   Of the look-ups anywhere, the share that is asked for is within the tolerance; and if that is all of them, so is
 *          every cell. Where the look-up is NaN there is no wrong number, and nothing to count.
 * Target   Errors of the axes add up: their worst together may be as large as the tolerance. What an axis does not need of
 *          its equal part is left to the others, which share it alike; cells above that are to be cut. If none is, and
 *          the look-ups anywhere ask for more, the target is halved until one is.
 * Parts    Where most points of a cell are over the tolerance, D is smooth and the grid coarse: as many equal parts, 2 to
 *          4, as an error of third order in its size asks for. Where few are, a kink runs through the cell at an angle to
 *          the axes, and its error is of first order: 2. At M_A = 1, where the cascade of the Alfven modes changes, the
 *          kink lies along the axes: nodes at 1 and just beside it give the cubic the right slope on either side.
 * Order    Where not all nodes are affordable, those come first that bring most look-ups within the tolerance (length of
 *          the cell on the axis times its points over the tolerance) for the values that they add to the product of the
 *          axes.
 */
#ifndef DMUMU_SCAN_REFINE_CUTS_H
#define DMUMU_SCAN_REFINE_CUTS_H

#include "scan/refine.h"

enum { DMUMU_REFINE_MOST_PARTS = 4 /* of one cell, in one round */ };

struct dmumu_refine_goal {
    double tolerance;   /* the target of the errors, too */
    double share;       /* of the look-ups that must be within it, (0, 1] */
    double most_values; /* of the grid */
};

enum dmumu_refine_verdict {
    DMUMU_REFINE_ENOUGH,
    DMUMU_REFINE_CUT,        /* nodes were added */
    DMUMU_REFINE_TOO_MANY,   /* not one node could be added within most_values */
    DMUMU_REFINE_TOO_NARROW, /* the cells that are over the target are too narrow to be cut: D jumps there */
};

/** Parts of a cell that bring an error of third order in its size to the target, 1 where it is not above it. */
size_t dmumu_refine_parts(double error, double target);
/** Is the cube of these errors fine enough? */
bool dmumu_refine_is_enough(const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal);
/** How large the error of a cell may be, by that of the worst cells of all axes. */
double dmumu_refine_target(const struct dmumu_refine_errors *errors, double tolerance);

/**
 * The verdict, and the axes of the next cube: the nodes of this one, to the bit, and new ones.
 * @param[in]  axis     [DMUMU_N_AXES] of the cube
 * @param[in]  errors   of it, counted with the tolerance as target
 * @param[out] finer    [DMUMU_N_AXES] with DMUMU_REFINE_CUT: values owned by the caller (dmumu_grid_free); else untouched
 * @param[out] verdict  see above
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_refine_next(const struct dmumu_cube_axis axis[static DMUMU_N_AXES],
                                    const struct dmumu_refine_errors *errors, const struct dmumu_refine_goal *goal,
                                    struct dmumu_grid *finer, enum dmumu_refine_verdict *verdict,
                                    struct dmumu_error *error);

#endif
