/* Lazy: things made once, when first needed, by whichever threads need them, together. */
#ifndef DMUMU_CORE_LAZY_H
#define DMUMU_CORE_LAZY_H

#include "dmumu.h"

#include <omp.h>
#include <stdatomic.h>

/** Something made once, by the first that finds its lock free. */
struct dmumu_lazy {
    omp_lock_t lock;
    atomic_int made; /* 0: not yet */
};

void dmumu_lazy_init(struct dmumu_lazy *lazy);
void dmumu_lazy_destroy(struct dmumu_lazy *lazy);

/** Make item number `item`. */
typedef enum dmumu_status dmumu_lazy_maker(void *context, int item);

/**
 * Make n items with whoever else is at it: first those nobody is working on, then wait for the others. What fails stays
 * unmade: memory may come back. Thread-safe.
 * @param[in] lazy    [n]
 * @param[in] wanted  [n] non-zero where wanted; NULL: all
 */
enum dmumu_status dmumu_lazy_make(struct dmumu_lazy *const lazy[], int n, const uint8_t wanted[],
                                  dmumu_lazy_maker *make, void *context);

#endif
