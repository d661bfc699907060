/*
 * Ratios: the lists of R that curves were computed at, each with a number.
 *
 * The curves of all beta and regions have the same R, unless beta moves B; what is kept for a list is found by its number.
 */
#ifndef DMUMU_CORE_RATIOS_H
#define DMUMU_CORE_RATIOS_H

#include <omp.h>
#include <stddef.h>

/** One per L, and where beta moves B one per beta besides. */
enum { DMUMU_MOST_RATIOS = 512, DMUMU_NO_RATIOS = -1 };

/** Thread-safe. */
struct dmumu_ratios {
    omp_lock_t lock;
    struct dmumu_ratios_list *list[DMUMU_MOST_RATIOS]; /* owned */
    int n;
};

void dmumu_ratios_init(struct dmumu_ratios *ratios);
void dmumu_ratios_free(struct dmumu_ratios *ratios);
/** The number of a list of n >= 1 values, a new one where it is new; DMUMU_NO_RATIOS without room. */
int dmumu_ratios_number(struct dmumu_ratios *ratios, size_t n, const double larmor_ratio[]);

#endif
