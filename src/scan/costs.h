/*
 * Costs: what curves cost in seconds, learned from those that have been computed.
 *
 * Three things cost: a rank's first curves of an M_A, which fill its tables; the first curve that a thread computes of
 * a run (blocks.h); and every later one. How they compare depends on the model, the tolerance and the machine, so each
 * rank counts its own and the master adds them up. They decide who does what when, never a result.
 */
#ifndef DMUMU_SCAN_COSTS_H
#define DMUMU_SCAN_COSTS_H

#include "scan/blocks.h"

enum dmumu_cost_kind { DMUMU_COST_FIRST, DMUMU_COST_LATER, DMUMU_N_COST_KINDS };

/** Counts and seconds of computed curves; those that were computed while tables were filled stand apart. */
struct dmumu_cost_tally {
    uint64_t curves[DMUMU_N_COST_KINDS];
    double seconds[DMUMU_N_COST_KINDS];
    uint64_t opening_curves[DMUMU_N_COST_KINDS];
    double opening_seconds;
    uint64_t openings; /* M_A that a rank began with */
};

/** Seconds, each > 0. */
struct dmumu_costs {
    double tables; /* what a rank needs for a new M_A beyond its curves */
    double first, later;
};

/** What a tally tells; with little in it, mostly what is expected of inputs/galaxy.yaml. Thread-safe. */
struct dmumu_costs dmumu_costs_of(const struct dmumu_cost_tally *tally);

/** Count one computed curve. */
void dmumu_costs_add(struct dmumu_cost_tally *tally, enum dmumu_cost_kind kind, bool opening, double seconds);

/** sum += sign * news: sign 1 or -1. */
void dmumu_costs_merge(struct dmumu_cost_tally *sum, const struct dmumu_cost_tally *news, int sign);

#endif
