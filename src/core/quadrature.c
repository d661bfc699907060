/* Quadrature: see quadrature.h. */
#include "core/quadrature.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdbool.h>

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

/* One interval by Kronrod's 21 points, its error by QUADPACK's estimate from Gauss's 10. */
static struct dmumu_quadrature_result interval(const gsl_function *f, double low, double high)
{
    struct dmumu_quadrature_result result;
    double sum_abs;
    double sum_deviation;
    gsl_integration_qk21(f, low, high, &result.value, &result.error, &sum_abs, &sum_deviation);
    return result;
}

enum { MAX_HALVINGS = 40, MAX_INTERVALS = 50000 };

/* One integral as it is refined. */
struct refinement {
    const gsl_function *f;
    double tolerance, total; /* relative, and what it is relative to */
    int intervals;           /* halved so far */
};

/* More than its share by length, and by value where the integrand is concentrated, and enough to matter; NaN is not. */
static bool inaccurate(const struct refinement *all, const struct dmumu_quadrature_result *part, double share)
{
    return part->error > share && part->error > 0.1 * all->tolerance * fabs(part->value) &&
           part->error > 1e-4 * all->tolerance * all->total;
}

/* Halve until the error is small enough. */
static struct dmumu_quadrature_result refined(struct refinement *all, double low, double high,
                                              struct dmumu_quadrature_result whole, double share, int halvings)
{
    if (!inaccurate(all, &whole, share) || halvings == MAX_HALVINGS || all->intervals == MAX_INTERVALS) {
        return whole;
    }
    const double middle = 0.5 * (low + high);
    all->intervals++;
    const struct dmumu_quadrature_result a =
        refined(all, low, middle, interval(all->f, low, middle), 0.5 * share, halvings + 1);
    const struct dmumu_quadrature_result b =
        refined(all, middle, high, interval(all->f, middle, high), 0.5 * share, halvings + 1);
    return (struct dmumu_quadrature_result){a.value + b.value, a.error + b.error};
}

struct dmumu_quadrature_result dmumu_quadrature_integrate(dmumu_quadrature_function *f, void *context,
                                                          const struct dmumu_quadrature_pieces *pieces,
                                                          double tolerance)
{
    const gsl_function function = {.function = f, .params = context};
    struct refinement all = {.f = &function, .tolerance = tolerance};
    const size_t n = pieces->n - 1;
    struct dmumu_quadrature_result piece[DMUMU_QUADRATURE_MAX_ENDS];
    for (size_t i = 0; i < n; i++) {
        piece[i] = interval(&function, pieces->end[i], pieces->end[i + 1]);
        all.total += fabs(piece[i].value);
    }
    struct dmumu_quadrature_result result = {0.0, 0.0};
    for (size_t i = 0; i < n; i++) {
        const struct dmumu_quadrature_result fine =
            refined(&all, pieces->end[i], pieces->end[i + 1], piece[i], tolerance * all.total / (double)n, 0);
        result.value += fine.value;
        result.error += fine.error;
    }
    return result;
}

/* Gauss-Legendre, 32 points: the upper half (Abramowitz & Stegun 25.4.30). */
static const double gauss_node[DMUMU_PANEL_N / 2] = {
    0.0483076656877383162348, 0.144471961582796493485, 0.239287362252137074545, 0.331868602282127649780,
    0.421351276130635345364,  0.506899908932229390024, 0.587715757240762329041, 0.663044266930215200975,
    0.732182118740289680387,  0.794483795967942406963, 0.849367613732569970134, 0.896321155766052123965,
    0.934906075937739689171,  0.964762255587506430774, 0.985611511545268335400, 0.997263861849481563545};

static const double gauss_weight[DMUMU_PANEL_N / 2] = {
    0.0965400885147278005668, 0.0956387200792748594191, 0.0938443990808045656392, 0.0911738786957638847129,
    0.0876520930044038111428, 0.0833119242269467552222, 0.0781938957870703064717, 0.0723457941088485062254,
    0.0658222227763618468377, 0.0586840934785355471453, 0.0509980592623761761962, 0.0428358980222266806569,
    0.0342738629130214331027, 0.0253920653092620594558, 0.0162743947309056706052, 0.00701861000947009660041};

/* The same, 16 points. */
static const double short_node[DMUMU_SHORT_PANEL_N / 2] = {
    0.0950125098376374401853, 0.281603550779258913230, 0.458016777657227386342, 0.617876244402643748447,
    0.755404408355003033895,  0.865631202387831743880, 0.944575023073232576078, 0.989400934991649932596};

static const double short_weight[DMUMU_SHORT_PANEL_N / 2] = {
    0.189450610455068496285, 0.182603415044923588867,  0.169156519395002538189,  0.149595988816576732082,
    0.124628971255533872052, 0.0951585116824927848099, 0.0622535239386478928628, 0.0271524594117540948518};

void dmumu_quadrature_panel_points(int n, double low, double high, double x[])
{
    const double *node = n == DMUMU_PANEL_N ? gauss_node : short_node;
    const double middle = 0.5 * (low + high);
    const double half = 0.5 * (high - low);
    for (int i = 0; i < n / 2; i++) {
        x[n / 2 - 1 - i] = middle - half * node[i];
        x[n / 2 + i] = middle + half * node[i];
    }
}

double dmumu_quadrature_panel_sum(int n, double low, double high, const double value[])
{
    const double *weight = n == DMUMU_PANEL_N ? gauss_weight : short_weight;
    double sum = 0.0;
    for (int i = 0; i < n / 2; i++) {
        sum += weight[i] * (value[n / 2 - 1 - i] + value[n / 2 + i]);
    }
    return 0.5 * (high - low) * sum;
}
