/* Cascade lattice: see cascade_lattice.h. */
#include "core/cascade_lattice.h"

#include "core/exponential.h"
#include "core/resonance.h"
#include "core/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rates change over a unit of ln R or so: eight points at this distance interpolate their logarithms to 1e-8. */
#define STEP 0.15 /* a multiple of that of cascade_taps.h over 1 - anisotropy, for either cascade */

enum {
    POINTS = DMUMU_CASCADE_BLOCKS * DMUMU_CASCADE_BLOCK,
    LAST = 15,                 /* lattice index of the last point: R of exp(2.2), for nodes of small mu */
    FIRST = LAST - POINTS + 1, /* R of 3e-14 */
    ROOM = 7                   /* points on either side of those that an error is taken from */
};

/* Lists of R, per panel; further ones are made each time. */
#define MAX_LIST_BYTES ((size_t)2 << 20)

void dmumu_cascade_lattice_init(struct dmumu_cascade_lattice *lattice, struct dmumu_cascade_room room)
{
    *lattice = (struct dmumu_cascade_lattice){.column = NULL, .room = room};
    for (int i = 0; i < DMUMU_CASCADE_BLOCKS; i++) {
        dmumu_lazy_init(&lattice->lazy[i]);
    }
    omp_init_lock(&lattice->lock);
}

static void list_free(struct dmumu_cascade_list *list)
{
    for (size_t r = 0; r < list->n; r++) {
        free(list->entry[r]);
        dmumu_lazy_destroy(&list->lazy[r]);
    }
    free(list->lazy);
    free(list);
}

void dmumu_cascade_lattice_free(struct dmumu_cascade_lattice *lattice)
{
    for (int i = 0; i < lattice->n_lists; i++) {
        if (lattice->list[i]) {
            list_free(lattice->list[i]);
        }
    }
    free(lattice->list);
    free(lattice->column);
    for (int i = 0; i < DMUMU_CASCADE_BLOCKS; i++) {
        dmumu_lazy_destroy(&lattice->lazy[i]);
    }
    omp_destroy_lock(&lattice->lock);
}

struct dmumu_place dmumu_cascade_place_of(double larmor_ratio)
{
    return dmumu_place_of(log(larmor_ratio) / STEP);
}

/* The last lattice point with R below a limit. */
static long last_below(double ln_limit)
{
    const double last = floor(ln_limit / STEP);
    return last < (double)LAST ? (long)fmax(last, (double)FIRST - 1.0) : (long)LAST;
}

/* Smooth until the cascade's start matters: in x_par; or in x_perp, where the lobes of the Bessel function begin there, too. */
void dmumu_cascade_source_finish(struct dmumu_cascade_source *source)
{
    const struct dmumu_cascade_form *form = &source->common->form;
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        const struct dmumu_cascade_table *table = source->table[node];
        const struct dmumu_cascade_limits limits = dmumu_cascade_limits_of(form, table);
        const double ln_lobes = -log(table->s * form->x_perp_min);
        source->gyro_reach[node] = last_below(fmin(limits.ln_parallel, fmax(ln_lobes, limits.ln_balance)));
        source->transit_reach[node] = last_below(ln_lobes);
        const bool by_taps = source->common->mode == DMUMU_ALFVEN && source->state->kappa > 0.0;
        source->taps_reach[node] = by_taps ? last_below(fmin(limits.ln_parallel, limits.ln_balance)) : FIRST - 1;
    }
}

/* ---- the lattice ------------------------------------------------------------------------------------------------- */

struct block_context {
    const struct dmumu_cascade_source *source;
    struct dmumu_cascade_column *column;
    struct dmumu_wave_nodes *scratch;
};

static double relative(double error, double value)
{
    return value > 0.0 ? error / value : 0.0;
}

/* -inf, and so no interpolation, where there is no rate. */
static void store_logarithms(const struct dmumu_cascade_rate *rate, int node, struct dmumu_cascade_column *column)
{
    column->gyro[node] = log(rate->gyro);
    column->transit[node] = log(rate->transit);
    column->gyro_error[node] = relative(rate->gyro_error, rate->gyro);
    column->transit_error[node] = relative(rate->transit_error, rate->transit);
}

