/* Simulate: see simulate.h. */
#include "simulate.h"

#include "core/error.h"
#include "scan/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 64 };

/* ---- events: a binary heap, the earliest first ------------------------------------------------------------------- */

struct event {
    double at_s;
    size_t what; /* an actor; in the master's inbox the sender's letter */
};

struct heap {
    struct event *event;
    size_t n, room;
};

static bool heap_push(struct heap *heap, double at_s, size_t what)
{
    if (heap->n == heap->room) {
        const size_t room = heap->room > 0 ? 2 * heap->room : 1024;
        struct event *grown = realloc(heap->event, room * sizeof *grown);
        if (!grown)
            return false;
        heap->event = grown;
        heap->room = room;
    }
    size_t i = heap->n++;
    for (; i > 0 && heap->event[(i - 1) / 2].at_s > at_s; i = (i - 1) / 2)
        heap->event[i] = heap->event[(i - 1) / 2];
    heap->event[i] = (struct event){at_s, what};
    return true;
}

static struct event heap_pop(struct heap *heap)
{
    const struct event top = heap->event[0], last = heap->event[--heap->n];
    size_t i = 0;
    for (size_t child = 1; child < heap->n; child = 2 * i + 1) {
        if (child + 1 < heap->n && heap->event[child + 1].at_s < heap->event[child].at_s)
            ++child;
        if (heap->event[child].at_s >= last.at_s)
            break;
        heap->event[i] = heap->event[child];
        i = child;
    }
    heap->event[i] = last;
    return top;
}

/* ---- the world --------------------------------------------------------------------------------------------------- */

/* A message under way. */
struct letter {
    double at_s; /* arrival */
    size_t from;
    union {
        struct dmumu_order order;
        struct dmumu_report report;
    } text;
    struct letter *next;
};

/* One thread. */
struct actor {
    double curve_s; /* of the curve that it computes */
    double since_s; /* asleep since, or when its last curve ended */
    size_t run;     /* its workspace holds this one */
    bool computes, asleep, finished;
};

/* Tables of one M_A in a rank. */
struct tables {
    size_t group;
    int unpaid;         /* threads that will still help to fill them */
    uint64_t *known[2]; /* [n_words] a bit per L, of each region */
};

struct world;

struct rank {
    struct world *world;
    size_t number;
    double now_s, speed; /* seconds per second of a mean rank */
    struct dmumu_queue *queue;
    struct dmumu_exchange *exchange;
    struct letter *first_order, *last_order;
    struct tables tables[DMUMU_QUEUE_TABLES]; /* latest first */
    bool in_epoch, over;
};

struct world {
    const struct simulation *simulation;
    struct rank *rank;         /* [n_ranks] */
    struct actor *actor;       /* [n_ranks threads] */
    int *threads;              /* [n_ranks] */
    struct curve_place *place; /* [n_groups] of the group's M_A among the measured ones */
    uint64_t *bits;
    double mean_speed;
    size_t n_words;
    struct heap events, inbox; /* actors; letters to the master */
    struct letter **letter;    /* [n_letters] all that were ever made */
    size_t n_letters, room_letters;
    size_t *spare; /* [n_spare] those not under way */
    size_t n_spare;
    size_t in_epoch;
    double epoch_s;
    bool failed; /* out of memory */
    struct simulated result;
};

static size_t actor_of(const struct world *world, const struct rank *rank, int thread)
{
    return rank->number * (size_t)world->simulation->threads + (size_t)thread;
}

/* A number in [0, 1) that depends on its arguments alone. */
static double noise(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9E3779B97F4A7C15) ^ (b + UINT64_C(0xD1B54A32D192ED03));
    for (int i = 0; i < 2; ++i) {
        x ^= x >> 31;
        x *= UINT64_C(0xBF58476D1CE4E5B9);
    }
    return (double)(x >> 11) * 0x1p-53;
}

static void schedule(struct world *world, size_t actor, double at_s)
{
    world->failed = !heap_push(&world->events, at_s, actor) || world->failed;
}

/* An idle thread notices something at its next look. */
static void wake(struct world *world, size_t index, double at_s)
{
    struct actor *actor = &world->actor[index];
    if (!actor->asleep)
        return;
    actor->asleep = false;
    schedule(world, index, at_s + world->simulation->nap_s * noise(index, world->events.n));
}

