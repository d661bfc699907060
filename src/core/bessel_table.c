/* Tables of squared Bessel functions: see bessel_table.h. */
#include "core/bessel_table.h"

#include "core/bessel.h"

#include <stdlib.h>

#define STEPS_PER_UNIT 50.0 /* J^2 turns over in pi/2: 79 entries */

static double exact(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square(n, w) : dmumu_bessel_over_w_square(n, w);
}

static double mean(enum dmumu_bessel_kind kind, int n, double w)
{
    return kind == DMUMU_BESSEL_PRIME_SQUARE ? dmumu_bessel_prime_square_mean(n, w)
                                             : dmumu_bessel_over_w_square_mean(n, w);
}

/* Three times differentiable from 0 to 1. */
static double smooth_step(double x)
{
    return x * x * x * x * (35.0 + x * (-84.0 + x * (70.0 - 20.0 * x)));
}

double dmumu_bessel_faded(enum dmumu_bessel_kind kind, int n, double fade_from, double fade_to, double w)
{
    if (w <= fade_from) {
        return exact(kind, n, w);
    }
    if (w >= fade_to) {
        return mean(kind, n, w);
    }
    const double step = smooth_step((w - fade_from) / (fade_to - fade_from));
    return (1.0 - step) * exact(kind, n, w) + step * mean(kind, n, w);
}

int dmumu_bessel_table_init(struct dmumu_bessel_table *table, enum dmumu_bessel_kind kind, int n, double fade_from,
                            double fade_to)
{
    const size_t entries = (size_t)(fade_to * STEPS_PER_UNIT) + 8;
    const double start = -1.0 / STEPS_PER_UNIT; /* one entry left of 0: the squares are even */
    double *value = malloc(entries * sizeof *value);
    if (!value) {
        return -1;
    }
    for (size_t i = 0; i < entries; i++) {
        const double w = start + (double)i / STEPS_PER_UNIT;
        value[i] = dmumu_bessel_faded(kind, n, fade_from, fade_to, w < 0.0 ? -w : w);
    }
    *table = (struct dmumu_bessel_table){
        .kind = kind,
        .n = n,
        .fade_from = fade_from,
        .fade_to = fade_to,
        .value = value,
        .lattice = {.start = start, .inverse_step = STEPS_PER_UNIT, .n = entries, .value = value}};
    return 0;
}

void dmumu_bessel_table_free(struct dmumu_bessel_table *table)
{
    free(table->value);
    table->value = NULL;
}

double dmumu_bessel_table_value(const struct dmumu_bessel_table *table, double w)
{
    return w < table->fade_to ? dmumu_lattice_value(&table->lattice, w) : mean(table->kind, table->n, w);
}
