/*
 * Power laws: D(R) = d (R/R0)^slope with no break, a sharp one or two smooth ones, fitted to a curve.
 *
 * SINGLE   D = d (R/R0)^slope
 * SHARP    slope low.slope below low.rigidity_gv, slope above it; d is D at the break
 * SMOOTH   D = d (R/R0)^slope [1 + (R/R_l)^((low.slope - slope)/s_l)]^s_l [1 + (R/R_h)^((slope - high.slope)/s_h)]^(-s_h),
 *          the form of Weinrich et al. 2020 (A&A 639, A131): low.slope far below R_l, high.slope far above R_h
 *
 * Fitted are least squares of ln D by Levenberg-Marquardt (GSL's gsl_multifit_nlinear) from several first guesses of the
 * breaks, which stay within the rigidities given; smoothness from 0.01 to 1.
 */
#ifndef DMUMU_CMD_POWER_LAW_H
#define DMUMU_CMD_POWER_LAW_H

#include <stdbool.h>
#include <stddef.h>

enum dmumu_power_law { DMUMU_POWER_LAW_SINGLE, DMUMU_POWER_LAW_SHARP, DMUMU_POWER_LAW_SMOOTH };

struct dmumu_power_law_break {
    double rigidity_gv, slope, smoothness;
};

struct dmumu_power_law_fit {
    enum dmumu_power_law kind;
    double reference_gv, d_cm2_s, slope; /* R0, d; SHARP: R0 is the break */
    struct dmumu_power_law_break low;    /* SHARP, SMOOTH */
    struct dmumu_power_law_break high;   /* SMOOTH */
    double rms, worst, worst_gv;         /* of fit/D - 1; `worst` has a sign */
};

enum { DMUMU_POWER_LAW_LEAST = 20 }; /* points */

/** D of the fit at one rigidity. */
double dmumu_power_law_d(const struct dmumu_power_law_fit *fit, double rigidity_gv);

/**
 * Fit the kind that `fit` names.
 * @param[in]     n            at least DMUMU_POWER_LAW_LEAST
 * @param[in]     rigidity_gv  [n] ascending
 * @param[in]     d_cm2_s      [n] > 0
 * @param[in,out] fit          kind and reference_gv are read (of SHARP the kind alone)
 * @return false: out of memory, or no fit came to an end
 */
bool dmumu_power_law_fit(size_t n, const double rigidity_gv[], const double d_cm2_s[], struct dmumu_power_law_fit *fit);

#endif