static enum dmumu_status make_block(void *context, int block)
{
    const struct block_context *at = context;
    enum dmumu_status status = DMUMU_OK;
    for (int node = 0; status == DMUMU_OK && node < DMUMU_KRONROD_N; node++) {
        const long gyro_reach = at->source->gyro_reach[node];
        const long transit_reach = at->source->transit_reach[node];
        const long last = gyro_reach > transit_reach ? gyro_reach : transit_reach;
        for (int i = block * DMUMU_CASCADE_BLOCK; status == DMUMU_OK && i < (block + 1) * DMUMU_CASCADE_BLOCK; i++) {
            struct dmumu_cascade_rate rate = {0.0, 0.0, 0.0, 0.0};
            if (FIRST + i <= at->source->taps_reach[node]) {
                rate = dmumu_cascade_rate_from_taps(at->source->common, at->source->table[node], STEP * (FIRST + i));
            } else if (FIRST + i <= last) {
                status = dmumu_cascade_rate(at->source->common, at->source->state, at->source->table[node],
                                            exp(STEP * (FIRST + i)), at->scratch, &rate);
            }
            store_logarithms(&rate, node, &at->column[i]);
        }
    }
    return status;
}

/* The memory of the lattice; NULL when there is none. */
static struct dmumu_cascade_column *columns_of(struct dmumu_cascade_lattice *lattice)
{
    omp_set_lock(&lattice->lock);
    if (!lattice->column) {
        lattice->column = calloc(POINTS, sizeof *lattice->column);
    }
    struct dmumu_cascade_column *column = lattice->column;
    omp_unset_lock(&lattice->lock);
    return column;
}

enum dmumu_status dmumu_cascade_lattice_make(struct dmumu_cascade_lattice *lattice,
                                             const struct dmumu_cascade_source *source, size_t n,
                                             const struct dmumu_place place[], const uint8_t chosen[],
                                             struct dmumu_wave_nodes *scratch)
{
    struct dmumu_lazy *lazy[DMUMU_CASCADE_BLOCKS];
    uint8_t wanted[DMUMU_CASCADE_BLOCKS] = {0};
    for (int i = 0; i < DMUMU_CASCADE_BLOCKS; i++) {
        lazy[i] = &lattice->lazy[i];
    }
    for (size_t r = 0; r < n; r++) {
        const long centre = place[r].first + DMUMU_STENCIL_LEFT - FIRST;
        wanted[(centre - ROOM) / DMUMU_CASCADE_BLOCK] |= chosen[r];
        wanted[centre / DMUMU_CASCADE_BLOCK] |= chosen[r];
        wanted[(centre + ROOM) / DMUMU_CASCADE_BLOCK] |= chosen[r];
    }
    struct block_context context = {source, columns_of(lattice), scratch};
    return context.column ? dmumu_lazy_make(lazy, DMUMU_CASCADE_BLOCKS, wanted, make_block, &context)
                          : DMUMU_ERROR_MEMORY;
}

/* value = exp(sum of ln), its error that of interpolating with that of the nearest point; of all nodes side by side. */
DMUMU_VECTOR static void interpolate(const struct dmumu_place *place, const double *const from[static 2 * ROOM + 1],
                                     const double *restrict nearest_error, double *restrict value,
                                     double *restrict error)
{
    double sum[DMUMU_CASCADE_LANES] = {0.0};
    double wide[DMUMU_CASCADE_LANES] = {0.0};
    for (int k = 0; k < DMUMU_STENCIL; k++) {
        const double *restrict near = from[ROOM - DMUMU_STENCIL_LEFT + k];
        const double *restrict far = from[2 * k];
        const double weight = place->weight[k];
        const double far_weight = dmumu_stencil_wide_weight[k];
        for (int i = 0; i < DMUMU_CASCADE_LANES; i++) {
            sum[i] += weight * near[i];
            wide[i] += far_weight * far[i];
        }
    }
    for (int i = 0; i < DMUMU_CASCADE_LANES; i++) {
        value[i] = dmumu_exp(sum[i]);
        error[i] = value[i] * (fabs(from[ROOM][i] - wide[i]) / 256.0 + nearest_error[i]);
    }
}

/* Rates and errors of one kind from the lattice; NaN or infinite where it does not reach. */
static void from_lattice(const struct dmumu_cascade_lattice *lattice, const struct dmumu_place *place, bool transit,
                         double value[], double error[])
{
    const double *from[2 * ROOM + 1];
    const struct dmumu_cascade_column *centre = lattice->column + (place->first + DMUMU_STENCIL_LEFT - FIRST);
    for (int k = -ROOM; k <= ROOM; k++) {
        from[k + ROOM] = transit ? centre[k].transit : centre[k].gyro;
    }
    interpolate(place, from, transit ? centre->transit_error : centre->gyro_error, value, error);
}

/* False where nothing scatters at one of the points. */
static bool is_good(const struct dmumu_cascade_column *column, int node)
{
    return isfinite(column->gyro_error[node]) && isfinite(column->transit_error[node]);
}

/* ---- near the cascade's start ------------------------------------------------------------------------------------ */

