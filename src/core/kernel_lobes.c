/* Kernel lobes: see kernel_lobes.h. */
#include "core/kernel_lobes.h"

#include "core/bessel.h"
#include "core/constants.h"

#include <math.h>
#include <stdlib.h>

/* Lobes of which the resonance leaves less than this, or which are known better, are not in the sums. */
#define NOTHING 1e-9

/* An oscillation of theta per row is interpolated from eight rows, midway between two, with an error of theta^8 times this. */
#define OF_ROWS (11025.0 / 256.0 / 40320.0)

/* exp(-x) [exp(c x) - 1 - c x - (c x)^2/2 - (c x)^3/6]: what the widened resonance (resonance.h) lacks. */
static double lacking(double c, double x)
{
    const double y = c * x;
    const double kept = 1.0 + y * (1.0 + 0.5 * y * (1.0 + y / 3.0));
    const double series = y * y * y * y / 24.0 * (1.0 + y / 5.0 * (1.0 + y / 6.0));
    return y < 0.3 ? exp(-x) * series : exp(y - x) - exp(-x) * kept;
}

/* Of the lobes at w that were there without a resonance, the part that is wrong; theta: of phase 2w, from row to row. */
static double part_missed(const struct dmumu_resonance_shape *shape, double w, double fade_from, double fade_to,
                          double theta)
{
    const double c = (1.0 - shape->ratio) * (1.0 + shape->ratio);
    const double x = w * w * shape->width * shape->width / (shape->mu * shape->mu);
    const double left = exp(-x * (1.0 - c));
    const double faded = dmumu_bessel_fade(fade_from, fade_to, w);
    const double theta2 = theta * theta;
    return lacking(c, x) + left * (faded + (1.0 - faded) * fmin(1.0, OF_ROWS * theta2 * theta2 * theta2 * theta2));
}

/* The lobes of harmonic n that are wrong, row by row; returns the largest part. */
static double find_missed(const struct dmumu_fast_common *common, const struct dmumu_resonance_shape *shape,
                          const struct dmumu_fast_table *table, int n, const double fade[static 2], float missed[])
{
    const double at_resonance = sqrt(shape->mu / n / DMUMU_PI) * shape->width * shape->ratio / n;
    double most = 0.0;
    for (int i = 0; i < common->rows.n; i++) {
        const double t = common->row_tangent[i];
        const double w = n * table->s * t / shape->mu;
        const double theta = i > 0 ? 2.0 * w * log(t / common->row_tangent[i - 1]) : 0.0;
        const double part = part_missed(shape, w, fade[0] + 2.0 * n, fade[1] + 2.0 * n, theta);
        if (part > NOTHING) { /* no number where w is infinite, at mu = 0 */
            const double amplitude = (1.0 + t) * at_resonance * part / fmax(w, 1.0);
            missed[2 * i] = (float)(amplitude * cos(2.0 * w));
            missed[2 * i + 1] = (float)(amplitude * sin(2.0 * w));
            most = fmax(most, part);
        }
    }
    return most;
}

enum dmumu_status dmumu_missed_lobes_init(const struct dmumu_fast_common *common,
                                          const struct dmumu_resonance_shape *shape, double fade_from, double fade_to,
                                          struct dmumu_fast_table *table)
{
    const double fade[2] = {fade_from, fade_to};
    const size_t n_rows = (size_t)common->rows.n;
    double most = 0.0;
    if (!dmumu_deposit_follows_lobes(common->tolerance)) {
        return DMUMU_OK;
    }
    table->missed = calloc((size_t)common->harmonics * 2 * n_rows, sizeof *table->missed);
    for (int n = 1; table->missed && n <= common->harmonics; n++) {
        float *of_harmonic = table->missed + (size_t)(n - 1) * 2 * n_rows;
        most = fmax(most, find_missed(common, shape, table, n, fade, of_harmonic));
    }
    const enum dmumu_status status = table->missed ? DMUMU_OK : DMUMU_ERROR_MEMORY;
    table->n_missed = common->harmonics;
    if (most <= NOTHING) { /* a wide resonance leaves no lobes */
        dmumu_missed_lobes_free(table);
    }
    return status;
}

void dmumu_missed_lobes_free(struct dmumu_fast_table *table)
{
    free(table->missed);
    table->missed = NULL;
    table->n_missed = 0;
}

/* The sum of a row's taps from lattice point `from` on. */
static double taps_beyond(const struct dmumu_taps *taps, long from)
{
    const long i = from - taps->first;
    if (taps->n == 0 || i >= (long)taps->n) {
        return 0.0;
    }
    return taps->fine_beyond[i < 0 ? 0 : i];
}

double dmumu_missed_lobes(const struct dmumu_fast_table *table, const struct dmumu_deposit *deposit, long index)
{
    double sum = 0.0;
    const size_t n_rows = (size_t)deposit->rows.n;
    for (int n = 1; n <= table->n_missed; n++) {
        const float *missed = table->missed + (size_t)(n - 1) * 2 * n_rows;
        const long from = lround((log(n / table->mu) + table->ln_s) / deposit->step) - index; /* X = n/(mu R) */
        double cosine = 0.0;
        double sine = 0.0;
        for (size_t i = 0; i < n_rows; i++) {
            if (missed[2 * i] != 0.0F || missed[2 * i + 1] != 0.0F) {
                const double weight = taps_beyond(&deposit->end[i], from) - taps_beyond(&deposit->start[i], from);
                cosine += weight * (double)missed[2 * i];
                sine += weight * (double)missed[2 * i + 1];
            }
        }
        sum += sqrt(cosine * cosine + sine * sine);
    }
    return sum;
}
