/*
 * Filter: see filter.h.
 *
 * Of a row's taps only those count, in one block, that meet the part of the row that varies: those further left meet
 * nothing, those further right its constant end, for which their sum is known. No sum is reordered by the vector
 * registers' width, so that every machine code of the inner loop gives the same bits.
 */
#include "core/filter.h"

#include "core/vector.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, CHUNK = 192 };

size_t dmumu_taps_size(size_t n)
{
    return 4 * n + 2;
}

double *dmumu_taps_place(struct dmumu_taps *taps, double *memory)
{
    taps->fine = memory;
    taps->coarse = taps->fine + taps->n;
    taps->fine_beyond = taps->coarse + taps->n;
    taps->coarse_beyond = taps->fine_beyond + taps->n + 1;
    return memory + dmumu_taps_size(taps->n);
}

void dmumu_taps_clear(struct dmumu_taps *taps)
{
    memset(taps->fine, 0, taps->n * sizeof *taps->fine);
    memset(taps->coarse, 0, taps->n * sizeof *taps->coarse);
}

enum dmumu_status dmumu_taps_reserve(double **memory, size_t *capacity, size_t n)
{
    if (*capacity < n) {
        double *grown = realloc(*memory, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *memory = grown;
        *capacity = n;
    }
    return DMUMU_OK;
}

/* beyond[i] = sum of tap[i ..]: four at a time, of which only the last waits for those before it. */
static void sum_up(size_t n, const double *restrict tap, double *restrict beyond)
{
    double sum = 0.0;
    size_t i = n;
    beyond[n] = 0.0;
    for (; i >= 4; i -= 4) {
        const double two = tap[i - 2] + tap[i - 1];
        beyond[i - 1] = tap[i - 1] + sum;
        beyond[i - 2] = two + sum;
        beyond[i - 3] = (tap[i - 3] + two) + sum;
        sum = ((tap[i - 4] + tap[i - 3]) + two) + sum;
        beyond[i - 4] = sum;
    }
    for (; i > 0; i--) {
        sum += tap[i - 1];
        beyond[i - 1] = sum;
    }
}

void dmumu_taps_sum_up(struct dmumu_taps *taps)
{
    sum_up(taps->n, taps->fine, taps->fine_beyond);
    sum_up(taps->n, taps->coarse, taps->coarse_beyond);
}

/*
 * Four numbers side by side: one register of AVX2, two of any x86-64. No wider, even where registers are: vectors wider
 * than those of the clone's machine code are kept in memory by GCC, at a tenth of the speed.
 */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
enum { LANES = 4, GROUP = 8 * LANES };

/* sum[k] += scale sum_i tap[i] from[k + i stride]: eight registers of sums stay in place while the taps go by. */
static inline void add_block(size_t n, const double *restrict tap, const double *restrict from, size_t stride,
                             double scale, double *restrict sum)
{
    for (size_t k = 0; k < BLOCK; k += GROUP) {
        lanes a = {0.0};
        lanes b = {0.0};
        lanes c = {0.0};
        lanes d = {0.0};
        lanes e = {0.0};
        lanes f = {0.0};
        lanes g = {0.0};
        lanes h = {0.0};
        const double *at = from + k;
        for (size_t i = 0; i < n; i++, at += stride) {
            a += tap[i] * *(const lanes *)at;
            b += tap[i] * *(const lanes *)(at + LANES);
            c += tap[i] * *(const lanes *)(at + 2 * LANES);
            d += tap[i] * *(const lanes *)(at + 3 * LANES);
            e += tap[i] * *(const lanes *)(at + 4 * LANES);
            f += tap[i] * *(const lanes *)(at + 5 * LANES);
            g += tap[i] * *(const lanes *)(at + 6 * LANES);
            h += tap[i] * *(const lanes *)(at + 7 * LANES);
        }
        lanes *to = (lanes *)(sum + k);
        to[0] += scale * a;
        to[1] += scale * b;
        to[2] += scale * c;
        to[3] += scale * d;
        to[4] += scale * e;
        to[5] += scale * f;
        to[6] += scale * g;
        to[7] += scale * h;
    }
}

DMUMU_VECTOR void dmumu_filter_block(size_t n, const double tap[], const double from[], double scale, double sum[])
{
    add_block(n, tap, from, 1, scale, sum);
}

DMUMU_VECTOR void dmumu_filter_columns(size_t n, const double tap[], const double from[], size_t stride, double sum[])
{
    add_block(n, tap, from, stride, 1.0, sum);
}

/* Of the coarser rule, at each sample: four partial sums, so that they can go side by side, and the taps left over. */
static inline void add_samples(size_t n, const double *restrict tap, const double *restrict from, double scale,
                               double *restrict sum)
{
    for (size_t k = 0; k < DMUMU_FILTER_SAMPLES; k++) {
        const double *at = from + k * DMUMU_FILTER_SAMPLE;
        lanes part = {0.0};
        double rest = 0.0;
        size_t i = 0;
        for (; i + LANES <= n; i += LANES) {
            part += *(const lanes *)(tap + i) * *(const lanes *)(at + i);
        }
        for (size_t left = 0; left < LANES - 1 && i < n; left++, i++) {
            rest += tap[i] * at[i];
        }
        sum[k] += scale * (rest + ((part[0] + part[2]) + (part[1] + part[3])));
    }
}

/* A block of one number; not a loop, of which GCC would make a call, or a slow instruction, where that number is 0. */
static inline void fill_block(double value, double *restrict to)
{
    const lanes all = {value, value, value, value};
    lanes *at = (lanes *)to;
    at[0] = all;
    at[1] = all;
    at[2] = all;
    at[3] = all;
    at[4] = all;
    at[5] = all;
    at[6] = all;
    at[7] = all;
}

/*
 * The row at lattice points at .. at + n - 1, its ends continued: by less than a block on either side, since all taps see
 * something that varies. to: [n + BLOCK]
 */
static inline void expand(const struct dmumu_row *row, long at, size_t n, double *restrict to)
{
    const long offset = at - row->first;
    const size_t before = dmumu_filter_clamped(-offset, n);
    const size_t end = dmumu_filter_clamped((long)row->n - offset, n); /* of the part within the row */
    const float *restrict from = row->value + offset;
    const double last = (double)row->last;
    fill_block(0.0, to);
    size_t i = before;
    for (; i + LANES <= end; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            to[i + k] = (double)from[i + k];
        }
    }
    for (size_t left = 0; left < LANES - 1 && i < end; left++, i++) {
        to[i] = (double)from[i];
    }
    fill_block(last, to + end);
}