/* ---- mail -------------------------------------------------------------------------------------------------------- */

static double now_s(void *context)
{
    return ((struct rank *)context)->now_s;
}

static bool next_report(void *context, size_t *from, struct dmumu_report *report)
{
    struct rank *rank = context;
    struct world *world = rank->world;
    if (world->inbox.n == 0 || world->inbox.event[0].at_s > rank->now_s)
        return false;
    const size_t index = heap_pop(&world->inbox).what;
    *from = world->letter[index]->from;
    *report = world->letter[index]->text.report;
    world->spare[world->n_spare++] = index;
    rank->now_s += world->simulation->receive_s + world->simulation->decide_s;
    world->result.reports += 1.0;
    return true;
}

static void send_order(void *context, size_t to, const struct dmumu_order *order)
{
    struct rank *rank = context, *receiver = &rank->world->rank[to];
    struct letter *letter = calloc(1, sizeof *letter);
    if (!letter) {
        rank->world->failed = true;
        return;
    }
    rank->now_s += rank->world->simulation->send_s;
    letter->at_s = rank->now_s + rank->world->simulation->latency_s;
    letter->text.order = *order;
    if (receiver->last_order)
        receiver->last_order->next = letter;
    else
        receiver->first_order = letter;
    receiver->last_order = letter;
    wake(rank->world, actor_of(rank->world, receiver, 0), letter->at_s);
}

static bool next_order(void *context, struct dmumu_order *order)
{
    struct rank *rank = context;
    struct letter *letter = rank->first_order;
    if (!letter || letter->at_s > rank->now_s)
        return false;
    *order = letter->text.order;
    rank->first_order = letter->next;
    if (!rank->first_order)
        rank->last_order = NULL;
    free(letter);
    rank->now_s += rank->world->simulation->receive_s;
    return true;
}

static bool may_report(void *context)
{
    (void)context;
    return true;
}

/* Index of a letter that is not under way; SIZE_MAX when out of memory. */
static size_t spare_letter(struct world *world)
{
    if (world->n_spare > 0)
        return world->spare[--world->n_spare];
    if (world->n_letters == world->room_letters) {
        const size_t room = world->room_letters > 0 ? 2 * world->room_letters : 1024;
        struct letter **letter = realloc(world->letter, room * sizeof *letter);
        size_t *spare = letter ? realloc(world->spare, room * sizeof *spare) : NULL;
        world->letter = letter ? letter : world->letter;
        world->spare = spare ? spare : world->spare;
        if (!letter || !spare)
            return SIZE_MAX;
        world->room_letters = room;
    }
    world->letter[world->n_letters] = calloc(1, sizeof(struct letter));
    return world->letter[world->n_letters] ? world->n_letters++ : SIZE_MAX;
}

static void send_report(void *context, const struct dmumu_report *report)
{
    struct rank *rank = context;
    struct world *world = rank->world;
    const size_t index = spare_letter(world);
    if (index == SIZE_MAX) {
        world->failed = true;
        return;
    }
    rank->now_s += world->simulation->send_s;
    struct letter *letter = world->letter[index];
    letter->from = rank->number;
    letter->text.report = *report;
    letter->at_s = rank->now_s + world->simulation->latency_s;
    world->failed = !heap_push(&world->inbox, letter->at_s, index) || world->failed;
    wake(world, actor_of(world, &world->rank[0], 0), letter->at_s);
}

/* ---- curves ------------------------------------------------------------------------------------------------------ */

/* The rank's tables of a group; the oldest give way. */
static struct tables *tables_of(struct world *world, struct rank *rank, size_t group)
{
    size_t i = 0;
    while (i < DMUMU_QUEUE_TABLES && rank->tables[i].group != group)
        ++i;
    if (i < DMUMU_QUEUE_TABLES)
        return &rank->tables[i];
    const struct tables oldest = rank->tables[DMUMU_QUEUE_TABLES - 1];
    for (i = DMUMU_QUEUE_TABLES - 1; i > 0; --i)
        rank->tables[i] = rank->tables[i - 1];
    rank->tables[0] = oldest;
    rank->tables[0].group = group;
    rank->tables[0].unpaid = world->simulation->threads;
    for (int region = 0; region < 2; ++region)
        memset(oldest.known[region], 0, world->n_words * sizeof(uint64_t));
    world->result.tables += 1.0;
    return &rank->tables[0];
}

