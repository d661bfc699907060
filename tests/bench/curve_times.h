/*
 * Curve times: what the curves of a grid cost on this machine, measured on some of them, for the simulation of a scan.
 *
 * At five M_A and, at each, three beta of each region, whole runs of L are computed as a scan does, and once more when
 * all they share is there. The second time is what a curve takes; what the first took beyond is the tables' share, told
 * apart by L. Seconds are those of one core (CLOCK_THREAD_CPUTIME_ID): other processes hardly disturb them.
 */
#ifndef TESTS_BENCH_CURVE_TIMES_H
#define TESTS_BENCH_CURVE_TIMES_H

#include "scan/axes.h"

enum { TIMES_MACHS = 5, TIMES_BETAS = 3 };

/** What is new to a rank: an L at this M_A; an L in this region that it knows from the other one; nothing. */
enum curve_novelty { NOVELTY_SCALE, NOVELTY_REGION, N_NOVELTIES, NOVELTY_NONE = N_NOVELTIES };

struct curve_times {
    size_t n_scale;
    double alfven_mach[TIMES_MACHS];
    double tables_s[TIMES_MACHS];                              /* of a new M_A */
    double first_s[TIMES_MACHS][DMUMU_N_REGIONS][TIMES_BETAS]; /* of a run's first curve, beyond a later one */
    double *later_s; /* [TIMES_MACHS][DMUMU_N_REGIONS][TIMES_BETAS][n_scale] a later curve */
    double *new_s;   /* [TIMES_MACHS][DMUMU_N_REGIONS][N_NOVELTIES][n_scale] what is new, beyond that */
};

/** Needs both regions in the grid. @param[out] times  free with curve_times_free */
enum dmumu_status curve_times_measure(const struct dmumu_grid *grid, struct curve_times *times,
                                      struct dmumu_error *error);
void curve_times_free(struct curve_times *times);

/** Between two measured M_A, linear in its logarithm; the end values beyond. */
struct curve_place {
    size_t mach;
    double weight; /* of mach + 1 */
};
struct curve_place curve_times_place(const struct curve_times *times, double alfven_mach);

/** Seconds for the tables of a new M_A. */
double curve_times_tables(const struct curve_times *times, struct curve_place place);
/** Seconds of a run's first curve beyond a later one, and of a later one. `beta` is one of the TIMES_BETAS. */
double curve_times_first(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                         size_t beta);
double curve_times_later(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                         size_t beta, size_t scale);
/** Seconds for what is new to the rank. */
double curve_times_new(const struct curve_times *times, struct curve_place place, enum dmumu_region region,
                       enum curve_novelty novelty, size_t scale);

/** Means over all: what they cost on the whole. */
struct curve_means {
    double tables_s; /* of an M_A with all its L, in both regions */
    double first_s, later_s;
};
struct curve_means curve_times_means(const struct curve_times *times);

#endif
