/* Entries of columns: see column_entries.h. */
#include "core/column_entries.h"

#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points of a derivative, less the one in the middle: what the weights at an end reach to either side. */
enum { REACH = 3 };

/*
 * A chunk, in points of X at least and in ln X: to begin one takes an entry of every row, 200 to 420, where each X has
 * 18; and half a chunk is made in vain at either end of what is asked for, 20 in ln X.
 */
#define LEAST_CHUNK 64.0
#define CHUNK_LN_X  2.5

/*
 * Weight of a sample m steps inside the end of a sum that stands for an integral: 0 far outside, 1 far inside,
 * h/2 f + h^2/12 f' - h^4/720 f''' + h^6/30240 f^(5) at the end, with derivatives from seven points.
 */
static double weight_inside(long m)
{
    static const double beyond[REACH + 1] = {0.0, 3.0 / 48.0 + 13.0 / 5760.0 + 2.5 / 30240.0,
                                             -3.0 / 240.0 - 1.0 / 720.0 - 2.0 / 30240.0,
                                             1.0 / 720.0 + 1.0 / 5760.0 + 0.5 / 30240.0};
    if (m == 0) {
        return 0.5;
    }
    const double excess = labs(m) <= REACH ? beyond[labs(m)] : 0.0;
    return m > 0 ? 1.0 + excess : -excess;
}

/*
 * What a list of taps makes of C where an end's weights make of each tap eight: lattice points of ln X, from `first`
 * on.
 */
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

static enum dmumu_status reserve_list(struct dmumu_column_entry **list, size_t *capacity, size_t n)
{
    if (*capacity < n) {
        struct dmumu_column_entry *grown = realloc(*list, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *list = grown;
        *capacity = n;
    }
    return DMUMU_OK;
}

static enum dmumu_status reserve_numbers(size_t **numbers, size_t *capacity, size_t n)
{
    if (*capacity < n) {
        size_t *grown = realloc(*numbers, n * sizeof *grown);
        if (!grown) {
            return DMUMU_ERROR_MEMORY;
        }
        *numbers = grown;
        *capacity = n;
    }
    return DMUMU_OK;
}

/* Memory for n entries, and for sums of them. */
static enum dmumu_status reserve(struct dmumu_column_entries *entries, size_t n, size_t n_rows)
{
    if (reserve_list(&entries->entry, &entries->capacity, n) != DMUMU_OK ||
        reserve_list(&entries->before, &entries->before_capacity, entries->n_chunks * n_rows) != DMUMU_OK ||
        reserve_numbers(&entries->end, &entries->x_capacity, entries->n_x) != DMUMU_OK ||
        reserve_numbers(&entries->n_before, &entries->chunk_capacity, entries->n_chunks) != DMUMU_OK) {
        return DMUMU_ERROR_MEMORY;
    }
    return DMUMU_OK;
}

/* Lattice points between which something varies; how many entries there are. */
static size_t find_range(const struct dmumu_deposit *deposit, struct dmumu_column_entries *entries)
{
    size_t n = 0;
    long least = 0;
    long end = 1;
    for (int row = 0; row < deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            const size_t length = length_of(list[l].taps);
            const long first = first_of(list[l].taps);
            least = length > 0 && first < least ? first : least;
            end = length > 0 && first + (long)length > end ? first + (long)length : end;
            n += length;
        }
    }
    entries->first_x = 1 - end;
    entries->n_x = (size_t)(end - least);
    entries->chunk = (size_t)fmax(LEAST_CHUNK, CHUNK_LN_X / deposit->step);
    entries->n_chunks = (entries->n_x + DMUMU_FILTER_BLOCK + entries->chunk - 1) / entries->chunk;
    return n;
}

/* Where the entries of each X begin. A list counts one more from its least 1/X on, one less beyond its largest. */
static void find_places(const struct dmumu_deposit *deposit, struct dmumu_column_entries *entries)
{
    size_t *change = entries->end; /* below 0 as well, modulo 2^64 */
    memset(change, 0, entries->n_x * sizeof *change);
    for (int row = 0; row < deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            const size_t n = length_of(list[l].taps);
            const size_t beyond = (size_t)(1 - entries->first_x - first_of(list[l].taps));
            change[n > 0 ? beyond - n : 0] += n > 0;
            change[n > 0 && beyond < entries->n_x ? beyond : 0] -= n > 0 && beyond < entries->n_x;
        }
    }
    size_t sum = 0;
    size_t here = 0;
    for (size_t x = 0; x < entries->n_x; x++) {
        here += change[x];
        entries->end[x] = sum;
        sum += here;
    }
}

