/* Shared: see shared.h. */
#include "core/shared.h"

#include <math.h>
#include <stdlib.h>

/* What a closer look multiplies the tolerance by. */
#define CLOSER 0.5

struct dmumu_shared *dmumu_shared_new(double tolerance, int harmonics)
{
    struct dmumu_shared *shared = calloc(1, sizeof *shared);
    if (shared) {
        atomic_init(&shared->users, 1);
        shared->tolerance = tolerance;
        shared->harmonics = harmonics;
        for (int i = 0; i <= DMUMU_MOST_REFINEMENT; i++) {
            dmumu_lazy_init(&shared->fast_lazy[i]);
        }
        dmumu_lazy_init(&shared->bessel_lazy);
    }
    return shared;
}

struct dmumu_shared *dmumu_shared_use(struct dmumu_shared *shared)
{
    atomic_fetch_add(&shared->users, 1);
    return shared;
}

void dmumu_shared_release(struct dmumu_shared *shared)
{
    if (!shared || atomic_fetch_sub(&shared->users, 1) > 1) {
        return;
    }
    for (int i = 0; i <= DMUMU_MOST_REFINEMENT; i++) {
        dmumu_fast_common_free(&shared->fast[i]);
        dmumu_lazy_destroy(&shared->fast_lazy[i]);
    }
    dmumu_bessel_ref_free(&shared->bessel);
    dmumu_lazy_destroy(&shared->bessel_lazy);
    free(shared);
}

double dmumu_shared_tolerance(const struct dmumu_shared *shared, int refinement)
{
    double tolerance = shared->tolerance;
    for (int i = 0; i < refinement; i++) {
        tolerance = fmax(CLOSER * tolerance, DMUMU_LEAST_TOLERANCE);
    }
    return tolerance;
}

struct fast_context {
    struct dmumu_shared *shared;
    int refinement;
};

/* What failed is freed: it may be made again. */
static enum dmumu_status make_fast(void *context, int item)
{
    (void)item;
    const struct fast_context *at = context;
    struct dmumu_fast_common *fast = &at->shared->fast[at->refinement];
    const double tolerance = dmumu_shared_tolerance(at->shared, at->refinement);
    const enum dmumu_status status = dmumu_fast_common_init(fast, at->shared->harmonics, tolerance, at->refinement);
    if (status != DMUMU_OK) {
        dmumu_fast_common_free(fast);
    }
    return status;
}

const struct dmumu_fast_common *dmumu_shared_fast(struct dmumu_shared *shared, int refinement)
{
    struct dmumu_lazy *lazy[1] = {&shared->fast_lazy[refinement]};
    struct fast_context context = {shared, refinement};
    return dmumu_lazy_make(lazy, 1, NULL, make_fast, &context) == DMUMU_OK ? &shared->fast[refinement] : NULL;
}

static enum dmumu_status make_bessel(void *context, int item)
{
    (void)item;
    struct dmumu_shared *shared = context;
    if (!dmumu_bessel_ref_init(&shared->bessel, shared->harmonics)) {
        dmumu_bessel_ref_free(&shared->bessel);
        return DMUMU_ERROR_MEMORY;
    }
    return DMUMU_OK;
}

const struct dmumu_bessel_ref *dmumu_shared_bessel(struct dmumu_shared *shared)
{
    struct dmumu_lazy *lazy[1] = {&shared->bessel_lazy};
    return dmumu_lazy_make(lazy, 1, NULL, make_bessel, shared) == DMUMU_OK ? &shared->bessel : NULL;
}
