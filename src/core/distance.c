/* Distance between two curves D(R): every rigidity counts alike, so that a grid even in ln R weighs decades alike. */
#include "dmumu.h"

#include <math.h>

struct dmumu_distance dmumu_distance_of(size_t n, const double rigidity_gv[], const double d_cm2_s[],
                                        const double ln_reference[], bool free_normalisation)
{
    double sum = 0.0;
    double square = 0.0;
    double least = (double)INFINITY;
    double most = -(double)INFINITY;
    double x_sum = 0.0;
    double x_square = 0.0;
    double y_sum = 0.0;
    double xy_sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double y = d_cm2_s[i] > 0.0 ? log(d_cm2_s[i]) : (double)NAN;
        const double x = log(rigidity_gv[i] / rigidity_gv[0]);
        const double difference = y - ln_reference[i];
        sum += difference;
        square += difference * difference;
        least = difference < least ? difference : least;
        most = difference > most ? difference : most;
        x_sum += x;
        x_square += x * x;
        y_sum += y;
        xy_sum += x * y;
    }
    if (!isfinite(sum) || n < 2) {
        const double nan = (double)NAN;
        return (struct dmumu_distance){nan, nan, nan, nan};
    }
    const double count = (double)n;
    const double mean = sum / count;
    const double shift = free_normalisation ? mean : 0.0;
    const double variance = fmax(square / count - mean * mean, 0.0);
    return (struct dmumu_distance){
        .rms = free_normalisation ? sqrt(variance) : sqrt(square / count),
        .worst = fmax(most - shift, shift - least),
        .normalisation = exp(mean),
        .slope = (count * xy_sum - x_sum * y_sum) / (count * x_square - x_sum * x_sum),
    };
}
