/*
 * Quadrature of the reference kernel: adaptive integrals over pieces by GSL's Kronrod rule, value and error together;
 * and panels of Gauss's 32 or 16 points, evaluated together, for integrands that are known to be smooth.
 */
#ifndef DMUMU_CORE_QUADRATURE_H
#define DMUMU_CORE_QUADRATURE_H

#include <stddef.h>

typedef double dmumu_quadrature_function(double x, void *context);

struct dmumu_quadrature_result {
    double value;
    double error; /* estimated, absolute */
};

/** Ends of the pieces of an integral: kept ascending within [low, high], duplicates dropped. */
enum { DMUMU_QUADRATURE_MAX_ENDS = 256 };
struct dmumu_quadrature_pieces {
    size_t n;
    double end[DMUMU_QUADRATURE_MAX_ENDS];
};

/** Start a list with its two outer ends, low < high. */
void dmumu_quadrature_pieces_init(struct dmumu_quadrature_pieces *pieces, double low, double high);
/** Split at `end` when it lies inside. */
void dmumu_quadrature_pieces_add(struct dmumu_quadrature_pieces *pieces, double end);
/** Split so that no piece is longer than `step`. */
void dmumu_quadrature_pieces_refine(struct dmumu_quadrature_pieces *pieces, double step);

/**
 * The integral over all pieces, to `tolerance` relative to the sum of the pieces' absolute values: each is first
 * measured coarsely, then refined to its share of the total.
 */
struct dmumu_quadrature_result dmumu_quadrature_integrate(dmumu_quadrature_function *f, void *context,
                                                          const struct dmumu_quadrature_pieces *pieces,
                                                          double tolerance);

/** One panel of Gauss-Legendre's rule, n = DMUMU_PANEL_N or DMUMU_SHORT_PANEL_N: points, and the integral from values there. */
enum { DMUMU_PANEL_N = 32, DMUMU_SHORT_PANEL_N = 16 };
void dmumu_quadrature_panel_points(int n, double low, double high, double x[]);
double dmumu_quadrature_panel_sum(int n, double low, double high, const double value[]);

#endif
