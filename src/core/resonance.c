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

struct dmumu_resonance_shape dmumu_resonance_shape_of(double mu, double width, double least)
{
    const double used = fmax(width, least * mu);
    return (struct dmumu_resonance_shape){.mu = mu, .width = used, .ratio = width / used};
}

double dmumu_resonance_shape_value(const struct dmumu_resonance_shape *shape, double shift)
{
    const double y = (shape->mu - shift) / shape->width;
    const double y2 = y * y;
    return shape->ratio * exp(-y2) * (1.0 + (1.0 - shape->ratio * shape->ratio) * (0.5 - y2));
}
