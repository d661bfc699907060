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
    const double ratio = width / used;
    const double c = (1.0 - ratio) * (1.0 + ratio);
    const double c2 = c * c;
    const double c3 = c2 * c;
    return (struct dmumu_resonance_shape){
        .mu = mu,
        .width = used,
        .ratio = ratio,
        .term = {1.0 + c / 2.0 + 3.0 * c2 / 8.0 + 5.0 * c3 / 16.0, -c - 3.0 * c2 / 2.0 - 15.0 * c3 / 8.0,
                 c2 / 2.0 + 5.0 * c3 / 4.0, -c3 / 6.0},
    };
}

double dmumu_resonance_shape_value(const struct dmumu_resonance_shape *shape, double shift)
{
    const double y = (shape->mu - shift) / shape->width;
    return dmumu_resonance_shape_factor(shape, y * y) * exp(-y * y);
}
