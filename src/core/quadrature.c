/* Quadrature: see quadrature.h. */
#include "core/quadrature.h"

#include <cubature.h>
#include <math.h>

void dmumu_quadrature_pieces_init(struct dmumu_quadrature_pieces *pieces, double low, double high)
{
    pieces->n = 2;
    pieces->end[0] = low;
    pieces->end[1] = high;
}

void dmumu_quadrature_pieces_add(struct dmumu_quadrature_pieces *pieces, double end)
{
    double *ends = pieces->end;
    if (!(end > ends[0] && end < ends[pieces->n - 1]) || pieces->n == DMUMU_QUADRATURE_MAX_ENDS) {
        return;
    }
    size_t i = pieces->n;
    while (ends[i - 1] > end) {
        i--;
    }
    if (ends[i - 1] == end) {
        return;
    }
    for (size_t k = pieces->n; k > i; k--) {
        ends[k] = ends[k - 1];
    }
    ends[i] = end;
    pieces->n++;
}

void dmumu_quadrature_pieces_refine(struct dmumu_quadrature_pieces *pieces, double step)
{
    const struct dmumu_quadrature_pieces old = *pieces;
    for (size_t i = 0; i + 1 < old.n; i++) {
        const double low = old.end[i];
        const double high = old.end[i + 1];
        const int parts = (int)fmin(ceil((high - low) / step), DMUMU_QUADRATURE_MAX_ENDS);
        for (int k = 1; k < parts; k++) {
            dmumu_quadrature_pieces_add(pieces, low + (high - low) * k / parts);
        }
    }
}

struct scalar_integrand {
    dmumu_quadrature_function *f;
    void *context;
};

static int evaluate(unsigned dimension, const double *x, void *data, unsigned components, double *value)
{
    const struct scalar_integrand *integrand = data;
    (void)dimension;
    (void)components;
    value[0] = integrand->f(x[0], integrand->context);
    return 0;
}

enum { COARSE_EVALUATIONS = 15, FINE_EVALUATIONS = 2000000 };

struct dmumu_quadrature_result dmumu_quadrature_integrate(dmumu_quadrature_function *f, void *context,
                                                          const struct dmumu_quadrature_pieces *pieces,
                                                          double tolerance)
{
    struct scalar_integrand integrand = {.f = f, .context = context};
    const size_t n = pieces->n - 1;
    double value[DMUMU_QUADRATURE_MAX_ENDS];
    double error[DMUMU_QUADRATURE_MAX_ENDS];
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        hcubature(1, evaluate, &integrand, 1, &pieces->end[i], &pieces->end[i + 1], COARSE_EVALUATIONS, 0.0, tolerance,
                  ERROR_INDIVIDUAL, &value[i], &error[i]);
        total += fabs(value[i]);
    }
    struct dmumu_quadrature_result result = {0.0, 0.0};
    const double share = tolerance * total / (double)n;
    for (size_t i = 0; i < n; i++) {
        if (error[i] > share && error[i] > tolerance * fabs(value[i])) {
            hcubature(1, evaluate, &integrand, 1, &pieces->end[i], &pieces->end[i + 1], FINE_EVALUATIONS, share,
                      tolerance, ERROR_INDIVIDUAL, &value[i], &error[i]);
        }
        result.value += value[i];
        result.error += error[i];
    }
    return result;
}
