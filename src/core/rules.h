/* Rules: nodes and weights of fixed quadratures on [-1, 1]. */
#ifndef DMUMU_CORE_RULES_H
#define DMUMU_CORE_RULES_H

enum { DMUMU_KRONROD_N = 15, DMUMU_GAUSS_N = 8 };

/** Kronrod's 15 points and, on every other one of them, Gauss's 7 (QUADPACK); weights of the latter are 0 elsewhere. */
extern const double dmumu_kronrod_node[DMUMU_KRONROD_N];
extern const double dmumu_kronrod_weight[DMUMU_KRONROD_N];
extern const double dmumu_kronrod_gauss_weight[DMUMU_KRONROD_N];

/** Gauss-Legendre, 8 points. */
extern const double dmumu_gauss_node[DMUMU_GAUSS_N];
extern const double dmumu_gauss_weight[DMUMU_GAUSS_N];

/**
 * The error of a Kronrod value relative to it, from its difference to the embedded Gauss value, both relative: the
 * difference itself is the error of the 7-point rule; that of the 15-point rule falls like its square (the rules'
 * degrees are 13 and 23), of which the power 3/2, as in QUADPACK, is the safe reading. The factor (5.3, where QUADPACK has
 * 200) is what the reference points allow.
 */
double dmumu_rule_error(double relative_difference);

#endif
