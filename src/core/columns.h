/*
 * Columns: the gyro-resonant sums over directions of one damping, before anything is known of the pitch angle or of R.
 *
 * The resonance depends on u = 1/(x_par R) alone, J_n'^2 on w = tan(theta)/sigma, sigma = u/s, and whether a wave is there
 * on u R alone: on whether x_par = 1/(u R) lies between the cascade's start and its end. So
 *
 *     D_F ~ R^-1/2 int du u^1/2 sum_n E(mu, n u) C_n(u/s; u R),
 *     C_n(sigma; 1/X) = int xi dxi xi^3/2 J_n'(tan(theta)/sigma)^2 [theta: xi < X < x_max xi],
 *
 * in which C knows neither mu, nor M_A but through x_max, nor R. A column is C_n at one sigma for all X, on lattices of one
 * step in ln sigma and in ln X. With ln(R s) on a third, the integral over u is a sum of samples of E times entries of
 * columns, each column shifted by one place against the next.
 *
 * Where a direction ends (ln x_max xi) lies anywhere: its taps (deposit.h) say which lattice points stand for it. A column
 * is their cumulated sum, weighted at the end of the range as Euler and Maclaurin have it, with derivatives from seven
 * points, so that the sum over u is as good as it is for a range without an end.
 */
#ifndef DMUMU_CORE_COLUMNS_H
#define DMUMU_CORE_COLUMNS_H

#include "core/column_entries.h"
#include "core/deposit.h"
#include "core/kernel.h"

/** Columns that are made together: as many as there are lattice points from one with a gap to the next. */
enum { DMUMU_COLUMNS_GROUP = DMUMU_FILTER_SAMPLE };

/** (1 + t) J_n'^2 of one row, in double and in single precision. */
struct dmumu_column_factor {
    double value[DMUMU_COLUMNS_GROUP];
    float single[DMUMU_COLUMNS_GROUP];
};

/** Made chunk by chunk of X, as sums ask for them; curves ask for a third to a half. */
struct dmumu_column_group {
    bool begun;                         /* with factors, and memory for all there may be */
    size_t capacity, row_capacity;      /* entries per column, and rows, that there is memory for */
    struct dmumu_column_factor *factor; /* [rows] owned as all arrays */
    bool *made;                         /* [entries.n_chunks] */
    double *value;                      /* [GROUP][room] C */
    float *gap; /* [room] by how much it exceeds that of the coarser rule, each of the one column where it is wanted */
};

/** Of one damping and class of lattices, all harmonics; made group by group. */
struct dmumu_columns {
    const struct dmumu_fast_common *common;
    const struct dmumu_deposit *deposit;
    int step_class, harmonics;
    long first_group; /* lattice index over DMUMU_COLUMNS_GROUP */
    size_t n_groups;  /* of a harmonic */
    size_t room;      /* chunks of X, the last beyond which C is constant, with a block of zeros before */
    struct dmumu_column_group *group; /* [harmonics][n_groups], owned */
    struct dmumu_column_entries entries;
    size_t bytes;
};

/** Columns of a deposit, which is to stay; memory is used again. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_columns_begin(const struct dmumu_fast_common *common, const struct dmumu_deposit *deposit,
                                      int step_class, struct dmumu_columns *columns);
void dmumu_columns_free(struct dmumu_columns *columns);

/** Begin the columns that a table's resonance meets. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_columns_make(struct dmumu_columns *columns, const struct dmumu_fast_table *table);

/**
 * The sums at DMUMU_FILTER_BLOCK lattice points of ln(R s), from b on, DMUMU_FILTER_SAMPLE/2 more than a multiple of
 * DMUMU_FILTER_SAMPLE: `fine`; and by how much that of the finer rule of wave angles exceeds that of the coarser one at
 * every DMUMU_FILTER_SAMPLE-th of them. What it needs of columns that were begun is made.
 */
void dmumu_columns_sum(struct dmumu_columns *columns, const struct dmumu_fast_table *table, long b,
                       double fine[static DMUMU_FILTER_BLOCK], double gap[static DMUMU_FILTER_SAMPLES]);

#endif
