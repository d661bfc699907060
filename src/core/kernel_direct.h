/*
 * The fast modes' rate at one (mu, R) without tables, where these are not enough: the integrals over wave angle and
 * scale as they stand (kernel.h), adaptive in ln tan(theta).
 *
 * A rate so made costs a hundred times what one from tables does, and is good to 1e-8 wherever: in the far tail of a
 * resonance, where D_F falls by orders of magnitude in a step of the lattice, at the start of the cascade, and where D
 * amplifies errors a thousandfold, as it does where confinement is marginal.
 */
#ifndef DMUMU_CORE_KERNEL_DIRECT_H
#define DMUMU_CORE_KERNEL_DIRECT_H

#include "core/bessel_ref.h"
#include "core/directions.h"
#include "core/kernel.h"

/** What all (mu, R) of one damping share; all must outlive its use. */
struct dmumu_fast_direct {
    const struct dmumu_fast_common *common; /* G */
    const struct dmumu_bessel_ref *bessel;  /* J'^2 */
    const struct dmumu_state *state;        /* of the damping */
    struct dmumu_directions *directions;    /* of the R that is asked for; halves are added */
};

/** @param[in] s2  1 - mu^2 */
struct dmumu_fast_rate dmumu_fast_direct_rate(const struct dmumu_fast_direct *direct, double mu, double s2,
                                              double larmor_ratio);

#endif
