/* Columns: see columns.h. */
#include "core/columns.h"

#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = DMUMU_COLUMNS_GROUP, BLOCK = DMUMU_FILTER_BLOCK };

/* ln sigma of any u and s: u from what is left out of the resonance to 33, s from 1 to that of the last probe. */
#define LEAST_LN_SIGMA (-24.0)
#define MOST_LN_SIGMA  28.0

/* Registers of AVX2, in double and in single precision. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
typedef float singles __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 4, SINGLES = 8 };

static long floor_divide(long a, long b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* ---- a group ------------------------------------------------------------------------------------------------------- */

/* Factors of each row at the columns of a group, `first` the first of them: rows hold (1 + t) times a function. */
static void make_factors(const struct dmumu_columns *columns, int harmonic, long first,
                         struct dmumu_column_factor factor[])
{
    const struct dmumu_fast_common *common = columns->common;
    for (int row = 0; row < common->rows.n; row++) {
        dmumu_fast_lobes(common, harmonic, columns->step_class, &common->row_place[columns->step_class][row], first,
                         GROUP, 1.0 + common->row_tangent[row], factor[row].value);
        for (size_t k = 0; k < GROUP; k++) {
            factor[row].single[k] = (float)factor[row].value[k];
        }
    }
}

/*
 * Gaps are wanted at every GROUP-th lattice point of ln(R s), as blocks begin, and so of one column of a group at each x;
 * for a sum over columns they lie side by side.
 */
static size_t column_with_gap(long x)
{
    const long place = x - GROUP / 2;
    return (size_t)(place - GROUP * floor_divide(place, GROUP));
}

/* Sixteen columns at one X. */
struct sums {
    lanes a, b, c, d;
    singles gap_low, gap_high;
};

static inline void add_entries(const struct dmumu_column_entry *entry, const struct dmumu_column_entry *end,
                               const struct dmumu_column_factor factor[], struct sums *sums)
{
    for (; entry < end; entry++) {
        const lanes *at = (const lanes *)factor[entry->row].value;
        const singles *single_at = (const singles *)factor[entry->row].single;
        sums->a += entry->value * at[0];
        sums->b += entry->value * at[1];
        sums->c += entry->value * at[2];
        sums->d += entry->value * at[3];
        sums->gap_low += entry->gap * single_at[0];
        sums->gap_high += entry->gap * single_at[1];
    }
}

static inline void store(const struct sums *sums, size_t room, double *to)
{
    for (size_t k = 0; k < LANES; k++) {
        to[k * room] = sums->a[k];
        to[(k + LANES) * room] = sums->b[k];
        to[(k + 2 * LANES) * room] = sums->c[k];
        to[(k + 3 * LANES) * room] = sums->d[k];
    }
}

static inline float gap_of(const struct sums *sums, size_t k)
{
    return k < SINGLES ? sums->gap_low[k] : sums->gap_high[k - SINGLES];
}

/*
 * One chunk of a group, from its largest X down: what is there stays in registers. To begin with, all there is before of
 * each row at once, so that each chunk is the same whichever are made.
 */
DMUMU_VECTOR static void cumulate(const struct dmumu_columns *columns, size_t chunk, struct dmumu_column_group *group)
{
    const struct dmumu_column_entries *entries = &columns->entries;
    const struct dmumu_column_entry *before = entries->before + chunk * (size_t)columns->deposit->rows.n;
    struct sums sums = {{0.0}, {0.0}, {0.0}, {0.0}, {0.0F}, {0.0F}};
    add_entries(before, before + entries->n_before[chunk], group->factor, &sums);
    for (size_t x = chunk * entries->chunk; x < (chunk + 1) * entries->chunk; x++) {
        if (x < entries->n_x) {
            add_entries(entries->entry + (x > 0 ? entries->end[x - 1] : 0), entries->entry + entries->end[x],
                        group->factor, &sums);
        }
        store(&sums, columns->room, group->value + BLOCK + x);
        group->gap[BLOCK + x] = gap_of(&sums, column_with_gap(entries->first_x + (long)x));
    }
    group->made[chunk] = true;
}

