/*
 * State: one point of a scan, made dimensionless. Everything below this header computes with these numbers alone.
 *
 * physics.md, 'Symbols': D_mumu L / v and D / (v L) depend only on (R, M_A, beta, x_c, v_A/v, v_s/v, l/L). Units enter
 * in src/core/plasma.c and nowhere else. The particle moves at the speed of light, as in all the published curves.
 */
#ifndef DMUMU_CORE_STATE_H
#define DMUMU_CORE_STATE_H

#include "dmumu.h"

struct dmumu_state {
    double alfven_mach;    /* M_A */
    double beta;           /* gas over magnetic pressure */
    double x_c;            /* viscous cut-off k_c L at xi = 0 */
    double alfven_speed_v; /* v_A / v */
    double slow_speed_v;   /* v_s / v */
    double zone_l;         /* l / L; infinite where every pitch angle counts */
    double d_prefactor;    /* 1/4; 1/8 for the disk of the published variant */
    bool collisionless, viscous;
    enum dmumu_variant truncation_angle;

    bool modes[DMUMU_N_MODES];
    double energy_fraction[DMUMU_N_MODES];
    enum dmumu_cascade cascade;
    int harmonics;
    double kappa; /* Delta^2 = kappa M_A s^2; 0 in the quasi-linear limit */
};

/** The range of R = r_L / L in which the model is meant to be used. */
#define DMUMU_R_MIN 1e-12
#define DMUMU_R_MAX 1.0

/** Relative tolerances on D that can be asked for. */
#define DMUMU_LEAST_TOLERANCE 1e-8
#define DMUMU_MOST_TOLERANCE  0.1

/** Make a point dimensionless. Thread-safe. Errors as dmumu_medium_of_point. */
enum dmumu_status dmumu_state_of_point(const struct dmumu_model *model, const struct dmumu_point *point,
                                       struct dmumu_state *state, struct dmumu_error *error);

/** R of each rigidity for a point: r_L / L. */
enum dmumu_status dmumu_state_larmor_ratio(const struct dmumu_model *model, const struct dmumu_point *point, size_t n,
                                           const double rigidity_gv[], double larmor_ratio[],
                                           struct dmumu_error *error);

/** v L in cm^2/s, the unit of D. */
double dmumu_state_d_unit_cm2_s(const struct dmumu_point *point);
/** v / L in s^-1, the unit of D_mumu. */
double dmumu_state_rate_unit_per_s(const struct dmumu_point *point);

#endif