static void store_rate(const struct dmumu_cascade_rate *rate, int node, struct dmumu_cascade_column *column)
{
    column->gyro[node] = rate->gyro;
    column->transit[node] = rate->transit;
    column->gyro_error[node] = rate->gyro_error;
    column->transit_error[node] = rate->transit_error;
}

enum dmumu_status dmumu_cascade_lattice_rates(const struct dmumu_cascade_lattice *lattice,
                                              const struct dmumu_cascade_source *source, double larmor_ratio,
                                              const struct dmumu_place *place, struct dmumu_wave_nodes *scratch,
                                              struct dmumu_cascade_column *column)
{
    const bool transits = source->common->mode == DMUMU_SLOW && source->state->kappa > 0.0;
    const long end = place->first + DMUMU_STENCIL_LEFT + ROOM;
    *column = (struct dmumu_cascade_column){{0.0}, {0.0}, {0.0}, {0.0}};
    from_lattice(lattice, place, false, column->gyro, column->gyro_error);
    if (transits) {
        from_lattice(lattice, place, true, column->transit, column->transit_error);
    }
    for (int node = 0; node < DMUMU_KRONROD_N; node++) {
        if (end <= source->gyro_reach[node] && (!transits || end <= source->transit_reach[node]) &&
            is_good(column, node)) {
            continue;
        }
        struct dmumu_cascade_rate rate;
        const enum dmumu_status status =
            dmumu_cascade_rate(source->common, source->state, source->table[node], larmor_ratio, scratch, &rate);
        if (status != DMUMU_OK) {
            return status;
        }
        store_rate(&rate, node, column);
    }
    return DMUMU_OK;
}

/* ---- lists of R -------------------------------------------------------------------------------------------------- */

static struct dmumu_cascade_list *list_new(size_t n)
{
    struct dmumu_cascade_list *list = calloc(1, sizeof *list + n * sizeof *list->entry);
    struct dmumu_lazy *lazy = malloc(n * sizeof *lazy);
    if (!list || !lazy) {
        free(list);
        free(lazy);
        return NULL;
    }
    for (size_t r = 0; r < n; r++) {
        dmumu_lazy_init(&lazy[r]);
    }
    list->n = n;
    list->lazy = lazy;
    return list;
}

/* May there be one more list? */
static bool has_room(const struct dmumu_cascade_lattice *lattice)
{
    const struct dmumu_cascade_room *room = &lattice->room;
    return lattice->list_bytes < MAX_LIST_BYTES && (!room->bytes || atomic_load(room->bytes) < *room->most);
}

/* The lattice's lock is held. */
static void count_bytes(struct dmumu_cascade_lattice *lattice, size_t bytes)
{
    lattice->list_bytes += bytes;
    if (lattice->room.bytes) {
        atomic_fetch_add(lattice->room.bytes, bytes);
    }
}

/* Where a list of this number is or goes; NULL without memory or room. The lattice's lock is held. */
static struct dmumu_cascade_list **slot_of(struct dmumu_cascade_lattice *lattice, int number)
{
    if (number >= lattice->n_lists && has_room(lattice)) {
        const int n = number + 16;
        struct dmumu_cascade_list **grown = realloc(lattice->list, (size_t)n * sizeof(struct dmumu_cascade_list *));
        for (int i = lattice->n_lists; grown && i < n; i++) {
            grown[i] = NULL;
        }
        lattice->list = grown ? grown : lattice->list;
        lattice->n_lists = grown ? n : lattice->n_lists;
    }
    const bool there = number >= 0 && number < lattice->n_lists;
    return there && (lattice->list[number] || has_room(lattice)) ? &lattice->list[number] : NULL;
}

/* One that is kept, or a new one: kept as long as there is room. NULL without memory. */
static struct dmumu_cascade_list *find_or_add(struct dmumu_cascade_lattice *lattice,
                                              const struct dmumu_cascade_ask *ask)
{
    omp_set_lock(&lattice->lock);
    struct dmumu_cascade_list **slot = slot_of(lattice, ask->number);
    struct dmumu_cascade_list *list = slot && *slot ? *slot : list_new(ask->n);
    if (list && slot && !*slot) {
        list->kept = true;
        *slot = list;
        count_bytes(lattice, sizeof *list + ask->n * (sizeof *list->entry + sizeof *list->lazy));
    }
    omp_unset_lock(&lattice->lock);
    return list;
}

/* Is an R wanted that is not there yet? */
static bool is_any_missing(const struct dmumu_cascade_list *list, const uint8_t chosen[])
{
    for (size_t r = 0; r < list->n; r++) {
        if (chosen[r] && !atomic_load(&list->lazy[r].made)) {
            return true;
        }
    }
    return false;
}

