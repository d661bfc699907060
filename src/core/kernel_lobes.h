/*
 * Kernel lobes: what rows and columns make of the lobes of J'^2 that does not cancel in the sum over directions.
 *
 * A direction with X far beyond harmonic n of the resonance adds, besides a mean, the lobes that the resonance leaves of J_n'^2,
 *
 *     (mu/n)^1/2 pi^1/2 Delta/n /(pi w) exp(-w^2 Delta^2/mu^2) cos(2w + phase),  w = n s t/mu.
 *
 * Fading them, widening the resonance and laying them on rows changes that. Over a smooth sum over directions it cancels;
 * where waves begin sharply at some angle, as those across B do with collisionless damping, it counts, and neither what
 * the rows measure nor the differences over ln R see it, since that angle is the same for all R. So the lobes that are
 * wrong are summed over the directions at which harmonic n resonates, as far as the rows' taps say where those are.
 */
#ifndef DMUMU_CORE_KERNEL_LOBES_H
#define DMUMU_CORE_KERNEL_LOBES_H

#include "core/kernel.h"
#include "core/resonance.h"

/**
 * Find the lobes that a table gets wrong, where tolerances are tight enough for that to matter.
 * @param[in] fade_from, fade_to  of harmonic n: 2 n later
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_missed_lobes_init(const struct dmumu_fast_common *common,
                                          const struct dmumu_resonance_shape *shape, double fade_from, double fade_to,
                                          struct dmumu_fast_table *table);
void dmumu_missed_lobes_free(struct dmumu_fast_table *table);

/** What is wrong by them at a lattice point of ln(R s), in units of the sums over directions. */
double dmumu_missed_lobes(const struct dmumu_fast_table *table, const struct dmumu_deposit *deposit, long index);

#endif