DMUMU_VECTOR static void add_chunk(size_t n, const double *fine, const double *coarse, const struct dmumu_row *row,
                                   long at, double scale, struct dmumu_filter_sum *sum)
{
    double from[CHUNK + 2 * BLOCK];
    expand(row, at, n + BLOCK - 1, from);
    add_block(n, fine, from, 1, scale, sum->fine);
    add_samples(n, coarse, from, scale, sum->coarse);
}

void dmumu_filter_add_varying(const struct dmumu_taps *taps, size_t begin, size_t end, const struct dmumu_row *row,
                              long b, double scale, struct dmumu_filter_sum *sum)
{
    for (size_t i = begin; i < end; i += CHUNK) {
        const size_t n = end - i < CHUNK ? end - i : CHUNK;
        add_chunk(n, taps->fine + i, taps->coarse + i, row, b + taps->first + (long)i, scale, sum);
    }
}

void dmumu_filter_finish(struct dmumu_filter_sum *sum)
{
    for (size_t k = 0; k < BLOCK; k++) {
        sum->fine[k] += sum->constant;
    }
    for (size_t k = 0; k < DMUMU_FILTER_SAMPLES; k++) {
        sum->coarse[k] += sum->constant_coarse;
    }
    sum->constant = 0.0;
    sum->constant_coarse = 0.0;
}
