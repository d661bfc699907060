/*
 * Cascade table: B, the x_par integral of the Alfven and slow modes' gyro-resonance (cascade.h), of one (M_A, mu).
 *
 *     B(p) = int dnu/nu E(mu, nu) exp(-p/nu)                                     (Alfven)
 *     B(p, z) = int dnu/nu E(mu, nu) exp(-p/nu) / (1 + z^2 nu^2)                 (slow)
 *
 * On a lattice in ln p (and ln z). exp(-p/nu) depends on ln p - ln nu alone: for Alfven modes the quadrature's points in
 * nu are laid onto the lattice with their weights, and B is a short filter along exp(-e^t), tabulated once.
 */
#ifndef DMUMU_CORE_CASCADE_TABLE_H
#define DMUMU_CORE_CASCADE_TABLE_H

#include "core/state.h"

/** Beyond p = 45 nu, exp(-p/nu) is gone. */
#define DMUMU_CASCADE_MOST_P 45.0

/**
 * Lattice of ln B: p from 5e-5, met only where w^-4 has left nothing, to 45 nu; z from 5e-4, where (z nu)^2 is below
 * 1e-6 of 1, to 3e3, where B ~ z^-2.
 */
#define DMUMU_CASCADE_LN_P_STEP_ALFVEN 0.025 /* of a single z, and what counts most at high M_A and low R */
#define DMUMU_CASCADE_LN_P_STEP_SLOW   0.05
#define DMUMU_CASCADE_LN_Z_START       (-7.6)
#define DMUMU_CASCADE_LN_Z_END         7.85
#define DMUMU_CASCADE_LN_Z_STEP        0.15

/** exp(-e^t) at t = DMUMU_CASCADE_LN_P_STEP_ALFVEN (first + i). */
struct dmumu_cascade_decay {
    long first;
    size_t n;
    double *value; /* owned */
};

enum dmumu_status dmumu_cascade_decay_init(struct dmumu_cascade_decay *decay);
void dmumu_cascade_decay_free(struct dmumu_cascade_decay *decay);

/** ln B at one (M_A, mu) and one upper limit in nu. */
struct dmumu_cascade_table {
    double mu, s, width;
    double nu_max;                /* this table's limit */
    double ln_p_start, ln_p_step; /* of the lattice */
    double ln_p_end;              /* beyond, B = 0 */
    double ln_z_step;
    size_t n_p, n_z;    /* n_z = 1 for Alfven modes */
    double *value;      /* [n_z][n_p], owned; NULL in the quasi-linear limit */
    double *descending; /* [n_p] B itself, from the largest p on; owned with `value`; NULL for slow modes */
};

/**
 * @param[in] decay      NULL for slow modes
 * @param[in] ln_z_step  of slow modes: DMUMU_CASCADE_LN_Z_STEP or a whole part of it
 * @param[in] ln_p       some ln p that is to be a point of the lattice
 * @param[in] nu_max     infinite where the cascade's start does not matter
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_cascade_table_make(const struct dmumu_cascade_decay *decay, double ln_z_step,
                                           const struct dmumu_state *state, double mu, double s2, double ln_p,
                                           double nu_max, struct dmumu_cascade_table *table);
void dmumu_cascade_table_free(struct dmumu_cascade_table *table);

#endif
