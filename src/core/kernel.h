/*
 * The production kernel for fast modes: D_mumu at one pitch angle for many rigidities, from one table.
 *
 * With V = R x_par,max = R x_max xi, t = tan(theta) and u = 1/(x_par R), the gyro-resonant part of the integral over x
 * is
 *
 *     int dx x^-5/2 sum_n J_n'(w)^2 E(mu, n u) = R^3/2 xi^3/2 [K(t; R x_max xi) - K(t; R xi)],
 *     K(t; V) = int_{1/V}^infinity du u^1/2 sum_n J_n'(s t/u)^2 E(mu, n u),
 *
 * in which neither the rigidity, nor beta, nor L, nor the region appears: one table of K over (ln t, ln V) per (M_A,
 * mu) serves a whole scan, all harmonics merged. The transit-time part needs only G(z) = int_0^z t^-5/2 J_1(t)^2 dt,
 * one table for good:
 *
 *     int dx x^-5/2 J_1(w)^2 = a^3/2 [G(a x_max) - G(a)],  a = R s (1-xi^2)^1/2.
 *
 * Lattices in ln R, ln V and ln x share their origin and their step, so that ln V = ln R + ln x is a sum of indices.
 * The sum over directions is then a short filter along each row of K, its taps made once per damping (deposit.h), and
 * gives D_F on the whole lattice in ln R.
 *
 * In the quasi-linear limit (kappa = 0) there is nothing to tabulate: E is a delta function at u = mu/n.
 */
#ifndef DMUMU_CORE_KERNEL_H
#define DMUMU_CORE_KERNEL_H

#include "core/deposit.h"
#include "core/state.h"

/**
 * J_n'(w)^2, its oscillations beyond the first lobes faded into their mean, on a lattice in ln w with
 * DMUMU_LOBES_PHASES points per step of a class: value[m][k] at index first + DMUMU_LOBES_PHASES k + m, so that every
 * DMUMU_LOBES_PHASES-th point lies next to the other. Constant before the first, ~ 1/w after the last.
 */
enum { DMUMU_LOBES_PHASES = 4 };
struct dmumu_lobes {
    long first;
    size_t n;      /* entries per phase */
    double *value; /* [DMUMU_LOBES_PHASES][n], owned */
};

/** What all mu of all M_A share: Bessel tables per harmonic, where the rows of K lie, and G. */
struct dmumu_fast_common {
    int harmonics;
    double tolerance;
    int refinement;
    double step[DMUMU_DEPOSIT_CLASSES], transit_step;
    struct dmumu_rows rows;
    struct dmumu_lobes *lobes;              /* [harmonics][DMUMU_DEPOSIT_CLASSES], owned */
    double row_tangent[DMUMU_MAX_ROWS];     /* [rows.n] t of each row */
    double halfway_tangent[DMUMU_MAX_ROWS]; /* [rows.n] and halfway to the next one */
    double *g_value;                        /* owned */
    float *g_row;                           /* owned, of g */
    struct dmumu_row g;                     /* G over ln z at the transit step */
};

/**
 * @param[in] tolerance   of the model: steps follow from it
 * @param[in] refinement  how often they are halved
 */
enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics, double tolerance,
                                         int refinement);
void dmumu_fast_common_free(struct dmumu_fast_common *common);

/** G(z) by interpolation; constant above its table's end. */
double dmumu_fast_g(const struct dmumu_fast_common *common, double ln_z);

/** K at one (M_A, mu). */
struct dmumu_fast_table {
    double mu, s, width;
    int step_class;                     /* of the lattice in ln V, see deposit.h */
    long first;                         /* lattice index of the first entry of a row: K = 0 there and before */
    size_t n_v;                         /* entries of the longest row; K is constant from the last on */
    float *value;                       /* (1 + t) K row by row, owned; NULL in the quasi-linear limit */
    uint32_t row_start[DMUMU_MAX_ROWS]; /* where a row begins in `value` */
    uint32_t row_end[DMUMU_MAX_ROWS];   /* entries until it is constant but for what does not count, and so kept */
    float row_last[DMUMU_MAX_ROWS];     /* the last of them */
    double rel_error; /* of an interpolated K, relative to its largest, measured when the table is made */
    double widened;   /* 1 - Delta^2/D^2 of a resonance widened to D, else 0 */
    double reach;     /* u from which nothing is left of it */
    long stride;      /* D/mu in lattice points */
    int n_missed;     /* harmonics of which lobes are known to be wrong, see kernel_lobes.h */
    float *missed;    /* [n_missed][rows][2] times the cosine and sine of their phase, of (1 + t) K; owned */
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
bool dmumu_fast_table_holds(const struct dmumu_fast_table *table, double larmor_ratio);

/** f_F pi^1/2 s M_A^3/2 / (2 kappa^1/2): 4 pi s^2/R^2, R_n's and I_F's fronts, and R^3/2 from above, less R^-1/2. */
double dmumu_fast_front(const struct dmumu_state *state, double s);

/** Sums of one (mu, R), dimensionless D_mumu L/v. */
struct dmumu_fast_rate {
    double transit, gyro;
    double error; /* absolute, of transit + gyro: wave angles and tables */
};

/** D_F of one damping and one mu on the lattice in ln R, in units of `front` R^-1/2; made block by block. */
struct dmumu_fast_profile {
    double front;
    double table_error, transit_error; /* relative, of the two: rows, truncation, widening */
    size_t n_blocks;                   /* the last ends beyond ln R = 0 */
    bool *done;                        /* [n_blocks], owned with all that follows */
    long begin;      /* lattice index of the first entry, in the last block: blocks are counted downwards */
    double *gyro;    /* [n_blocks DMUMU_FILTER_BLOCK], ascending in ln R */
    double *transit; /* the same */
    double *error;   /* the same: estimated, absolute */
    double *gap;     /* [n_blocks][samples]: relative difference of the two rules of wave angles */
    size_t capacity; /* doubles in `memory` */
    double *memory;
    struct dmumu_transit_taps taps;
};

/**
 * Begin the profile of one (damping, mu).
 * @param[in]     transit  the transit-time part of the state's damping
 * @param[in,out] profile  memory is reused; free with dmumu_fast_profile_free
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_fast_profile_begin(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                           const struct dmumu_fast_table *table,
                                           const struct dmumu_transit_deposit *transit,
                                           struct dmumu_fast_profile *profile);
void dmumu_fast_profile_free(struct dmumu_fast_profile *profile);

/**
 * D_F at one R, DMUMU_R_MIN .. DMUMU_R_MAX; makes the blocks it needs.
 * @param[in] deposit  of the profile's damping and the table's class
 * @param[in] place    where ln R lies on the lattice of that class
 */
struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_common *common,
                                               const struct dmumu_fast_table *table,
                                               const struct dmumu_deposit *deposit, struct dmumu_fast_profile *profile,
                                               const struct dmumu_place *place, double larmor_ratio);

#endif
