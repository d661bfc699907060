/*
 * The production kernel for Alfven and slow modes: D_mumu at one pitch angle.
 *
 * The integral over x_par is done first. With nu = n/(x_par R) and p = n/(R strength x_perp^anisotropy),
 *
 *     B(p) = int dnu/nu E(mu, nu) exp(-p/nu)                                     (Alfven)
 *     B(p, z) = int dnu/nu E(mu, nu) exp(-p/nu) / (1 + z^2 nu^2),  z = w/(n s)     (slow: x_par^2/x^2 = 1/(1 + z^2
 * nu^2))
 *
 * is smooth, and what is left is one integral over w = R s x_perp with the Bessel function in it:
 *
 *     D = front sum_n int dw/w x_perp^(2 - slope) [n^2 J_n^2/w^2 or J_n'^2] B.
 *
 * ln B is tabulated once per (M_A, mu) and serves every R at which the cascade's start in x_par lies beyond the
 * resonance (nu below n/(R x_par,min)); nearer to R = 1 the table is made for that R. Neither beta nor the region
 * enters, but for v_s in n = 0.
 */
#ifndef DMUMU_CORE_CASCADE_H
#define DMUMU_CORE_CASCADE_H

#include "core/cascade_table.h"
#include "core/cascade_taps.h"
#include "core/lattice.h"
#include "core/spectrum.h"
#include "core/wave_nodes.h"

/** What all mu of one M_A share. */
struct dmumu_cascade_common {
    enum dmumu_mode mode;
    struct dmumu_cascade_form form;
    int harmonics;
    double ln_z_step;                 /* slow: of the tables */
    double table_error;               /* of the tables, relative */
    struct dmumu_wave_nodes *nodes;   /* [harmonics + 1], for w from 0 */
    struct dmumu_cascade_taps taps;   /* Alfven */
    struct dmumu_cascade_decay decay; /* Alfven */
    double *transit_value;            /* slow: ln of the x_par integral of n = 0 over ln x_perp */
    struct dmumu_lattice transit;
};

/** @param[in] tolerance  of the model: steps follow from it */
enum dmumu_status dmumu_cascade_common_init(const struct dmumu_state *state, enum dmumu_mode mode, double tolerance,
                                            struct dmumu_cascade_common *common);
void dmumu_cascade_common_free(struct dmumu_cascade_common *common);

/** @param[in] nu_max  infinite where the cascade's start does not matter */
enum dmumu_status dmumu_cascade_table_init(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                           double mu, double s2, double nu_max, struct dmumu_cascade_table *table);

/** Dimensionless D_mumu L/v of the mode. `transit` is without its resonance factor exp(-(mu - v_s/v)^2/Delta^2). */
struct dmumu_cascade_rate {
    double transit, gyro;
    double transit_error, gyro_error; /* absolute */
};

/**
 * Rates at one (mu, R).
 * @param[in]     table    made with nu_max = infinity; tables for this R are made where it needs its own
 * @param[in,out] scratch  nodes for an R whose cascade starts within the Bessel function's first lobes
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cascade_rate(const struct dmumu_cascade_common *common, const struct dmumu_state *state,
                                     const struct dmumu_cascade_table *table, double larmor_ratio,
                                     struct dmumu_wave_nodes *scratch, struct dmumu_cascade_rate *rate);

/**
 * ln R up to which the cascade's start does not matter to the gyro-resonance: in x_par, where nu at x_par,min comes within its
 * reach; in x_perp, where critical balance leaves something at x_perp,min. Below both, taps give it.
 */
struct dmumu_cascade_limits {
    double ln_parallel, ln_balance;
};
struct dmumu_cascade_limits dmumu_cascade_limits_of(const struct dmumu_cascade_form *form,
                                                    const struct dmumu_cascade_table *table);

/** Gyro-resonance of Alfven modes at ln R, a point of cascade_lattice.h's lattice below both limits. */
struct dmumu_cascade_rate dmumu_cascade_rate_from_taps(const struct dmumu_cascade_common *common,
                                                       const struct dmumu_cascade_table *table, double ln_r);

#endif