static enum dmumu_status reserve_values(struct dmumu_columns *columns, struct dmumu_column_group *group)
{
    if (group->capacity < columns->room) {
        double *value = realloc(group->value, GROUP * columns->room * sizeof *value);
        float *gap = realloc(group->gap, columns->room * sizeof *gap);
        bool *made = realloc(group->made, columns->room / GROUP * sizeof *made); /* more than there are chunks */
        group->value = value ? value : group->value;
        group->gap = gap ? gap : group->gap;
        group->made = made ? made : group->made;
        if (!value || !gap || !made) {
            return DMUMU_ERROR_MEMORY;
        }
        columns->bytes += (columns->room - group->capacity) * (GROUP * sizeof *value + sizeof *gap);
        group->capacity = columns->room;
    }
    return DMUMU_OK;
}

static enum dmumu_status reserve_factors(struct dmumu_columns *columns, struct dmumu_column_group *group)
{
    const size_t n_rows = (size_t)columns->deposit->rows.n;
    if (group->row_capacity < n_rows) {
        struct dmumu_column_factor *factor = realloc(group->factor, n_rows * sizeof *factor);
        if (!factor) {
            return DMUMU_ERROR_MEMORY;
        }
        columns->bytes += (n_rows - group->row_capacity) * sizeof *factor;
        group->factor = factor;
        group->row_capacity = n_rows;
    }
    return DMUMU_OK;
}

