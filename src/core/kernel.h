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
 * In the quasi-linear limit (kappa = 0) there is nothing to tabulate: E is a delta function at u = mu/n.
 */
#ifndef DMUMU_CORE_KERNEL_H
#define DMUMU_CORE_KERNEL_H

#include "core/angles.h"
#include "core/bessel_table.h"
#include "core/state.h"

/** What all mu of all M_A share: Bessel tables per harmonic and G. */
struct dmumu_fast_common {
    int harmonics;
    struct dmumu_bessel_table *prime_square; /* [harmonics], n = 1 ... */
    double *g_value;                         /* owned, on g's lattice */
    struct dmumu_lattice g;                  /* G over ln z */
};

enum dmumu_status dmumu_fast_common_init(struct dmumu_fast_common *common, int harmonics);
void dmumu_fast_common_free(struct dmumu_fast_common *common);

/** K at one (M_A, mu). */
struct dmumu_fast_table {
    double mu, s, width;
    double ln_v_start, inverse_step; /* lattice in ln V */
    size_t n_v;
    double t_lobes;   /* centre of the rows' density, see kernel.c */
    double *value;    /* [rows][n_v]: (1 + t) K, owned; NULL in the quasi-linear limit */
    double rel_error; /* of an interpolated K, relative to its largest, measured when the table is made */
};

/**
 * @param[in] mu, s2  the pitch angle, s2 = 1 - mu^2
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_fast_table_init(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                        double tolerance, double mu, double s2, struct dmumu_fast_table *table);
void dmumu_fast_table_free(struct dmumu_fast_table *table);

/** Rows are interpolated between six of them; t below this is looked up here. */
enum { DMUMU_FAST_ROW_POINTS = 6 };
#define DMUMU_FAST_T_START 1.2340980408667956e-4 /* exp(-9) */

/**
 * Which rows make K(t; .): `weight` of the DMUMU_FAST_ROW_POINTS rows from `first` on.
 * @param[in] centre  table->t_lobes
 */
void dmumu_fast_row_weights(double ln_t, double t, double centre, size_t *first,
                            double weight[static DMUMU_FAST_ROW_POINTS]);
/** row = scale K(t; .), [table->n_v]; t outside the table is clamped, which K's form allows. */
void dmumu_fast_row(const struct dmumu_fast_table *table, double ln_t, double t, double scale, double row[]);

/**
 * D_F of one damping and one mu, at every R there is: sums over directions, on lattices in ln R.
 * A shift of ln R is a shift along K's row, so that a whole lattice costs one pass over the row per direction.
 */
struct dmumu_fast_profile {
    double *value; /* owned: the four arrays below */
    size_t capacity;
    struct dmumu_lattice gyro, gyro_coarse;       /* ln R at the step of K */
    struct dmumu_lattice transit, transit_coarse; /* ln R at a step of its own */
    double gyro_error;                            /* relative, of interpolations */
    double front;                                 /* D_F = front R^-1/2 (gyro + transit) */
};

/** Sums of one (mu, R), dimensionless D_mumu L/v. */
struct dmumu_fast_rate {
    double transit, gyro;
    double angle_error; /* absolute, of transit + gyro: what a finer mesh of angles mends */
    double table_error; /* absolute: what it does not */
};

/**
 * Make the profile of one (damping, mu).
 * @param[in]     angles   of the state's damping, laid out for DMUMU_R_MIN .. DMUMU_R_MAX
 * @param[in,out] profile  memory is reused; free with dmumu_fast_profile_free
 * @return DMUMU_OK or DMUMU_ERROR_MEMORY
 */
enum dmumu_status dmumu_fast_profile_make(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                                          const struct dmumu_fast_table *table, const struct dmumu_angles *angles,
                                          struct dmumu_fast_profile *profile);
void dmumu_fast_profile_free(struct dmumu_fast_profile *profile);

/**
 * D_F at a few R of one (damping, mu), without a profile: cheaper up to DMUMU_FAST_FEW of them.
 * @param[in]  larmor_ratio  [n] R, n <= DMUMU_FAST_FEW
 * @param[out] rate          [n]
 */
enum { DMUMU_FAST_FEW = 24 };
void dmumu_fast_rates_few(const struct dmumu_fast_common *common, const struct dmumu_state *state,
                          const struct dmumu_fast_table *table, const struct dmumu_angles *angles, size_t n,
                          const double larmor_ratio[], struct dmumu_fast_rate rate[]);

/** D_F at one R, DMUMU_R_MIN .. DMUMU_R_MAX. */
struct dmumu_fast_rate dmumu_fast_profile_rate(const struct dmumu_fast_profile *profile, double larmor_ratio);

#endif
