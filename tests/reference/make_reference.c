/*
 * make_reference: the oracle's values, by the reference kernel.
 *
 *     make_reference FIRST LAST TOLERANCE > table
 *
 * One line per point FIRST .. LAST-1 (points.h), in the order of their completion: index, rigidity_gv, D, D_fast,
 * D_alfven, D_slow in cm^2/s, mu_star, quality, the estimated relative error of D, seconds. A few seconds per point. A point
 * that fails is on stderr alone, and the exit status 1.
 */
#include "values.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

static bool print_point(unsigned i, double tolerance)
{
    struct reference_value at = {0};
    struct dmumu_error error;
    const double start = omp_get_wtime();
    if (reference_compute(i, DMUMU_KERNEL_REF, tolerance, &at, &error) != DMUMU_OK) {
        fprintf(stderr, "point %u: %s\n", i, error.message);
        return false;
    }
    printf("%u %.12e %.11e %.11e %.11e %.11e %.11e %s %.1e %.1f\n", i, at.rigidity_gv, at.d_cm2_s[REFERENCE_ALL],
           at.d_cm2_s[DMUMU_FAST], at.d_cm2_s[DMUMU_ALFVEN], at.d_cm2_s[DMUMU_SLOW], at.mu_star,
           dmumu_quality_name(at.quality), at.rel_error, omp_get_wtime() - start);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: make_reference FIRST LAST TOLERANCE\n");
        return 2;
    }
    const unsigned first = (unsigned)strtoul(argv[1], NULL, 10);
    const unsigned last = (unsigned)strtoul(argv[2], NULL, 10);
    const double tolerance = strtod(argv[3], NULL);
    bool good = true;
#pragma omp parallel for schedule(dynamic, 1) default(none) shared(first, last, tolerance) reduction(&& : good)
    for (unsigned i = first; i < last; i++) {
        good = print_point(i, tolerance) && good;
    }
    return good ? 0 : 1;
}
