/*
 * Tables of squared Bessel functions with their oscillations faded out at large arguments.
 *
 *     f(w) = [1 - S(w)] J^2(w) + S(w) <J^2>(w),   S a smooth step from 0 to 1 between fade_from and fade_to
 *
 * Under an integral over a smooth function the oscillating part of J^2 beyond a few periods adds nothing but boundary
 * terms, and a boundary that moves with the wave angle averages those out; f keeps the mean. Tables of f can then be
 * interpolated at any w.
 */
#ifndef DMUMU_CORE_BESSEL_TABLE_H
#define DMUMU_CORE_BESSEL_TABLE_H

#include "core/lattice.h"

enum dmumu_bessel_kind { DMUMU_BESSEL_PRIME_SQUARE, DMUMU_BESSEL_OVER_W_SQUARE };

struct dmumu_bessel_table {
    enum dmumu_bessel_kind kind;
    int n;                     /* order */
    double fade_from, fade_to; /* in w */
    double *value;             /* owned, on a lattice in w */
    struct dmumu_lattice lattice;
};

/** Returns 0, or -1 when out of memory. */
int dmumu_bessel_table_init(struct dmumu_bessel_table *table, enum dmumu_bessel_kind kind, int n, double fade_from,
                            double fade_to);
void dmumu_bessel_table_free(struct dmumu_bessel_table *table);

/** f(w) from the formula, slow. */
double dmumu_bessel_faded(enum dmumu_bessel_kind kind, int n, double fade_from, double fade_to, double w);
/** f(w) from the table, to 1e-8 of its maximum. */
double dmumu_bessel_table_value(const struct dmumu_bessel_table *table, double w);

#endif
