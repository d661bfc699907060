/*
 * The production kernel for fast modes: D_mumu at one pitch angle for many rigidities, from sums over directions that know
 * neither.
 *
 * With t = tan(theta) and u = 1/(x_par R), the gyro-resonant part is
 *
 *     D_F ~ R^-1/2 int du u^1/2 sum_n E(mu, n u) C_n(u/s; 1/(u R)),
 *
 * C_n the sum over directions of columns.h: of each damping, for all mu and R. What a pitch angle has to itself are some
 * tens of samples of E, and a sum over them is all there is to do at each R. The transit-time part needs only
 * G(z) = int_0^z t^-5/2 J_1(t)^2 dt, one table for good:
 *
 *     int dx x^-5/2 J_1(w)^2 = a^3/2 [G(a x_max) - G(a)],  a = R s (1-xi^2)^1/2.
 *
 * Both are functions of R s, and lattices in ln(R s), ln(u/s) and ln x share their origin and their step, so that a shift
 * is a sum of indices.
 *
 * In the quasi-linear limit (kappa = 0) there is nothing to tabulate: E is a delta function at u = mu/n.
 */
#ifndef DMUMU_CORE_KERNEL_H
#define DMUMU_CORE_KERNEL_H

#include "core/deposit.h"
#include "core/state.h"
#include "core/transit.h"

#include <stdint.h>

/**
 * J_n'(w)^2, its oscillations beyond the first lobes faded into their mean, on a lattice in ln(1/w) with
 * DMUMU_LOBES_PHASES points per step of a class: value[m][k] at index first + DMUMU_LOBES_PHASES k + m, so that every
 * DMUMU_LOBES_PHASES-th point lies next to the other.
 */
enum { DMUMU_LOBES_PHASES = 4 };
struct dmumu_lobes {
    long first;
    size_t n;      /* entries per phase */
    double *value; /* [DMUMU_LOBES_PHASES][n], owned */
};

/** What all mu of all M_A share: Bessel tables per harmonic, where rows lie, and G. */
struct dmumu_fast_common {
    int harmonics;
    double tolerance;
    int refinement;
    double step[DMUMU_DEPOSIT_CLASSES], transit_step;
    struct dmumu_rows rows;
    struct dmumu_lobes *lobes;                            /* [harmonics][DMUMU_DEPOSIT_CLASSES], owned */
    double row_tangent[DMUMU_MAX_ROWS];                   /* [rows.n] t of each row */
    double row_ln_tangent[DMUMU_MAX_ROWS];                /* [rows.n] */
    double halfway_ln_tangent[DMUMU_MAX_ROWS];            /* [rows.n] and halfway to the next one */
    struct dmumu_place *row_place[DMUMU_DEPOSIT_CLASSES]; /* [rows.n] where lobes of it lie at sigma = 1, owned */
    double *g_value;                                      /* owned */
    float *g_row;                                         /* owned, of g */
    struct dmumu_row g;                                   /* G over ln z at the transit step */
};

/**
 * @param[in] tolerance   of the model: steps follow from it
 * @param[in] refinement  how often they are halved
 */
enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics, double tolerance,
                                         int refinement);
void dmumu_fast_common_free(struct dmumu_fast_common *common);

/** Where J'(tan(theta))^2 lies on the lattice of lobes of a class. */
struct dmumu_place dmumu_fast_lobes_place(const struct dmumu_fast_common *common, int step_class, double ln_tangent);

/**
 * to[k] = scale J_n'(w)^2 at w = tan(theta)/sigma, ln sigma = (first + k) steps of a class, k < n.
 * @param[in] place  of the direction
 */
void dmumu_fast_lobes(const struct dmumu_fast_common *common, int harmonic, int step_class,
                      const struct dmumu_place *place, long first, size_t n, double scale, double to[]);

/** G(z) by interpolation; constant above its table's end. */
double dmumu_fast_g(const struct dmumu_fast_common *common, double ln_z);

/** The resonance at one (M_A, mu): samples of it at sigma = u/s on the lattice of columns.h. */
struct dmumu_fast_table {
    double mu, s, ln_s, width;
    int step_class; /* of the lattice in ln X, see deposit.h */
    long first;     /* index of the first sample: ln sigma over the step */
    size_t n;
    double *factor;   /* [harmonics][n] d ln u u^3/2 E(mu, n u), owned; NULL in the quasi-linear limit */
    double rel_error; /* of the rows, relative to the largest sum over one of them, measured when the table is made */
    double widened;   /* 1 - Delta^2/D^2 of a resonance widened to D, else 0 */
    double reach;     /* u from which nothing is left of it */
    long stride;      /* D/mu in lattice points */
    int n_missed;     /* harmonics of which lobes are known to be wrong, see kernel_lobes.h */
    float *missed;    /* [n_missed][rows][2] times the cosine and sine of their phase, of (1 + t) times a row; owned */
};