static size_t n_transit_of(const struct dmumu_cascade_source *source)
{
    return source->common->mode == DMUMU_SLOW ? DMUMU_KRONROD_N : 0;
}

/* A copy of a column; NULL without memory. */
static struct dmumu_cascade_entry *entry_new(const struct dmumu_cascade_column *column, size_t n_transit)
{
    struct dmumu_cascade_entry *entry = malloc(sizeof *entry + 2 * n_transit * sizeof *entry->memory);
    if (entry) {
        memcpy(entry->gyro, column->gyro, sizeof entry->gyro);
        memcpy(entry->gyro_error, column->gyro_error, sizeof entry->gyro_error);
        entry->transit = NULL;
        entry->transit_error = NULL;
    }
    if (entry && n_transit > 0) {
        entry->transit = memcpy(entry->memory, column->transit, n_transit * sizeof *entry->memory);
        entry->transit_error =
            memcpy(entry->memory + n_transit, column->transit_error, n_transit * sizeof *entry->memory);
    }
    return entry;
}

struct fill_context {
    const struct dmumu_cascade_lattice *lattice;
    const struct dmumu_cascade_source *source;
    const struct dmumu_cascade_ask *ask;
    struct dmumu_wave_nodes *scratch;
    struct dmumu_cascade_list *list;
    size_t first;  /* what item 0 is */
    size_t n_made; /* by this thread */
};

static enum dmumu_status make_entry(void *context, int item)
{
    struct fill_context *at = context;
    const size_t r = at->first + (size_t)item;
    struct dmumu_cascade_column column;
    const enum dmumu_status status = dmumu_cascade_lattice_rates(at->lattice, at->source, at->ask->larmor_ratio[r],
                                                                 &at->ask->place[r], at->scratch, &column);
    if (status != DMUMU_OK) {
        return status;
    }
    at->list->entry[r] = entry_new(&column, n_transit_of(at->source));
    at->n_made += at->list->entry[r] != NULL;
    return at->list->entry[r] ? DMUMU_OK : DMUMU_ERROR_MEMORY;
}

/* What is missing, a few entries at a time: threads that come to the same list, as those do that begin runs together,
 * take different ones of them, and wait for one at most. */
static enum dmumu_status fill(struct fill_context *at)
{
    enum { AT_A_TIME = 16 };
    struct dmumu_cascade_list *list = at->list;
    enum dmumu_status status = DMUMU_OK;
    for (at->first = 0; at->first < list->n && status == DMUMU_OK; at->first += AT_A_TIME) {
        struct dmumu_lazy *lazy[AT_A_TIME];
        const size_t left = list->n - at->first;
        const int n = left < AT_A_TIME ? (int)left : AT_A_TIME;
        for (int i = 0; i < n; i++) {
            lazy[i] = &list->lazy[at->first + (size_t)i];
        }
        status = dmumu_lazy_make(lazy, n, at->ask->chosen + at->first, make_entry, at);
    }
    return status;
}

static enum dmumu_status make_missing(struct dmumu_cascade_lattice *lattice, const struct dmumu_cascade_source *source,
                                      const struct dmumu_cascade_ask *ask, struct dmumu_wave_nodes *scratch,
                                      struct dmumu_cascade_list *list)
{
    struct dmumu_cascade_source finished = *source;
    dmumu_cascade_source_finish(&finished);
    enum dmumu_status status =
        dmumu_cascade_lattice_make(lattice, &finished, list->n, ask->place, ask->chosen, scratch);
    struct fill_context context = {
        .lattice = lattice, .source = &finished, .ask = ask, .scratch = scratch, .list = list};
    status = status == DMUMU_OK ? fill(&context) : status;
    if (list->kept && context.n_made > 0) {
        omp_set_lock(&lattice->lock);
        count_bytes(lattice, context.n_made * (sizeof *list->entry[0] + 2 * n_transit_of(source) * sizeof(double)));
        omp_unset_lock(&lattice->lock);
    }
    return status;
}

const struct dmumu_cascade_list *dmumu_cascade_lattice_list(struct dmumu_cascade_lattice *lattice,
                                                            const struct dmumu_cascade_source *source,
                                                            const struct dmumu_cascade_ask *ask,
                                                            struct dmumu_wave_nodes *scratch)
{
    struct dmumu_cascade_list *list = find_or_add(lattice, ask);
    if (list && is_any_missing(list, ask->chosen) && make_missing(lattice, source, ask, scratch, list) != DMUMU_OK) {
        dmumu_cascade_list_release(list);
        return NULL;
    }
    return list;
}

void dmumu_cascade_list_release(const struct dmumu_cascade_list *list)
{
    if (list && !list->kept) {
        list_free((struct dmumu_cascade_list *)list);
    }
}
