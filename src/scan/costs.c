/* Costs: running means with a first guess (see costs.h). */
#include "scan/costs.h"

#include <math.h>

/* The first guess: inputs/galaxy.yaml on a core of 2.6 GHz; it counts as much as so many measured ones. */
static const struct dmumu_costs expected = {.tables = 0.1, .first = 0.01, .later = 0.001};
static const double expected_openings = 1.0, expected_firsts = 2.0, expected_laters = 8.0;

/* No cost is nothing: they divide each other. */
static const double least_s = 1e-9;

struct dmumu_costs dmumu_costs_of(const struct dmumu_cost_tally *tally)
{
    const double firsts = (double)tally->curves[DMUMU_COST_FIRST], laters = (double)tally->curves[DMUMU_COST_LATER];
    struct dmumu_costs costs;
    costs.first =
        (expected_firsts * expected.first + tally->seconds[DMUMU_COST_FIRST]) / (expected_firsts + firsts) + least_s;
    costs.later =
        (expected_laters * expected.later + tally->seconds[DMUMU_COST_LATER]) / (expected_laters + laters) + least_s;
    const double curves_s = (double)tally->opening_curves[DMUMU_COST_FIRST] * costs.first +
                            (double)tally->opening_curves[DMUMU_COST_LATER] * costs.later;
    costs.tables = fmax(least_s, expected_openings * expected.tables + tally->opening_seconds - curves_s) /
                   (expected_openings + (double)tally->openings);
    return costs;
}

void dmumu_costs_add(struct dmumu_cost_tally *tally, enum dmumu_cost_kind kind, bool opening, double seconds)
{
    if (opening) {
        ++tally->opening_curves[kind];
        tally->opening_seconds += seconds;
    } else {
        ++tally->curves[kind];
        tally->seconds[kind] += seconds;
    }
}

void dmumu_costs_merge(struct dmumu_cost_tally *sum, const struct dmumu_cost_tally *news, int sign)
{
    for (int kind = 0; kind < DMUMU_N_COST_KINDS; ++kind) {
        sum->curves[kind] += (uint64_t)((int64_t)news->curves[kind] * sign);
        sum->seconds[kind] += sign * news->seconds[kind];
        sum->opening_curves[kind] += (uint64_t)((int64_t)news->opening_curves[kind] * sign);
    }
    sum->opening_seconds += sign * news->opening_seconds;
    sum->openings += (uint64_t)((int64_t)news->openings * sign);
}
