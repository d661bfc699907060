/*
 * Lattice: look-up in a table with a uniform abscissa, by Lagrange's polynomials: cubic (four points) with clamped
 * ends, which callers lay where the function has become constant; and of eight points, for those who do their own book-
 * keeping.
 */
#ifndef DMUMU_CORE_LATTICE_H
#define DMUMU_CORE_LATTICE_H

#include <math.h>
#include <stddef.h>

/** value[i] at start + i / inverse_step, i < n, n >= 4; not owned. */
struct dmumu_lattice {
    double start;
    double inverse_step;
    size_t n;
    const double *value;
};

/** Weights of the entries i-1 .. i+2 at i + f, 0 <= f <= 1. */
static inline void dmumu_lattice_weights(double f, double weight[static 4])
{
    const double a = f + 1.0;
    const double c = f - 1.0;
    const double d = f - 2.0;
    weight[0] = -f * c * d / 6.0;
    weight[1] = 0.5 * a * c * d;
    weight[2] = -0.5 * a * f * d;
    weight[3] = a * f * c / 6.0;
}

/** Where x lies: the index i of the entry to its left and the fraction of a step beyond it. */
static inline size_t dmumu_lattice_locate(double start, double inverse_step, size_t n, double x, double *fraction)
{
    const double last = (double)(n - 3);
    double position = (x - start) * inverse_step;
    position = position < 1.0 ? 1.0 : position;
    position = position > last ? last : position;
    const int i = (int)position;
    *fraction = position - i;
    return (size_t)i;
}

static inline double dmumu_lattice_value(const struct dmumu_lattice *lattice, double x)
{
    double f;
    double weight[4];
    const size_t i = dmumu_lattice_locate(lattice->start, lattice->inverse_step, lattice->n, x, &f);
    const double *v = lattice->value + i - 1;
    dmumu_lattice_weights(f, weight);
    return weight[0] * v[0] + weight[1] * v[1] + weight[2] * v[2] + weight[3] * v[3];
}

/** Eight-point stencil: a position lies between its fourth and fifth points. */
enum { DMUMU_STENCIL = 8, DMUMU_STENCIL_LEFT = 3 };

/** Weights of the entries i - DMUMU_STENCIL_LEFT .. i + 4 at i + f, 0 <= f <= 1. */
static inline void dmumu_stencil_weights(double f, double weight[static DMUMU_STENCIL])
{
    /* 1 / prod_{k != j} (j - k) */
    static const double scale[DMUMU_STENCIL] = {-1.0 / 5040.0, 1.0 / 720.0, -1.0 / 240.0, 1.0 / 144.0,
                                                -1.0 / 144.0,  1.0 / 240.0, -1.0 / 720.0, 1.0 / 5040.0};
    double distance[DMUMU_STENCIL];
    double left = 1.0;
    double right = 1.0;
    for (int j = 0; j < DMUMU_STENCIL; j++) {
        distance[j] = f - (double)(j - DMUMU_STENCIL_LEFT);
        weight[j] = scale[j];
    }
    for (int j = 0; j < DMUMU_STENCIL; j++) {
        const int k = DMUMU_STENCIL - 1 - j;
        weight[j] *= left;
        weight[k] *= right;
        left *= distance[j];
        right *= distance[k];
    }
}

/** A value between lattice points: the first of the DMUMU_STENCIL points that make it, and their weights. */
struct dmumu_place {
    long first;
    double weight[DMUMU_STENCIL];
};

/** @param[in] position  in steps from lattice point 0 */
static inline struct dmumu_place dmumu_place_of(double position)
{
    struct dmumu_place place;
    const double whole = floor(position);
    place.first = (long)whole - DMUMU_STENCIL_LEFT;
    dmumu_stencil_weights(position - whole, place.weight);
    return place;
}

/**
 * Weights of eight points at odd distances from a ninth in their middle: what interpolating between points of twice the
 * step makes of it, so that its error is 2^8 times that of interpolating between the points.
 */
static const double dmumu_stencil_wide_weight[DMUMU_STENCIL] = {-5.0 / 2048.0,   49.0 / 2048.0,   -245.0 / 2048.0,
                                                                1225.0 / 2048.0, 1225.0 / 2048.0, -245.0 / 2048.0,
                                                                49.0 / 2048.0,   -5.0 / 2048.0};

/** That, of the eighth of 15 entries. */
static inline double dmumu_stencil_wide(const double v[static 15])
{
    double sum = 0.0;
    for (size_t j = 0; j < 4; j++) {
        sum += dmumu_stencil_wide_weight[3 - j] * (v[6 - 2 * j] + v[8 + 2 * j]);
    }
    return sum;
}

#endif