static enum curve_novelty note_scale(struct tables *tables, size_t region, size_t scale)
{
    const uint64_t bit = UINT64_C(1) << scale % BITS;
    uint64_t *here = &tables->known[region][scale / BITS];
    if (*here & bit)
        return NOVELTY_NONE;
    *here |= bit;
    return tables->known[1 - region][scale / BITS] & bit ? NOVELTY_REGION : NOVELTY_SCALE;
}

static double curve_s(struct world *world, struct rank *rank, struct actor *actor, size_t position)
{
    const struct simulation *simulation = world->simulation;
    const struct curve_times *times = simulation->times;
    size_t index[4];
    dmumu_grid_index(simulation->grid, dmumu_blocks_curve(simulation->blocks, position), index);
    const size_t group = position / simulation->blocks->group_size;
    const struct curve_place place = world->place[group];
    const size_t scale = index[DMUMU_AXIS_INJECTION_SCALE];
    const size_t beta = index[DMUMU_AXIS_BETA] * TIMES_BETAS / simulation->grid->axis[DMUMU_AXIS_BETA].n;
    const enum dmumu_region region =
        (enum dmumu_region)simulation->grid->axis[DMUMU_AXIS_REGION].values[index[DMUMU_AXIS_REGION]];
    struct tables *tables = tables_of(world, rank, group);
    double tables_s = curve_times_new(times, place, region, note_scale(tables, region, scale), scale);
    if (tables->unpaid > 0) {
        --tables->unpaid;
        tables_s += curve_times_tables(times, place) / simulation->threads;
    }
    const size_t run = position / simulation->blocks->run_length;
    const double first_s = actor->run == run ? 0.0 : curve_times_first(times, place, region, beta);
    actor->run = run;
    world->result.tables_s += rank->speed * tables_s;
    world->result.firsts_s += rank->speed * first_s;
    return rank->speed * (curve_times_later(times, place, region, beta, scale) + first_s + tables_s);
}

/* ---- turns ------------------------------------------------------------------------------------------------------- */

/* All ranks leave an epoch together. */
static void join_epoch(struct world *world, struct rank *rank, bool last)
{
    rank->in_epoch = true;
    rank->over = last;
    world->epoch_s = fmax(world->epoch_s, rank->now_s);
    if (++world->in_epoch < world->simulation->n_ranks)
        return;
    world->in_epoch = 0;
    const double at_s =
        world->epoch_s + 2.0 * world->simulation->latency_s * ceil(log2((double)world->simulation->n_ranks));
    for (size_t i = 0; i < world->simulation->n_ranks; ++i) {
        struct rank *each = &world->rank[i];
        each->in_epoch = false;
        each->now_s = at_s;
        dmumu_exchange_wrote(each->exchange);
        if (!last)
            schedule(world, actor_of(world, each, 0), at_s);
    }
    world->result.seconds = at_s;
}

/* Thread 0 looks at its messages; false when it is caught in an epoch. */
static bool communicate(struct world *world, struct rank *rank)
{
    const double start_s = rank->now_s;
    const enum dmumu_master_epoch epoch = dmumu_exchange_step(rank->exchange);
    if (rank->number == 0)
        world->result.master_s += rank->now_s - start_s;
    if (epoch == DMUMU_EPOCH_NONE)
        return true;
    join_epoch(world, rank, epoch == DMUMU_EPOCH_LAST);
    return false;
}

/* When the next letter to this rank arrives; infinity: none is under way. */
static double next_letter_s(const struct world *world, const struct rank *rank)
{
    if (rank->number == 0)
        return world->inbox.n > 0 ? world->inbox.event[0].at_s : (double)INFINITY;
    return rank->first_order ? rank->first_order->at_s : (double)INFINITY;
}

static void fall_asleep(struct world *world, struct rank *rank, size_t index, double at_s)
{
    struct actor *actor = &world->actor[index];
    if (dmumu_queue_state(rank->queue).closed && !actor->finished) {
        actor->finished = true;
        actor->since_s = at_s;
    }
    if (!actor->finished)
        actor->since_s = at_s;
    actor->asleep = true;
    if (index == actor_of(world, rank, 0) && next_letter_s(world, rank) < (double)INFINITY)
        wake(world, index, fmax(at_s, next_letter_s(world, rank)));
}

