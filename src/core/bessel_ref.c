/* Bessel functions of the reference kernel: see bessel_ref.h. */
#include "core/bessel_ref.h"

#include "core/constants.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>

enum {
    TERMS = 7,
    BESSEL_PIECES = (int)(DMUMU_BESSEL_REF_END / DMUMU_BESSEL_REF_STEP),
    FADE_PIECES = 64,
    N = DMUMU_PANEL_N
};

/* Chebyshev's nodes of degree 7 on [-1, 1]. */
static const double node[TERMS] = {-0.97492791218182361, -0.78183148246802981, -0.43388373911755812, 0.0,
                                   0.43388373911755812,  0.78183148246802981,  0.97492791218182361};

/* One function to be tabulated. */
struct tabulated {
    enum { STEP, PRIME_SQUARE, OVER_W_SQUARE } what;
    int n;
};

/* J^2 without the power law w^(2 power) that it starts with. */
static int power_of(int n)
{
    return n == 0 ? 1 : n - 1;
}

static double value_of(const struct tabulated *f, double at)
{
    if (f->what == STEP) {
        return 0.5 * erfc(5.0 - at / 6.0);
    }
    const double square =
        f->what == PRIME_SQUARE ? dmumu_bessel_prime_square(f->n, at) : dmumu_bessel_over_w_square(f->n, at);
    return square / pow(at, 2.0 * power_of(f->n));
}

static void tabulate(const struct tabulated *f, double step, int n_pieces, double *memory, struct dmumu_pieces *pieces)
{
    *pieces = (struct dmumu_pieces){.per_unit = 1.0 / step, .coefficient = memory};
    for (int i = 0; i < n_pieces; i++) {
        double *c = memory + (size_t)i * TERMS;
        for (int k = 0; k < TERMS; k++) {
            c[k] = value_of(f, (i + 0.5 + 0.5 * node[k]) * step);
        }
        for (int order = 1; order < TERMS; order++) { /* divided differences */
            for (int k = TERMS - 1; k >= order; k--) {
                c[k] = (c[k] - c[k - 1]) / (node[k] - node[k - order]);
            }
        }
    }
}

bool dmumu_bessel_ref_init(struct dmumu_bessel_ref *bessel, int harmonics)
{
    const size_t n = (size_t)harmonics + 1;
    *bessel = (struct dmumu_bessel_ref){.harmonics = harmonics};
    bessel->prime_square = calloc(n, sizeof *bessel->prime_square);
    bessel->over_w_square = calloc(n, sizeof *bessel->over_w_square);
    bessel->memory = malloc(((2 * n - 1) * BESSEL_PIECES + FADE_PIECES) * TERMS * sizeof *bessel->memory);
    if (!bessel->prime_square || !bessel->over_w_square || !bessel->memory) {
        return false;
    }
    double *memory = bessel->memory;
    tabulate(&(struct tabulated){STEP, 0}, DMUMU_BESSEL_REF_FADE_WIDTH / FADE_PIECES, FADE_PIECES, memory,
             &bessel->fade);
    memory += FADE_PIECES * TERMS;
    for (int k = 0; k <= harmonics; k++) {
        tabulate(&(struct tabulated){PRIME_SQUARE, k}, DMUMU_BESSEL_REF_STEP, BESSEL_PIECES, memory,
                 &bessel->prime_square[k]);
        memory += BESSEL_PIECES * TERMS;
    }
    for (int k = 1; k <= harmonics; k++) {
        tabulate(&(struct tabulated){OVER_W_SQUARE, k}, DMUMU_BESSEL_REF_STEP, BESSEL_PIECES, memory,
                 &bessel->over_w_square[k]);
        memory += BESSEL_PIECES * TERMS;
    }
    return true;
}

void dmumu_bessel_ref_free(struct dmumu_bessel_ref *bessel)
{
    free(bessel->prime_square);
    free(bessel->over_w_square);
    free(bessel->memory);
    *bessel = (struct dmumu_bessel_ref){.harmonics = 0};
}

/* Newton's form, written out: loops over it run in vector registers. */
static inline double piece_value(const double *coefficient, double place)
{
    const int i = (int)place;
    const double y = 2.0 * (place - i) - 1.0;
    double value = coefficient[i * TERMS + 6];
    value = value * (y - node[5]) + coefficient[i * TERMS + 5];
    value = value * (y - node[4]) + coefficient[i * TERMS + 4];
    value = value * (y - node[3]) + coefficient[i * TERMS + 3];
    value = value * (y - node[2]) + coefficient[i * TERMS + 2];
    value = value * (y - node[1]) + coefficient[i * TERMS + 1];
    return value * (y - node[0]) + coefficient[i * TERMS];
}

