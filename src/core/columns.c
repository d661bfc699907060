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

/* Points of a derivative, less the one in the middle: what the weights at an end reach to either side. */
enum { REACH = 3 };

/* Registers of AVX2, in double and in single precision. */
typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
typedef float singles __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 4, SINGLES = 8 };

static long floor_divide(long a, long b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* ---- entries: what there is to cumulate, by X --------------------------------------------------------------------- */

/*
 * Weight of a sample m steps inside the end of a sum that stands for an integral: 0 far outside, 1 far inside,
 * h/2 f + h^2/12 f' - h^4/720 f''' + h^6/30240 f^(5) at the end, with derivatives from seven points.
 */
static double weight_inside(long m)
{
    static const double beyond[REACH + 1] = {
        0.0, 3.0 / 48.0 + 13.0 / 5760.0 + 2.5 / 30240.0, -3.0 / 240.0 - 1.0 / 720.0 - 2.0 / 30240.0,
        1.0 / 720.0 + 1.0 / 5760.0 + 0.5 / 30240.0};
    if (m == 0) {
        return 0.5;
    }
    const double excess = labs(m) <= REACH ? beyond[labs(m)] : 0.0;
    return m > 0 ? 1.0 + excess : -excess;
}

/* What a list of taps makes of C where an end's weights make of each tap eight: lattice points of ln X, from `first` on. */
enum { ENDING = 2 * REACH + 2 };
static size_t length_of(const struct dmumu_taps *taps)
{
    return taps->n > 0 ? taps->n + ENDING - 1 : 0;
}

static long first_of(const struct dmumu_taps *taps)
{
    return taps->first - REACH - 1;
}

/* All lists of a row, the ends of its waves and their starts, which count as many times `sign`. */
struct list {
    const struct dmumu_taps *taps;
    double sign;
};
enum { LISTS = 2 };

static void lists_of(const struct dmumu_deposit *deposit, int row, struct list list[static LISTS])
{
    list[0] = (struct list){&deposit->end[row], 1.0};
    list[1] = (struct list){&deposit->start[row], -1.0};
}

static enum dmumu_status reserve_entries(struct dmumu_columns *columns, size_t n)
{
    if (columns->x_capacity < columns->n_x) {
        size_t *grown = realloc(columns->entry_end, columns->n_x * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        columns->entry_end = grown;
        columns->x_capacity = columns->n_x;
    }
    if (columns->entry_capacity < n) {
        struct dmumu_column_entry *grown = realloc(columns->entry, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        columns->entry = grown;
        columns->entry_capacity = n;
    }
    return DMUMU_OK;
}

/* Lattice points between which something varies; how many entries there are. */
static size_t find_range(struct dmumu_columns *columns)
{
    size_t n = 0;
    long least = 0;
    long end = 1;
    for (int row = 0; row < columns->deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(columns->deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            const size_t length = length_of(list[l].taps);
            const long first = first_of(list[l].taps);
            least = length > 0 && first < least ? first : least;
            end = length > 0 && first + (long)length > end ? first + (long)length : end;
            n += length;
        }
    }
    columns->first_x = 1 - end;
    columns->n_x = (size_t)(end - least);
    columns->room = columns->n_x + (size_t)2 * BLOCK;
    return n;
}

/* Where the entries of each X begin. */
static void find_places(struct dmumu_columns *columns)
{
    size_t *n_here = columns->entry_end;
    memset(n_here, 0, columns->n_x * sizeof *n_here);
    for (int row = 0; row < columns->deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(columns->deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            size_t *at = n_here - columns->first_x - first_of(list[l].taps);
            for (size_t i = 0; i < length_of(list[l].taps); i++) {
                at[-(long)i]++;
            }
        }
    }
    size_t sum = 0;
    for (size_t x = 0; x < columns->n_x; x++) {
        const size_t here = n_here[x];
        columns->entry_end[x] = sum;
        sum += here;
    }
}

/* to[i] = sum_l change[l] tap[i + l - ENDING + 1]: taps with the weights at an end; padded: ENDING - 1 zeros around them. */
DMUMU_VECTOR static void end_taps(size_t n, const double change[static ENDING], const double *restrict padded,
                                  double *restrict to)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t l = 0; l < ENDING; l++) {
            sum += change[l] * padded[i + l];
        }
        to[i] = sum;
    }
}

static void pad(const struct dmumu_taps *taps, const double tap[], double *padded)
{
    memset(padded, 0, (ENDING - 1) * sizeof *padded);
    memcpy(padded + ENDING - 1, tap, taps->n * sizeof *tap);
    memset(padded + ENDING - 1 + taps->n, 0, (ENDING - 1) * sizeof *padded);
}

