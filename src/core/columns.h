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

#include "core/deposit.h"
#include "core/kernel.h"

#include <stdint.h>

/** Columns that are made together: as many as there are lattice points from one with a gap to the next. */
enum { DMUMU_COLUMNS_GROUP = DMUMU_FILTER_SAMPLE };

struct dmumu_column_group {
    bool made;
    size_t capacity; /* entries per column that there is memory for */
    double *value;   /* [GROUP][room] C, owned */
    float *gap;      /* [room] by how much it exceeds that of the coarser rule, each of the one column where it is wanted */
};

/** What one row's directions contribute to C at one X, to be cumulated: in all, and by how much the coarser rule has less. */
struct dmumu_column_entry {
    double value;
    float gap;
    int32_t row;
};

/** Of one damping and class of lattices, all harmonics; made group by group. */
struct dmumu_columns {
    const struct dmumu_fast_common *common;
    const struct dmumu_deposit *deposit;
    int step_class, harmonics;
    long first_group, first_x;        /* lattice indices: of a group, and of 1/X; before that, C is 0 */
    size_t n_groups, n_x;             /* of a harmonic; until C is constant */
    size_t room;                      /* the same with a block before and one behind */
    struct dmumu_column_group *group; /* [harmonics][n_groups], owned */
    struct dmumu_column_entry *entry; /* owned: those of one X after those of another */
    size_t *entry_end;                /* [n_x] owned */
    size_t entry_capacity, x_capacity, bytes;
};

/** Columns of a deposit, which is to stay; memory is used again. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_columns_begin(const struct dmumu_fast_common *common, const struct dmumu_deposit *deposit,
                                      int step_class, struct dmumu_columns *columns);
void dmumu_columns_free(struct dmumu_columns *columns);

/** Make the columns that a table's resonance meets. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_columns_make(struct dmumu_columns *columns, const struct dmumu_fast_table *table);

/**
 * The sums at DMUMU_FILTER_BLOCK lattice points of ln(R s), from b on, DMUMU_FILTER_SAMPLE/2 more than a multiple of
 * DMUMU_FILTER_SAMPLE: `fine`; and by how much that of the finer rule of wave angles exceeds that of the coarser one at
 * every DMUMU_FILTER_SAMPLE-th of them.
 */
void dmumu_columns_sum(const struct dmumu_columns *columns, const struct dmumu_fast_table *table, long b,
                       double fine[static DMUMU_FILTER_BLOCK], double gap[static DMUMU_FILTER_SAMPLES]);

#endif
