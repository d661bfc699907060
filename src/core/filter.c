/*
 * Filter: see filter.h.
 *
 * Of a row's taps only those count, in one block, that meet the part of the row that varies: those further left meet
 * nothing, those further right its constant end, for which their sum is known. No sum is reordered by the vector
 * registers' width, so that every machine code of the inner loop gives the same bits.
 */
#include "core/filter.h"

#include "core/vector.h"

#include <string.h>

enum { BLOCK = DMUMU_FILTER_BLOCK, CHUNK = 192 };

void dmumu_taps_sum_up(struct dmumu_taps *taps)
{
    taps->fine_beyond[taps->n] = 0.0;
    taps->coarse_beyond[taps->n] = 0.0;
    for (size_t i = taps->n; i > 0; i--) {
        taps->fine_beyond[i - 1] = taps->fine_beyond[i] + taps->fine[i - 1];
        taps->coarse_beyond[i - 1] = taps->coarse_beyond[i] + taps->coarse[i - 1];
    }
}

/*
 * Four numbers side by side: one register of AVX2, two of any x86-64. No wider, even where registers are: vectors wider
 * than those of the clone's machine code are kept in memory by GCC, at a tenth of the speed.
 */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
enum { LANES = 4, GROUP = 8 * LANES };

/* sum[k] += scale sum_i tap[i] from[k + i]: eight registers of sums stay in place while the taps go by. */
DMUMU_VECTOR static void add_block(size_t n, const double *restrict tap, const double *restrict from, double scale,
                                   double *restrict sum)
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
        for (size_t i = 0; i < n; i++, at++) {
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

void dmumu_filter_block(size_t n, const double tap[], const double from[], double scale, double sum[])
{
    add_block(n, tap, from, scale, sum);
}

/* Eight partial sums, so that they can go side by side. */
DMUMU_VECTOR static double dot(size_t n, const double *restrict tap, const double *restrict from)
{
    lanes low = {0.0};
    lanes high = {0.0};
    double rest = 0.0;
    size_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        low += *(const lanes *)(tap + i) * *(const lanes *)(from + i);
        high += *(const lanes *)(tap + i + LANES) * *(const lanes *)(from + i + LANES);
    }
    for (; i < n; i++) {
        rest += tap[i] * from[i];
    }
    const lanes part = low + high;
    return rest + ((part[0] + part[2]) + (part[1] + part[3]));
}

static size_t clamped(long i, size_t n)
{
    return i < 0 ? 0 : ((size_t)i < n ? (size_t)i : n);
}

/* The row at lattice points at .. at + n - 1, its ends continued. */
DMUMU_VECTOR static void expand(const struct dmumu_row *row, long at, size_t n, double *restrict to)
{
    const long offset = at - row->first;
    const size_t before = clamped(-offset, n);
    const size_t end = clamped((long)row->n - offset, n); /* of the part within the row */
    const float *restrict from = row->value + (offset + (long)before);
    const double last = (double)row->value[row->n - 1];
    for (size_t i = 0; i < before; i++) {
        to[i] = 0.0;
    }
    for (size_t i = before; i < end; i++) {
        to[i] = (double)from[i - before];
    }
    for (size_t i = end > before ? end : before; i < n; i++) {
        to[i] = last;
    }
}

void dmumu_filter_add(const struct dmumu_taps *taps, const struct dmumu_row *row, long b, double scale,
                      struct dmumu_filter_sum *sum)
{
    double from[CHUNK + BLOCK];
    /* taps before `begin` see nothing at any point of the block, from `end` on the constant at all of them */
    const size_t begin = clamped(row->first - (b + BLOCK - 1) - taps->first, taps->n);
    const size_t end = clamped(row->first + (long)row->n - 1 - b - taps->first, taps->n);
    for (size_t i = begin; i < end; i += CHUNK) {
        const size_t n = end - i < CHUNK ? end - i : CHUNK;
        expand(row, b + taps->first + (long)i, n + BLOCK - 1, from);
        add_block(n, taps->fine + i, from, scale, sum->fine);
        for (size_t k = 0; k < DMUMU_FILTER_SAMPLES; k++) {
            sum->coarse[k] += scale * dot(n, taps->coarse + i, from + k * DMUMU_FILTER_SAMPLE);
        }
    }
    if (end == taps->n) {
        return;
    }
    const double last = scale * (double)row->value[row->n - 1];
    sum->constant += last * taps->fine_beyond[end];
    sum->constant_coarse += last * taps->coarse_beyond[end];
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
