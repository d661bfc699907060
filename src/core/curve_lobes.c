/* Curve lobes: see curve_lobes.h. */
#include "core/curve_lobes.h"

#include "core/curve_rates.h"

#include <math.h>

enum { NODES = DMUMU_KRONROD_N };

/* What a probe stands for: an octave of 1 - mu around it. */
#define OCTAVE 0.7

/* What they hide is known by one probe of each octave, and was once or twice as much (points 1143, 1311). */
#define BY_ONE_PROBE 2.0

/* Of the tolerance: an octave that holds no more is not looked at. */
#define LEAST_OCTAVE 0.1

/* Below this M_A what lobes hide may be more than all that is estimated at 1e-4. */
#define NARROW_BELOW 0.1

bool dmumu_curve_lobes_matter(const struct dmumu_curve_work *work)
{
    return dmumu_deposit_follows_lobes(work->tolerance) || work->state->alfven_mach < NARROW_BELOW;
}

/* ln[D/(1 - mu^2)] at the nodes: of all modes of a sum, and of the fast ones. */
struct polynomials {
    double all[NODES], fast[NODES];
};

static bool polynomials_of(const struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, int which,
                           size_t r, struct polynomials *q)
{
    struct dmumu_panel_values values;
    bool good = dmumu_curve_gather(work, panel, which, r, &values);
    for (int i = 0; good && i < NODES; i++) {
        const double fast = panel->rate[DMUMU_FAST][dmumu_curve_rates_at(panel, r) + (size_t)i];
        q->all[i] = log(values.rate[i] / values.s2[i]);
        q->fast[i] = log(fast / values.s2[i]);
        good = isfinite(q->all[i]) && isfinite(q->fast[i]);
    }
    return good;
}

/* (1 - mu^2)^2/D where that is confined. */
static double integrand(const struct dmumu_curve_work *work, double s2, double q)
{
    return q > work->q_edge ? s2 * exp(-q) : 0.0;
}

/* What the polynomials miss of the integral at the octaves of 1 - mu that count. */
static double missed(struct dmumu_curve_work *work, const struct dmumu_curve_panel *panel, size_t r,
                     const struct polynomials *q, double total)
{
    const struct dmumu_panel_rules *rules = &work->tables->rules;
    double sum = 0.0;
    for (int k = panel->key.depth + 1; k <= DMUMU_LAST_PROBE && work->status == DMUMU_OK; k++) {
        const double distance = ldexp(1.0, -k);
        const double s2 = distance * (2.0 - distance);
        const double x = 1.0 - 2.0 * ldexp(distance, panel->key.depth);
        const double all = dmumu_panel_interpolate(rules->barycentric, q->all, x);
        const double fast = dmumu_panel_interpolate(rules->barycentric, q->fast, x);
        const double at_most = OCTAVE * distance * s2 * exp(-all);
        if (!(at_most > LEAST_OCTAVE * work->tolerance * total)) {
            break;
        }
        const double probe = dmumu_curve_fast_probe(work, r, k);
        const double seen = fabs(fast - dmumu_panel_interpolate(rules->eleven, q->fast, x));
        if (fabs(log(probe) - fast) <= seen) {
            continue; /* the rules of fewer nodes see as much: polynomials that still converge, no lobes */
        }
        const double rate = exp(all) + probe - exp(fast);
        const double change = integrand(work, s2, log(rate)) - integrand(work, s2, all);
        sum += OCTAVE * distance * fabs(change);
    }
    return BY_ONE_PROBE * sum;
}

void dmumu_curve_mind_the_lobes(struct dmumu_curve_work *work, struct dmumu_curve_panel *panel, int which, size_t r,
                                double total)
{
    double low;
    double high;
    struct polynomials q;
    dmumu_panel_ends(panel->key, &low, &high);
    if (high < 1.0 || work->state->kappa == 0.0 || !(total > 0.0) ||
        !dmumu_curve_mode_in_sum(work, DMUMU_FAST, which) || !polynomials_of(work, panel, which, r, &q)) {
        return;
    }
    struct dmumu_panel_integral *integral = &panel->integral[which][panel->slot[r]];
    const double by_rules = total * dmumu_panel_error(integral, total);
    const double by_probes = missed(work, panel, r, &q, total);
    if (by_probes > by_rules) {
        integral->difference = by_probes;
        integral->rough = true; /* all rules miss it alike: no power of the difference */
    }
}
