/*
 * Alone: D of the Alfven modes by themselves, kept for the curves of other beta and regions, on which it does not
 * depend but for the size of the zone.
 */
#ifndef DMUMU_CORE_ALONE_H
#define DMUMU_CORE_ALONE_H

#include <omp.h>
#include <stddef.h>

/** D over v L d_prefactor for lists of R. Thread-safe. */
struct dmumu_alone {
    omp_lock_t lock;
    struct dmumu_alone_entry *first;
    int n;
};

void dmumu_alone_init(struct dmumu_alone *alone);
void dmumu_alone_free(struct dmumu_alone *alone);
/** What was kept for this list of R, by its number (ratios.h), and this zone, [n]; NULL: nothing. */
const double *dmumu_alone_find(struct dmumu_alone *alone, int number, double zone_l);
/** Keep a copy of n values, while there is room; the first of two is kept. */
void dmumu_alone_keep(struct dmumu_alone *alone, int number, double zone_l, size_t n, const double value[]);

#endif