/*
 * to[i] = sum_l change[l] tap[i + l - ENDING + 1]: taps with the weights at an end; padded: ENDING - 1 zeros around
 * them.
 */
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

/* Values of one list, along the lattice of ln X. */
struct values {
    size_t n;
    const double *fine, *coarse;
};

/*
 * Entries of one list in their places, and their sums of each chunk; `chunk` is the row's of the first, chunks lie
 * n_rows apart.
 */
static void place_list(const struct dmumu_column_entries *entries, int row, const struct list *list,
                       const struct values *values, struct dmumu_column_entry *chunk, size_t n_rows)
{
    const long last = -entries->first_x - first_of(list->taps); /* the place of the first value among all X */
    size_t *end = entries->end + last;
    for (size_t i = 0; i < values->n;) {
        const size_t x = (size_t)last - i;
        const size_t end_here = i + x % entries->chunk + 1;
        double sum = 0.0;
        double sum_gap = 0.0;
        for (; i < end_here && i < values->n; i++) {
            const double fine = list->sign * values->fine[i];
            const double gap = fine - list->sign * values->coarse[i];
            entries->entry[end[-(long)i]++] = (struct dmumu_column_entry){fine, (float)gap, row};
            sum += fine;
            sum_gap += gap;
        }
        chunk[x / entries->chunk * n_rows].value += sum;
        chunk[x / entries->chunk * n_rows].gap += (float)sum_gap;
    }
}

/* The same from its taps; scratch: [4][its length + ENDING] */
static void add_list(struct dmumu_column_entries *entries, int row, const struct list *list,
                     const double change[static ENDING], double *scratch, size_t n_rows)
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
    place_list(entries, row, list, &(struct values){n, fine, coarse}, entries->before + row, n_rows);
}

/* From sums of each chunk to those of all before, without those that are nothing. */
static void sum_before(struct dmumu_column_entries *entries, size_t n_rows)
{
    double value[DMUMU_MAX_ROWS] = {0.0};
    double gap[DMUMU_MAX_ROWS] = {0.0};
    for (size_t c = 0; c < entries->n_chunks; c++) {
        struct dmumu_column_entry *chunk = entries->before + c * n_rows;
        size_t n = 0;
        for (size_t row = 0; row < n_rows; row++) {
            const struct dmumu_column_entry here = chunk[row];
            if (value[row] != 0.0 || gap[row] != 0.0) {
                chunk[n++] = (struct dmumu_column_entry){value[row], (float)gap[row], (int32_t)row};
            }
            value[row] += here.value;
            gap[row] += (double)here.gap;
        }
        entries->n_before[c] = n;
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
enum dmumu_status dmumu_column_entries_make(const struct dmumu_deposit *deposit, struct dmumu_column_entries *entries)
{
    double change[ENDING];
    for (long l = 0; l < ENDING; l++) { /* the last tap first */
        change[l] = weight_inside(l - REACH) - weight_inside(l - REACH - 1);
    }
    const size_t n_rows = (size_t)deposit->rows.n;
    const size_t n = find_range(deposit, entries);
    double *scratch = malloc(4 * (longest_list(deposit) + ENDING) * sizeof *scratch);
    if (!scratch || reserve(entries, n, n_rows) != DMUMU_OK) {
        free(scratch);
        return DMUMU_ERROR_MEMORY;
    }
    find_places(deposit, entries);
    memset(entries->before, 0, entries->n_chunks * n_rows * sizeof *entries->before);
    for (int row = 0; row < deposit->rows.n; row++) {
        struct list list[LISTS];
        lists_of(deposit, row, list);
        for (int l = 0; l < LISTS; l++) {
            add_list(entries, row, &list[l], change, scratch, n_rows);
        }
    }
    free(scratch);
    sum_before(entries, n_rows);
    return DMUMU_OK;
}

void dmumu_column_entries_free(struct dmumu_column_entries *entries)
{
    free(entries->entry);
    free(entries->end);
    free(entries->before);
    free(entries->n_before);
    *entries = (struct dmumu_column_entries){0};
}