/* Entries of one list in their places; scratch: [4][its length + ENDING] */
static void add_list(struct dmumu_columns *columns, int row, const struct list *list, const double change[static ENDING],
                     double *scratch)
{
    const size_t n = length_of(list->taps);
    const size_t room = n + ENDING;
    double *fine = scratch + 2 * room;
    double *coarse = fine + room;
    if (n == 0) {
        return;
    }
    pad(list->taps, list->taps->fine, scratch);
    end_taps(n, change, scratch, fine);
    pad(list->taps, list->taps->coarse, scratch + room);
    end_taps(n, change, scratch + room, coarse);
    size_t *end = columns->entry_end - columns->first_x - first_of(list->taps);
    for (size_t i = 0; i < n; i++) {
        columns->entry[end[-(long)i]++] =
            (struct dmumu_column_entry){list->sign * fine[i], (float)(list->sign * (fine[i] - coarse[i])), row};
    }
}

static size_t longest_list(const struct dmumu_deposit *deposit)
{
    size_t most = 0;
    for (int row = 0; row < deposit->rows.n; row++) {
        most = length_of(&deposit->end[row]) > most ? length_of(&deposit->end[row]) : most;
        most = length_of(&deposit->start[row]) > most ? length_of(&deposit->start[row]) : most;
    }
    return most;
}

/* From row by row to lattice point by lattice point, from the largest X down. */
static enum dmumu_status make_entries(struct dmumu_columns *columns)
{
    const struct dmumu_deposit *deposit = columns->deposit;
    double change[ENDING];
    for (long l = 0; l < ENDING; l++) { /* the last tap first */
        change[l] = weight_inside(l - REACH) - weight_inside(l - REACH - 1);
    }
    const size_t n = find_range(columns);
    double *scratch = malloc(4 * (longest_list(deposit) + ENDING) * sizeof *scratch);
    const enum dmumu_status status = scratch ? reserve_entries(columns, n) : DMUMU_ERROR_MEMORY;
    if (status == DMUMU_OK) {
        find_places(columns);
    }
    for (int row = 0; status == DMUMU_OK && row < deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            add_list(columns, row, &list[l], change, scratch);
        }
    }
    free(scratch);
    return status;
}

/* ---- a group ------------------------------------------------------------------------------------------------------- */

