/* Resonance: see resonance.h. */
#include "core/resonance.h"

#include <math.h>

double dmumu_resonance_width(const struct dmumu_state *state, double s2)
{
    return sqrt(state->kappa * state->alfven_mach * s2);
}

double dmumu_resonance_transit(double mu, double shift, double width)
{
    const double a = (mu - shift) / width;
    return exp(-a * a);
}

double dmumu_resonance_gyro(double mu, double nu, double width)
{
    const double a = (mu + nu) / width;
    const double b = (mu - nu) / width;
    return exp(-a * a) + exp(-b * b);
}
