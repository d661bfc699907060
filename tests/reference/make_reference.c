/*
 * make_reference: the oracle's values, by the reference kernel.
 *
 *     make_reference FIRST LAST TOLERANCE > table
 *
 * One line per point FIRST .. LAST-1 (points.h), in the order of their completion: index, rigidity_gv, D, D_fast,
 * D_alfven, D_slow in cm^2/s, mu_star, quality, the estimated relative error of D, seconds. About a second per point.
 */
#include "points.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

static void print_point(unsigned i, double tolerance)
{
    struct reference_point at = reference_point_at(i);
    at.model.tolerance = tolerance;
    double d = (double)NAN;
    double mode[DMUMU_N_MODES] = {(double)NAN, (double)NAN, (double)NAN};
    double rel_error = (double)NAN;
    double mu_star = (double)NAN;
    uint8_t quality = DMUMU_QUALITY_FAILED;
    struct dmumu_curve curve = {&d, {&mode[0], &mode[1], &mode[2]}, &rel_error, &mu_star, &quality};
    struct dmumu_error error;
    const double start = omp_get_wtime();
    if (dmumu_curve_compute_ref(&at.model, &at.point, 1, &at.rigidity_gv, &curve, &error) != DMUMU_OK) {
        fprintf(stderr, "point %u: %s\n", i, error.message);
    }
    printf("%u %.12e %.11e %.11e %.11e %.11e %.11e %s %.1e %.1f\n", i, at.rigidity_gv, d, mode[DMUMU_FAST],
           mode[DMUMU_ALFVEN], mode[DMUMU_SLOW], mu_star, dmumu_quality_name((enum dmumu_quality)quality), rel_error,
           omp_get_wtime() - start);
    fflush(stdout);
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
#pragma omp parallel for schedule(dynamic, 1) default(none) shared(first, last, tolerance)
    for (unsigned i = first; i < last; i++) {
        print_point(i, tolerance);
    }
    return 0;
}