/**
 * @param[in] mu, s2  the pitch angle, s2 = 1 - mu^2
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_fast_table_init(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                        double mu, double s2, struct dmumu_fast_table *table);

void dmumu_fast_table_free(struct dmumu_fast_table *table);

/**
 * Is a widened resonance as good as the true one at this R? Not where the cascade's start, u = 1/(R xi), cuts through it,
 * near R = 1: towards mu = 1, where the true one is ever narrower, D_F would be wrong by tens of per cent.
 */
static inline bool dmumu_fast_table_holds(const struct dmumu_fast_table *table, double larmor_ratio)
{
    return table->widened == 0.0 || larmor_ratio * table->reach < 1.0;
}

/** f_F pi^1/2 s M_A^3/2 / (2 kappa^1/2): 4 pi s^2/R^2, R_n's and I_F's fronts, and R^3/2 from above, less R^-1/2. */
double dmumu_fast_front(const struct dmumu_state *state, double s);

/** Sums of one (mu, R), dimensionless D_mumu L/v. */
struct dmumu_fast_rate {
    double transit, gyro;
    double error; /* absolute, of transit + gyro: wave angles and tables */
};

struct dmumu_columns;

/** D_F of one damping and one mu on the lattice in ln(R s), in units of `front` R^-1/2; made block by block. */
struct dmumu_fast_profile {
    double front;
    double table_error, transit_error; /* relative, of the two: rows, truncation, widening */
    size_t n_blocks;                   /* the last ends beyond ln(R s) = 0 */
    bool *done;                        /* [n_blocks + n_wide], owned with all that follows */
    uint8_t *error_done;               /* [n_blocks] bit by bit, which parts of a block's errors are there */
    long begin;      /* lattice index of the first entry, in the last block: blocks are counted downwards */
    double *gyro;    /* [n_blocks DMUMU_FILTER_BLOCK], ascending in ln(R s) */
    double *transit; /* the same */
    double *total;   /* the same: their sum */
    double *error;   /* the same: estimated, absolute, of that */
    double *gap;     /* [n_blocks][samples]: relative difference of the two rules of wave angles */
    double *coarse;  /* the same: absolute error of the transit-time sum, interpolated from its own lattice */
    size_t n_wide;   /* blocks of that lattice, the transit step's, where they are made; likewise */
    bool *wide_done;
    long wide_begin;
    double *wide;       /* [n_wide DMUMU_FILTER_BLOCK] the transit-time sum, in the unit of `transit` */
    double *wide_ratio; /* [n_wide][samples] of the coarser rule to it */
    size_t capacity;    /* doubles in `memory` */
    double *memory;
    struct dmumu_transit_taps taps;
};

/**
 * Begin the profile of one (damping, mu).
 * @param[in,out] columns  of the damping and the table's class; those that the table meets are begun
 * @param[in,out] transit  the transit-time part of the state's damping, in use as long as the profile
 * @param[in,out] profile  memory is reused; free with dmumu_fast_profile_free
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_fast_profile_begin(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                           const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                                           struct dmumu_transit_deposit *transit, struct dmumu_fast_profile *profile);
void dmumu_fast_profile_free(struct dmumu_fast_profile *profile);

/** D_F at one R, DMUMU_R_MIN .. DMUMU_R_MAX; makes the blocks it needs, of the columns that the profile was begun with. */
struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table, struct dmumu_columns *columns,
                                               struct dmumu_fast_profile *profile, double larmor_ratio);

/** R that are asked for together: ln R and R^-1/2 of each; and D_F, dimensionless D_mumu L/v, and its error. */
enum { DMUMU_FAST_RATES = 16 };
struct dmumu_fast_powers {
    const double *ln, *inverse_sqrt;
};
struct dmumu_fast_rates {
    double value[DMUMU_FAST_RATES], error[DMUMU_FAST_RATES];
};

/**
 * The same for several R.
 * @param[in]  n       DMUMU_FAST_RATES at most
 * @param[in]  wanted  [n] which of them
 * @param[out] rates   of the others, nothing
 */
void dmumu_fast_profile_rates(const struct dmumu_fast_common *common, const struct dmumu_fast_table *table,
                              struct dmumu_columns *columns, struct dmumu_fast_profile *profile, size_t n,
                              const struct dmumu_fast_powers *powers, const uint8_t wanted[],
                              struct dmumu_fast_rates *rates);

#endif
