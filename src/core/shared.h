/*
 * Shared: tables of Bessel functions that depend on the model alone, for the tables of all its M_A.
 *
 * They take as long to make as some twenty curves. Made when first needed, counted while in use, freed with the last user.
 */
#ifndef DMUMU_CORE_SHARED_H
#define DMUMU_CORE_SHARED_H

#include "core/bessel_ref.h"
#include "core/kernel.h"
#include "core/lazy.h"

/** Closer looks, one upon the other; and the one without tables. */
enum { DMUMU_MOST_REFINEMENT = 2, DMUMU_DIRECT_LOOK };

struct dmumu_shared {
    atomic_int users;
    int harmonics;
    double tolerance;
    struct dmumu_lazy fast_lazy[DMUMU_MOST_REFINEMENT + 1], bessel_lazy;
    struct dmumu_fast_common fast[DMUMU_MOST_REFINEMENT + 1]; /* by refinement */
    struct dmumu_bessel_ref bessel;
};

/** For models of this tolerance and so many harmonics, with one user: the caller. NULL without memory. */
struct dmumu_shared *dmumu_shared_new(double tolerance, int harmonics);
/** One user more. Thread-safe. @return shared */
struct dmumu_shared *dmumu_shared_use(struct dmumu_shared *shared);
/** One user less; the last one frees it. Thread-safe. May be NULL. */
void dmumu_shared_release(struct dmumu_shared *shared);

/** Tolerance of a closer look. */
double dmumu_shared_tolerance(const struct dmumu_shared *shared, int refinement);

/** For columns, and for integrals without them, made on demand. Thread-safe. NULL without memory. */
const struct dmumu_fast_common *dmumu_shared_fast(struct dmumu_shared *shared, int refinement);
const struct dmumu_bessel_ref *dmumu_shared_bessel(struct dmumu_shared *shared);

#endif