static enum dmumu_status begin_group(struct dmumu_columns *columns, int harmonic, long index,
                                     struct dmumu_column_group *group)
{
    if (reserve_values(columns, group) != DMUMU_OK || reserve_factors(columns, group) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    make_factors(columns, harmonic, index * GROUP, group->factor);
    for (size_t k = 0; k < GROUP; k++) {
        memset(group->value + k * columns->room, 0, BLOCK * sizeof *group->value);
    }
    memset(group->gap, 0, BLOCK * sizeof *group->gap);
    memset(group->made, 0, columns->entries.n_chunks * sizeof *group->made);
    group->begun = true;
    return DMUMU_OK;
}

/* ---- columns ------------------------------------------------------------------------------------------------------- */

enum dmumu_status dmumu_columns_begin(const struct dmumu_fast_common *common, const struct dmumu_deposit *deposit,
                                      int step_class, struct dmumu_columns *columns)
{
    const long first = floor_divide((long)floor(LEAST_LN_SIGMA / deposit->step), GROUP);
    const size_t n = (size_t)((long)(MOST_LN_SIGMA / deposit->step) / GROUP + 1 - first);
    const size_t n_all = (size_t)common->harmonics * n;
    if (columns->group && (columns->n_groups != n || columns->harmonics != common->harmonics)) {
        dmumu_columns_free(columns);
    }
    if (!columns->group) {
        columns->group = calloc(n_all, sizeof *columns->group);
    }
    if (!columns->group) {
        return DMUMU_ERROR_MEMORY;
    }
    for (size_t i = 0; i < n_all; i++) {
        columns->group[i].begun = false;
    }
    columns->common = common;
    columns->deposit = deposit;
    columns->step_class = step_class;
    columns->harmonics = common->harmonics;
    columns->first_group = first;
    columns->n_groups = n;
    const enum dmumu_status status = dmumu_column_entries_make(deposit, &columns->entries);
    columns->room = columns->entries.n_chunks * columns->entries.chunk + BLOCK;
    return status;
}

void dmumu_columns_free(struct dmumu_columns *columns)
{
    const size_t n = columns->group ? (size_t)columns->harmonics * columns->n_groups : 0;
    for (size_t i = 0; i < n; i++) {
        free(columns->group[i].value);
        free(columns->group[i].gap);
        free(columns->group[i].made);
        free(columns->group[i].factor);
    }
    free(columns->group);
    dmumu_column_entries_free(&columns->entries);
    *columns = (struct dmumu_columns){0};
}

static struct dmumu_column_group *group_of(const struct dmumu_columns *columns, int harmonic, long index)
{
    return &columns->group[(size_t)(harmonic - 1) * columns->n_groups + (size_t)(index - columns->first_group)];
}

enum dmumu_status dmumu_columns_make(struct dmumu_columns *columns, const struct dmumu_fast_table *table)
{
    enum dmumu_status status = DMUMU_OK;
    const long last = floor_divide(table->first + (long)table->n - 1, GROUP);
    for (int n = 1; n <= columns->harmonics; n++) {
        for (long i = floor_divide(table->first, GROUP); status == DMUMU_OK && i <= last; i++) {
            struct dmumu_column_group *group = group_of(columns, n, i);
            status = group->begun ? status : begin_group(columns, n, i, group);
        }
    }
    return status;
}

/* ---- sums over columns --------------------------------------------------------------------------------------------- */

/* Gaps of n columns, DMUMU_FILTER_SAMPLES times. */
DMUMU_VECTOR static void add_gaps(size_t n, const double factor[], const float *of, double sum[])
{
    for (size_t j = 0; j < DMUMU_FILTER_SAMPLES; j++) {
        for (size_t i = 0; i < n; i++) {
            sum[j] += factor[i] * (double)of[j * GROUP + i];
        }
    }
}

/* Where a block's entries begin that begin at x. */
static size_t place_of(const struct dmumu_columns *columns, long x)
{
    const long at = x - columns->entries.first_x;
    const long most = (long)columns->entries.n_x;
    return (size_t)(BLOCK + (at < -BLOCK ? -BLOCK : (at < most ? at : most)));
}

/* Make what is not yet there of a group's entries from .. end - 1. */
static void make_between(const struct dmumu_columns *columns, size_t from, size_t end, struct dmumu_column_group *group)
{
    const size_t first = from > BLOCK ? from - BLOCK : 0;
    const size_t points = columns->entries.chunk;
    for (size_t chunk = first / points; chunk * points + BLOCK < end; chunk++) {
        if (!group->made[chunk]) {
            cumulate(columns, chunk, group);
        }
    }
}

/* n columns of one group, from `index` on. Those that a block meets before the first X, or beyond the last, one by one. */
static void sum_group(const struct dmumu_columns *columns, int harmonic, long index, size_t n, const double factor[],
                      long b, double fine[static BLOCK], double gap[])
{
    struct dmumu_column_group *group = group_of(columns, harmonic, floor_divide(index, GROUP));
    const double *value = group->value + (size_t)(index - GROUP * floor_divide(index, GROUP)) * columns->room;
    const long x = index + b;
    make_between(columns, place_of(columns, x), place_of(columns, x + (long)n - 1) + BLOCK, group);
    if (place_of(columns, x) + n - 1 == place_of(columns, x + (long)n - 1)) {
        dmumu_filter_columns(n, factor, value + place_of(columns, x), columns->room + 1, fine);
        add_gaps(n, factor, group->gap + place_of(columns, x), gap);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t place = place_of(columns, x + (long)i);
        dmumu_filter_columns(1, factor + i, value + i * columns->room + place, 0, fine);
        add_gaps(1, factor + i, group->gap + place, gap);
    }
}

void dmumu_columns_sum(struct dmumu_columns *columns, const struct dmumu_fast_table *table, long b,
                       double fine[static BLOCK], double gap[static DMUMU_FILTER_SAMPLES])
{
    memset(fine, 0, BLOCK * sizeof *fine);
    memset(gap, 0, DMUMU_FILTER_SAMPLES * sizeof *gap);
    for (int harmonic = 1; harmonic <= columns->harmonics; harmonic++) {
        const double *factor = table->factor + (size_t)(harmonic - 1) * table->n;
        for (size_t i = 0; i < table->n;) {
            const long index = table->first + (long)i;
            const size_t left = (size_t)(GROUP * (floor_divide(index, GROUP) + 1) - index);
            const size_t n = table->n - i < left ? table->n - i : left;
            sum_group(columns, harmonic, index, n, factor + i, b, fine, gap);
            i += n;
        }
    }
}
