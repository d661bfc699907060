/*
 * Curve lobes: what the fast modes' rates hide between the last nodes and mu = 1.
 *
 * Where waves begin sharply at some angle theta, as those across B do with collisionless damping, D_F/(1 - mu^2) runs
 * through the lobes of J_n'(w)^2, w = n s tan(theta)/mu, as mu goes to 1: by some per cent, several to a factor of ten in
 * 1 - mu. All three rules of a panel may step over them alike. It is 4e-5 of D at most (reference points 1221 and 1413, both
 * at M_A = 0.05), and looked for at tolerances to which that matters, and at any where resonances are as narrow as that.
 */
#ifndef DMUMU_CORE_CURVE_LOBES_H
#define DMUMU_CORE_CURVE_LOBES_H

#include "core/curve_panels.h"

/** May they count at this tolerance? */
bool dmumu_curve_lobes_matter(const struct dmumu_curve_work *work);

/**
 * A panel that ends at mu = 1 may err by more than its rules say: its polynomials are compared with the fast modes' rate
 * at 1 - mu = 2^-k, and what of the integral they miss there becomes its difference.
 * @param[in] total  of the sum
 */
void dmumu_curve_mind_the_lobes(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                                double total);

#endif