DMUMU_VECTOR
static void from_table(const struct dmumu_pieces *pieces, int power, int count, const double w[], double square[])
{
    const double *coefficient = pieces->coefficient;
    const double per_unit = pieces->per_unit;
#pragma omp simd
    for (int i = 0; i < count; i++) {
        square[i] = piece_value(coefficient, w[i] * per_unit);
    }
    for (int k = 0; k < power; k++) {
        for (int i = 0; i < count; i++) {
            square[i] *= w[i] * w[i];
        }
    }
}

static void oscillating(const struct dmumu_bessel_ref *bessel, enum dmumu_bessel_kind kind, int n, int count,
                        const double w[], double square[])
{
    const bool prime = kind == DMUMU_BESSEL_PRIME_SQUARE;
    if (w[count - 1] < DMUMU_BESSEL_REF_END) {
        from_table(prime ? &bessel->prime_square[n] : &bessel->over_w_square[n], power_of(n), count, w, square);
        return;
    }
    for (int i = 0; i < count; i++) {
        square[i] = prime ? dmumu_bessel_prime_square(n, w[i]) : dmumu_bessel_over_w_square(n, w[i]);
    }
}

/* As dmumu_bessel_prime_square_mean, dmumu_bessel_over_w_square_mean, in vectors. */
DMUMU_VECTOR
static void mean_squares(enum dmumu_bessel_kind kind, int n, int count, const double w[], double square[])
{
    const double m = 4.0 * n * n;
    const bool prime = kind == DMUMU_BESSEL_PRIME_SQUARE;
    const double first = prime ? -0.5 * (m - 3.0) : 0.5 * (m - 1.0);
    const double second = prime ? -0.125 * (m - 1.0) * (m - 45.0) : 0.375 * (m - 1.0) * (m - 9.0);
#pragma omp simd
    for (int i = 0; i < count; i++) {
        const double inverse = 1.0 / w[i];
        const double z = 0.25 * inverse * inverse;
        square[i] = (1.0 + z * (first + z * second)) * inverse * (prime ? 1.0 / DMUMU_PI : n * n / DMUMU_PI * 4.0 * z);
    }
}

/* S at a distance w - from or until - w. */
DMUMU_VECTOR
static void fade_steps(const struct dmumu_pieces *fade, int count, const double distance[], double step[])
{
    const double *coefficient = fade->coefficient;
    const double last = DMUMU_BESSEL_REF_FADE_WIDTH * (1.0 - 1e-15);
    double bounded[N];
#pragma omp simd
    for (int i = 0; i < count; i++) {
        bounded[i] = fade->per_unit * (distance[i] < 0.0 ? 0.0 : (distance[i] > last ? last : distance[i]));
    }
#pragma omp simd
    for (int i = 0; i < count; i++) {
        step[i] = piece_value(coefficient, bounded[i]);
    }
}

/* The mean is in `square`; mix it with J^2 where S is not 1. */
static void mix(const struct dmumu_bessel_ref *bessel, struct dmumu_bessel_fade fade, int count, const double w[],
                const double followed[], double square[])
{
    double distance[N];
    double up[N];
    double down[N];
    for (int i = 0; i < count; i++) {
        distance[i] = w[i] - fade.from;
        down[i] = 1.0;
    }
    fade_steps(&bessel->fade, count, distance, up);
    if (w[count - 1] > fade.until - DMUMU_BESSEL_REF_FADE_WIDTH) {
        for (int i = 0; i < count; i++) {
            distance[i] = fade.until - w[i];
        }
        fade_steps(&bessel->fade, count, distance, down);
    }
    for (int i = 0; i < count; i++) {
        square[i] = followed[i] + up[i] * down[i] * (square[i] - followed[i]);
    }
}

void dmumu_bessel_ref_squares(const struct dmumu_bessel_ref *bessel, enum dmumu_bessel_kind kind, int n,
                              struct dmumu_bessel_fade fade, int count, const double w[], double square[])
{
    if (w[count - 1] <= fade.from || w[0] >= fade.until) {
        oscillating(bessel, kind, n, count, w, square);
        return;
    }
    mean_squares(kind, n, count, w, square);
    if (w[0] >= fade.from + DMUMU_BESSEL_REF_FADE_WIDTH && w[count - 1] <= fade.until - DMUMU_BESSEL_REF_FADE_WIDTH) {
        return;
    }
    double followed[N];
    oscillating(bessel, kind, n, count, w, followed);
    mix(bessel, fade, count, w, followed, square);
}
