/*
 * Cascade taps: the Alfven modes' integral over w where the cascade's start does not matter, for many (mu, R) at once.
 *
 * There, with q = anisotropy ln w - ln n and M = ln[s^anisotropy/strength] - (1 - anisotropy) ln R (cascade.h),
 *
 *     sum_n int dw/w w^(2 - slope) [n J_n/w]^2 B(p),   ln p = M - q,
 *
 * is a convolution over q. The quadrature's points in w, of all harmonics, are laid onto a lattice in q of the step of
 * B's lattice, once for all mu; what is left of each (mu, R) is a sum of products of weights and values of B.
 */
#ifndef DMUMU_CORE_CASCADE_TAPS_H
#define DMUMU_CORE_CASCADE_TAPS_H

#include "core/cascade_table.h"
#include "core/spectrum.h"
#include "core/wave_nodes.h"

struct dmumu_cascade_taps {
    long first; /* tap i belongs to q = step (first + i) */
    size_t n;
    double *fine, *coarse; /* [n] of the two rules, owned */
};

/** @param[in] nodes  [harmonics + 1], from w = 0, of n >= 1 */
enum dmumu_status dmumu_cascade_taps_make(const struct dmumu_cascade_form *form, int harmonics,
                                          const struct dmumu_wave_nodes nodes[], struct dmumu_cascade_taps *taps);
void dmumu_cascade_taps_free(struct dmumu_cascade_taps *taps);

/** ln p that a table is to have among its lattice points, at sine s of the pitch angle. */
double dmumu_cascade_taps_ln_p(const struct dmumu_cascade_form *form, double s);

/** The sum above by both rules, times (R s)^(slope - 2). */
struct dmumu_cascade_taps_sum {
    double fine, coarse;
};

/**
 * @param[in] table  made with dmumu_cascade_taps_ln_p among its points
 * @param[in] ln_r   ln R, a multiple of step / (1 - anisotropy)
 */
struct dmumu_cascade_taps_sum dmumu_cascade_taps_sum_of(const struct dmumu_cascade_taps *taps,
                                                        const struct dmumu_cascade_form *form,
                                                        const struct dmumu_cascade_table *table, double ln_r);

#endif
