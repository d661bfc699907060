/*
 * Filter: sums of shifted copies of a table's row, on a lattice: sum_c tap[c] row[b + c] for every b.
 *
 * This is the innermost loop of the production kernel (kernel.h); taps come from deposit.h, rows from kernel_table.c.
 */
#ifndef DMUMU_CORE_FILTER_H
#define DMUMU_CORE_FILTER_H

#include "dmumu.h"

#include <stddef.h>

/**
 * Taps of two quadrature rules, at the lattice points first .. first + n - 1; `beyond`[i] is the sum of those from i
 * on, [n + 1]. Not owned.
 */
struct dmumu_taps {
    long first;
    size_t n;
    double *fine, *coarse, *fine_beyond, *coarse_beyond;
};

/** Lattice points that are filtered together, and every how many the coarser rule is too. */
enum { DMUMU_FILTER_BLOCK = 32, DMUMU_FILTER_SAMPLE = 16, DMUMU_FILTER_SAMPLES = 2 };

/**
 * value[i] at lattice point first + i, i < n; nothing before, and the last value after. Not owned. Single precision:
 * 6e-8 of a value is far below what interpolating between them is good for, and tables are what fills memory.
 */
struct dmumu_row {
    long first;
    size_t n;
    const float *value;
    float last; /* value[n - 1], once more: where a row is met at its end alone, that would be fetched from afar */
};

/** Room for so many doubles; what is there is kept. @return DMUMU_OK or DMUMU_ERROR_MEMORY */
enum dmumu_status dmumu_taps_reserve(double **memory, size_t *capacity, size_t n);
/** Doubles that n taps take; put a list in its place there, and return what follows it; forget what is in one. */
size_t dmumu_taps_size(size_t n);
double *dmumu_taps_place(struct dmumu_taps *taps, double *memory);
void dmumu_taps_clear(struct dmumu_taps *taps);

/** Make fine_beyond and coarse_beyond. */
void dmumu_taps_sum_up(struct dmumu_taps *taps);

/** What a block's filters add up to: the fine rule everywhere, the coarser one at samples; begin with zeros. */
struct dmumu_filter_sum {
    double fine[DMUMU_FILTER_BLOCK];
    double coarse[DMUMU_FILTER_SAMPLES];
    double constant, constant_coarse; /* of rows past their end, not yet in the above */
};

static inline size_t dmumu_filter_clamped(long i, size_t n)
{
    return i < 0 ? 0 : ((size_t)i < n ? (size_t)i : n);
}

/** Of taps begin .. end - 1, which meet what varies of a row (dmumu_filter_add). */
void dmumu_filter_add_varying(const struct dmumu_taps *taps, size_t begin, size_t end, const struct dmumu_row *row,
                              long b, double scale, struct dmumu_filter_sum *sum);

/**
 * Add one row's sums at the lattice points b .. b + DMUMU_FILTER_BLOCK - 1, times `scale`. Most rows are met by nothing
 * there, or by their constant end alone: so much is inline.
 */
static inline void dmumu_filter_add(const struct dmumu_taps *taps, const struct dmumu_row *row, long b, double scale,
                                    struct dmumu_filter_sum *sum)
{
    /* taps before `begin` see nothing at any point of the block, from `end` on the constant at all of them */
    const long meets = row->first - b - taps->first;
    const size_t begin = dmumu_filter_clamped(meets - (DMUMU_FILTER_BLOCK - 1), taps->n);
    const size_t end = dmumu_filter_clamped(meets + (long)row->n - 1, taps->n);
    if (begin < end) {
        dmumu_filter_add_varying(taps, begin, end, row, b, scale, sum);
    }
    if (end < taps->n) {
        const double last = scale * (double)row->last;
        sum->constant += last * taps->fine_beyond[end];
        sum->constant_coarse += last * taps->coarse_beyond[end];
    }
}

/** The innermost loop by itself: sum[k] += scale sum_{i < n} tap[i] from[k + i], k < DMUMU_FILTER_BLOCK. */
void dmumu_filter_block(size_t n, const double tap[], const double from[], double scale, double sum[]);

/** Of columns `stride` apart in place of one row: sum[k] += sum_{i < n} tap[i] from[k + i stride]. */
void dmumu_filter_columns(size_t n, const double tap[], const double from[], size_t stride, double sum[]);

/** Put the constants in. */
void dmumu_filter_finish(struct dmumu_filter_sum *sum);

#endif