/* (1 + t) J_n'^2 of each row at the columns of a group, `first` the first of them: rows hold (1 + t) times a function. */
static void make_factors(const struct dmumu_columns *columns, int harmonic, long first, double factor[][GROUP],
                         float single[][GROUP])
{
    const struct dmumu_fast_common *common = columns->common;
    memset(factor, 0, (size_t)common->rows.n * sizeof *factor);
    for (int row = 0; row < common->rows.n; row++) {
        dmumu_fast_add_lobes(common, harmonic, columns->step_class, &common->row_place[columns->step_class][row], first,
                             GROUP, 1.0 + common->row_tangent[row], factor[row]);
        for (size_t k = 0; k < GROUP; k++) {
            single[row][k] = (float)factor[row][k];
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

static inline void add_entry(const struct dmumu_column_entry *entry, const double *factor, const float *single,
                             struct sums *sums)
{
    const lanes *at = (const lanes *)factor;
    const singles *single_at = (const singles *)single;
    sums->a += entry->value * at[0];
    sums->b += entry->value * at[1];
    sums->c += entry->value * at[2];
    sums->d += entry->value * at[3];
    sums->gap_low += entry->gap * single_at[0];
    sums->gap_high += entry->gap * single_at[1];
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

/* All of a group, from the largest X down: what is there stays in registers. */
DMUMU_VECTOR static void cumulate(const struct dmumu_columns *columns, const double factor[][GROUP],
                                  const float single[][GROUP], struct dmumu_column_group *group)
{
    struct sums sums = {{0.0}, {0.0}, {0.0}, {0.0}, {0.0F}, {0.0F}};
    const struct dmumu_column_entry *entry = columns->entry;
    for (size_t k = 0; k < GROUP; k++) {
        memset(group->value + k * columns->room, 0, BLOCK * sizeof *group->value);
    }
    memset(group->gap, 0, BLOCK * sizeof *group->gap);
    for (size_t i = 0; i < columns->n_x + BLOCK; i++) {
        const struct dmumu_column_entry *end = columns->entry + columns->entry_end[i < columns->n_x ? i : columns->n_x - 1];
        for (; entry < end; entry++) {
            add_entry(entry, factor[entry->row], single[entry->row], &sums);
        }
        store(&sums, columns->room, group->value + BLOCK + i);
        group->gap[BLOCK + i] = gap_of(&sums, column_with_gap(columns->first_x + (long)i));
    }
}

static enum dmumu_status reserve_group(struct dmumu_columns *columns, struct dmumu_column_group *group)
{
    if (group->capacity < columns->room) {
        double *value = realloc(group->value, GROUP * columns->room * sizeof *value);
        float *gap = realloc(group->gap, columns->room * sizeof *gap);
        group->value = value ? value : group->value;
        group->gap = gap ? gap : group->gap;
        if (!value || !gap) {
            return DMUMU_ERROR_MEMORY;
        }
        columns->bytes += (columns->room - group->capacity) * (GROUP * sizeof *value + sizeof *gap);
        group->capacity = columns->room;
    }
    return DMUMU_OK;
}

static enum dmumu_status make_group(struct dmumu_columns *columns, int harmonic, long index,
                                    struct dmumu_column_group *group)
{
    double factor[DMUMU_MAX_ROWS][GROUP];
    float single[DMUMU_MAX_ROWS][GROUP];
    if (reserve_group(columns, group) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    make_factors(columns, harmonic, index * GROUP, factor, single);
    cumulate(columns, factor, single, group);
    group->made = true;
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
        columns->group[i].made = false;
    }
    columns->common = common;
    columns->deposit = deposit;
    columns->step_class = step_class;
    columns->harmonics = common->harmonics;
    columns->first_group = first;
    columns->n_groups = n;
    return make_entries(columns);
}

void dmumu_columns_free(struct dmumu_columns *columns)
{
    const size_t n = columns->group ? (size_t)columns->harmonics * columns->n_groups : 0;
    for (size_t i = 0; i < n; i++) {
        free(columns->group[i].value);
        free(columns->group[i].gap);
    }
    free(columns->group);
    free(columns->entry);
    free(columns->entry_end);
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
            status = group->made ? status : make_group(columns, n, i, group);
        }
    }
    return status;
}

/* ---- sums over columns --------------------------------------------------------------------------------------------- */

/* sum[k] += sum_i factor[i] of[i room + i + k], i < n: eight registers of sums stay in place, as in filter.c. */
DMUMU_VECTOR static void add_columns(size_t n, const double factor[], const double *restrict of, size_t room,
                                     double sum[static BLOCK])
{
    lanes a = {0.0};
    lanes b = {0.0};
    lanes c = {0.0};
    lanes d = {0.0};
    lanes e = {0.0};
    lanes f = {0.0};
    lanes g = {0.0};
    lanes h = {0.0};
    for (size_t i = 0; i < n; i++) {
        const lanes *at = (const lanes *)(of + i * (room + 1));
        a += factor[i] * at[0];
        b += factor[i] * at[1];
        c += factor[i] * at[2];
        d += factor[i] * at[3];
        e += factor[i] * at[4];
        f += factor[i] * at[5];
        g += factor[i] * at[6];
        h += factor[i] * at[7];
    }
    lanes *to = (lanes *)sum;
    to[0] += a;
    to[1] += b;
    to[2] += c;
    to[3] += d;
    to[4] += e;
    to[5] += f;
    to[6] += g;
    to[7] += h;
}

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
    const long at = x - columns->first_x;
    const long most = (long)columns->n_x;
    return (size_t)(BLOCK + (at < -BLOCK ? -BLOCK : (at < most ? at : most)));
}

/* n columns of one group, from `index` on. Those that a block meets before the first X, or beyond the last, one by one. */
static void sum_group(const struct dmumu_columns *columns, int harmonic, long index, size_t n, const double factor[],
                      long b, double fine[static BLOCK], double gap[])
{
    const struct dmumu_column_group *group = group_of(columns, harmonic, floor_divide(index, GROUP));
    const double *value = group->value + (size_t)(index - GROUP * floor_divide(index, GROUP)) * columns->room;
    const long x = index + b;
    if (place_of(columns, x) + n - 1 == place_of(columns, x + (long)n - 1)) {
        add_columns(n, factor, value + place_of(columns, x), columns->room, fine);
        add_gaps(n, factor, group->gap + place_of(columns, x), gap);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t place = place_of(columns, x + (long)i);
        add_columns(1, factor + i, value + i * columns->room + place, columns->room, fine);
        add_gaps(1, factor + i, group->gap + place, gap);
    }
}

void dmumu_columns_sum(const struct dmumu_columns *columns, const struct dmumu_fast_table *table, long b,
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