static void begin_curve(struct world *world, struct rank *rank, size_t index, size_t position, double at_s)
{
    struct actor *actor = &world->actor[index];
    actor->computes = true;
    actor->finished = false;
    actor->curve_s = curve_s(world, rank, actor, position);
    world->result.computing_s += actor->curve_s;
    schedule(world, index, at_s + actor->curve_s);
}

/* One thread, from the end of a curve or a nap to the beginning of the next. */
static void take_turn(struct world *world, size_t index, double at_s)
{
    struct rank *rank = &world->rank[index / (size_t)world->simulation->threads];
    struct actor *actor = &world->actor[index];
    const int thread = (int)(index % (size_t)world->simulation->threads);
    const size_t first = actor_of(world, rank, 0);
    if (rank->over)
        return;
    if (actor->computes) {
        actor->computes = false;
        actor->since_s = at_s;
        dmumu_queue_end(rank->queue, thread, actor->curve_s);
        if (thread > 0 && !rank->in_epoch)
            wake(world, first, at_s);
    } else if (!actor->finished) {
        world->result.waiting_s += at_s - actor->since_s;
    }
    bool computes = true, served = false;
    if (thread == 0) {
        const uint64_t reports = dmumu_exchange_reports(rank->exchange);
        rank->now_s = at_s;
        if (!communicate(world, rank))
            return;
        at_s = rank->now_s;
        computes = dmumu_exchange_computes(rank->exchange);
        served = rank->number == 0 && dmumu_exchange_reports(rank->exchange) > reports;
        for (int i = 1; i < world->simulation->threads && dmumu_queue_state(rank->queue).queued > 0; ++i)
            wake(world, first + (size_t)i, at_s);
    }
    size_t position = 0;
    actor->since_s = actor->finished ? actor->since_s : at_s;
    if (computes && dmumu_queue_begin(rank->queue, thread, &position))
        begin_curve(world, rank, index, position, at_s);
    else if (served)
        schedule(world, index, at_s);
    else
        fall_asleep(world, rank, index, at_s);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* How much longer a rank takes. */
static double slowness(const struct simulation *simulation, size_t rank)
{
    return 1.0 + simulation->spread * (2.0 * noise(rank, 17) - 1.0);
}

static bool allocate(struct world *world)
{
    const struct simulation *simulation = world->simulation;
    const size_t n_ranks = simulation->n_ranks, n_actors = n_ranks * (size_t)simulation->threads;
    world->n_words = simulation->blocks->run_length / BITS + 1;
    world->rank = calloc(n_ranks, sizeof *world->rank);
    world->actor = calloc(n_actors, sizeof *world->actor);
    world->threads = calloc(n_ranks, sizeof *world->threads);
    world->place = calloc(simulation->blocks->n_groups, sizeof *world->place);
    world->bits = calloc(n_ranks * 2 * DMUMU_QUEUE_TABLES * world->n_words, sizeof *world->bits);
    if (!world->rank || !world->actor || !world->threads || !world->place || !world->bits)
        return false;
    for (size_t i = 0; i < n_ranks; ++i)
        world->threads[i] = simulation->threads;
    for (size_t i = 0; i < n_ranks; ++i)
        world->mean_speed += 1.0 / slowness(simulation, i) / (double)n_ranks;
    for (size_t i = 0; i < n_actors; ++i)
        world->actor[i].run = SIZE_MAX;
    const struct dmumu_axis *machs = &simulation->grid->axis[DMUMU_AXIS_ALFVEN_MACH];
    for (size_t i = 0; i < simulation->blocks->n_groups; ++i)
        world->place[i] = curve_times_place(simulation->times, machs->values[simulation->blocks->mach[i]]);
    return true;
}

static enum dmumu_status make_rank(struct world *world, size_t number, const struct dmumu_exchange_first *first,
                                   struct dmumu_master *master, struct dmumu_error *error)
{
    const struct simulation *simulation = world->simulation;
    struct rank *rank = &world->rank[number];
    *rank = (struct rank){.world = world, .number = number};
    rank->speed = slowness(simulation, number) * world->mean_speed;
    for (size_t i = 0; i < DMUMU_QUEUE_TABLES; ++i) {
        rank->tables[i].group = SIZE_MAX;
        for (size_t region = 0; region < 2; ++region)
            rank->tables[i].known[region] =
                world->bits + ((number * DMUMU_QUEUE_TABLES + i) * 2 + region) * world->n_words;
    }
    rank->queue = dmumu_queue_new(simulation->blocks, simulation->threads, SIZE_MAX / 4);
    if (!rank->queue)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for rank %zu", number);
    const struct dmumu_exchange_setup setup = {
        .rank = number,
        .n_ranks = simulation->n_ranks,
        .rank_threads = world->threads,
        .blocks = simulation->blocks,
        .queue = rank->queue,
        .epoch_s = simulation->epoch_s,
        .mail = {rank, now_s, next_report, send_order, next_order, may_report, send_report},
    };
    return dmumu_exchange_new_from(&setup, first, master, &rank->exchange, error);
}

/* Every rank goes through the first decisions up to its own, rank 0 through all, before it begins. */
static enum dmumu_status make_ranks(struct world *world, struct dmumu_error *error)
{
    const struct simulation *simulation = world->simulation;
    struct dmumu_master *master = NULL;
    enum dmumu_status status =
        dmumu_master_new(simulation->blocks, simulation->n_ranks, world->threads, simulation->epoch_s, &master, error);
    if (status != DMUMU_OK)
        return status;
    struct dmumu_exchange_first own = {{0, 0}, 0};
    for (size_t i = 0; i < simulation->n_ranks && status == DMUMU_OK; ++i) {
        const struct dmumu_exchange_first first = dmumu_exchange_first(master, i);
        if (i == 0)
            own = first;
        else
            status = make_rank(world, i, &first, NULL, error);
        const size_t decisions = i == 0 ? simulation->n_ranks : i;
        for (int thread = 0; thread < simulation->threads; ++thread) {
            const size_t actor = i * (size_t)simulation->threads + (size_t)thread;
            world->actor[actor].since_s = (double)decisions * simulation->decide_s;
            schedule(world, actor, world->actor[actor].since_s);
        }
    }
    if (status == DMUMU_OK)
        status = make_rank(world, 0, &own, master, error);
    if (status != DMUMU_OK)
        dmumu_master_free(master);
    return status;
}

static void free_world(struct world *world)
{
    for (size_t i = 0; world->rank && i < world->simulation->n_ranks; ++i) {
        dmumu_exchange_free(world->rank[i].exchange);
        dmumu_queue_free(world->rank[i].queue);
    }
    for (size_t i = 0; i < world->n_letters; ++i)
        free(world->letter[i]);
    free(world->letter);
    free(world->spare);
    free(world->events.event);
    free(world->inbox.event);
    free(world->rank);
    free(world->actor);
    free(world->threads);
    free(world->place);
    free(world->bits);
}

static void add_up(struct world *world)
{
    double first_s = world->result.seconds;
    for (size_t i = 0; i < world->simulation->n_ranks * (size_t)world->simulation->threads; ++i) {
        const bool computes = i > 0 || dmumu_exchange_computes(world->rank[0].exchange);
        if (computes && world->actor[i].finished)
            first_s = fmin(first_s, world->actor[i].since_s);
    }
    world->result.tail_s = world->result.seconds - first_s;
    world->result.blocks = (double)dmumu_master_blocks(dmumu_exchange_master(world->rank[0].exchange));
    world->result.master_bytes = (double)dmumu_master_bytes(dmumu_exchange_master(world->rank[0].exchange));
    world->result.curves_per_block = (double)world->simulation->blocks->n_curves / world->result.blocks;
}

enum dmumu_status simulate(const struct simulation *simulation, struct simulated *result, struct dmumu_error *error)
{
    struct world world = {.simulation = simulation};
    enum dmumu_status status = DMUMU_OK;
    if (!allocate(&world))
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %zu ranks", simulation->n_ranks);
    if (status == DMUMU_OK)
        status = make_ranks(&world, error);
    while (status == DMUMU_OK && !world.failed && !(world.rank[0].over && !world.rank[0].in_epoch)) {
        if (world.events.n == 0) {
            status = dmumu_error_set(error, DMUMU_ERROR_INTERNAL, "%zu simulated ranks wait for each other",
                                     simulation->n_ranks);
            break;
        }
        const struct event event = heap_pop(&world.events);
        take_turn(&world, event.what, event.at_s);
    }
    if (status == DMUMU_OK && world.failed)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the messages");
    if (status == DMUMU_OK)
        add_up(&world);
    *result = world.result;
    free_world(&world);
    return status;
}
