/*
 * The protocol between ranks, on messages that take any time: every curve is computed once and written, all ranks write
 * the same epochs, all come to an end; for any number of ranks and threads.
 *
 * All ranks live in this process. A turn goes to a rank at random: thread 0 looks at its messages, then each thread
 * computes a curve. Messages stay under way for a random number of turns, in order between two ranks.
 */
#include "scan/exchange.h"

#include "grids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

enum { LATEST = 20 /* turns per rank that a message may take */, MOST_TURNS = 50000000 };

struct letter {
    uint64_t due; /* turn */
    union {
        struct dmumu_order order;
        struct dmumu_report report;
    } text;
    struct letter *next;
};

/* Letters from one rank to another, first sent first. */
struct channel {
    struct letter *first, *last;
};

struct world;

struct rank {
    struct world *world;
    size_t number;
    int threads;
    struct channel in, out; /* orders to this rank, its reports */
    struct dmumu_queue *queue;
    struct dmumu_exchange *exchange;
    size_t n_unwritten;
    size_t *unwritten; /* [n_curves] positions */
    size_t epochs;
    bool asked;       /* was asked to stop */
    bool waits, over; /* in a collective write; after the last */
};

/* What ends the world early: a limit on the clock, or somebody who is asked to stop. */
struct ending {
    double limit_s, grace_s;
    uint64_t asked_turn; /* 0: never */
    size_t asked_rank;
};

struct world {
    struct dmumu_blocks blocks;
    struct ending ending;
    size_t n_ranks;
    int *threads;
    struct rank *rank; /* [n_ranks] */
    uint64_t turn, seed;
    unsigned char *written; /* [n_curves] how often */
    size_t n_waiting;
};

static size_t draw(struct world *world, size_t n)
{
    world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(world->seed >> 33) % n;
}

static struct letter *post(struct world *world, struct channel *channel)
{
    struct letter *letter = calloc(1, sizeof *letter);
    assert_non_null(letter);
    letter->due = world->turn + draw(world, LATEST * world->n_ranks);
    if (channel->last)
        channel->last->next = letter;
    else
        channel->first = letter;
    channel->last = letter;
    return letter;
}

/* The first letter if it has arrived; the caller frees it. */
static struct letter *fetch(const struct world *world, struct channel *channel)
{
    struct letter *letter = channel->first;
    if (!letter || letter->due > world->turn)
        return NULL;
    channel->first = letter->next;
    if (!channel->first)
        channel->last = NULL;
    return letter;
}

static double now_s(void *context)
{
    const struct rank *rank = context;
    return 1e-3 * (double)rank->world->turn;
}

static bool next_report(void *context, size_t *from, struct dmumu_report *report)
{
    struct world *world = ((struct rank *)context)->world;
    for (size_t i = 1; i < world->n_ranks; ++i) {
        struct letter *letter = fetch(world, &world->rank[i].out);
        if (letter) {
            *from = i;
            *report = letter->text.report;
            free(letter);
            return true;
        }
    }
    return false;
}

static void send_order(void *context, size_t to, const struct dmumu_order *order)
{
    struct world *world = ((struct rank *)context)->world;
    assert_in_range(to, 1, world->n_ranks - 1);
    post(world, &world->rank[to].in)->text.order = *order;
}

static bool next_order(void *context, struct dmumu_order *order)
{
    struct rank *rank = context;
    struct letter *letter = fetch(rank->world, &rank->in);
    if (!letter)
        return false;
    *order = letter->text.order;
    free(letter);
    return true;
}

/* The last report is out once it has arrived. */
static bool may_report(void *context)
{
    return !((struct rank *)context)->out.first;
}

static void send_report(void *context, const struct dmumu_report *report)
{
    struct rank *rank = context;
    post(rank->world, &rank->out)->text.report = *report;
}

static bool stop_asked(void *context)
{
    struct rank *rank = context;
    const struct ending *ending = &rank->world->ending;
    const bool asked = !rank->asked && ending->asked_turn > 0 && rank->number == ending->asked_rank &&
                       rank->world->turn >= ending->asked_turn;
    rank->asked = rank->asked || asked;
    return asked;
}

static void make_rank(struct world *world, size_t number, double epoch_s, size_t room)
{
    struct rank *rank = &world->rank[number];
    *rank = (struct rank){.world = world, .number = number, .threads = world->threads[number]};
    rank->queue =
        dmumu_queue_new(&world->blocks, rank->threads, room < (size_t)rank->threads ? (size_t)rank->threads : room);
    rank->unwritten = calloc(world->blocks.n_curves + 1, sizeof *rank->unwritten);
    assert_non_null(rank->queue);
    assert_non_null(rank->unwritten);
    const struct dmumu_exchange_setup setup = {
        .rank = number,
        .n_ranks = world->n_ranks,
        .rank_threads = world->threads,
        .blocks = &world->blocks,
        .queue = rank->queue,
        .epoch_s = epoch_s,
        .limit_s = world->ending.limit_s,
        .grace_s = world->ending.grace_s,
        .mail = {rank, now_s, next_report, send_order, next_order, may_report, send_report},
        .stop_asked = stop_asked,
    };
    assert_int_equal(dmumu_exchange_new(&setup, &rank->exchange, NULL), DMUMU_OK);
}

/* A collective write: nobody leaves before all have come. */
static void join_epoch(struct world *world, struct rank *rank, bool last)
{
    rank->waits = true;
    rank->over = last;
    ++rank->epochs;
    if (++world->n_waiting < world->n_ranks)
        return;
    world->n_waiting = 0;
    for (size_t i = 0; i < world->n_ranks; ++i) {
        struct rank *each = &world->rank[i];
        assert_true(each->waits);
        assert_int_equal(each->epochs, rank->epochs);
        assert_int_equal(each->over, last);
        for (size_t k = 0; k < each->n_unwritten; ++k)
            ++world->written[each->unwritten[k]];
        dmumu_queue_written(each->queue, each->n_unwritten);
        each->n_unwritten = 0;
        each->waits = false;
        dmumu_exchange_wrote(each->exchange);
    }
}

static void take_turn(struct world *world, struct rank *rank)
{
    if (rank->over)
        return;
    /* who waits for the others to write with works on */
    const enum dmumu_master_epoch epoch = dmumu_exchange_step(rank->exchange);
    assert_false(rank->waits && epoch != DMUMU_EPOCH_NONE);
    if (epoch != DMUMU_EPOCH_NONE)
        join_epoch(world, rank, epoch == DMUMU_EPOCH_LAST);
    const bool first_computes = dmumu_exchange_computes(rank->exchange);
    for (int thread = first_computes ? 0 : 1; thread < rank->threads; ++thread) {
        size_t position = 0;
        if (dmumu_queue_begin(rank->queue, thread, &position)) {
            rank->unwritten[rank->n_unwritten++] = position;
            if (thread == 0 && draw(world, 2) == 0)
                dmumu_exchange_serve(rank->exchange);
            dmumu_queue_end(rank->queue, thread, 1e-4 * (double)(1 + draw(world, 100)));
        }
    }
}

static bool all_over(const struct world *world)
{
    for (size_t i = 0; i < world->n_ranks; ++i) {
        if (!world->rank[i].over || world->rank[i].waits)
            return false;
    }
    return true;
}

static void free_channel(struct channel *channel)
{
    while (channel->first) {
        struct letter *next = channel->first->next;
        free(channel->first);
        channel->first = next;
    }
}

/* Reports sent and received agree once those under way are counted; no order is under way. */
static void clear_away(struct world *world)
{
    uint64_t sent = 0, under_way = 0;
    for (size_t i = 0; i < world->n_ranks; ++i) {
        struct rank *rank = &world->rank[i];
        sent += i > 0 ? dmumu_exchange_reports(rank->exchange) : 0;
        for (const struct letter *letter = rank->out.first; letter; letter = letter->next)
            ++under_way;
        assert_null(rank->in.first);
        free_channel(&rank->out);
    }
    assert_int_equal(dmumu_exchange_reports(world->rank[0].exchange) + under_way, sent);
    for (size_t i = 0; i < world->n_ranks; ++i) {
        dmumu_exchange_free(world->rank[i].exchange);
        dmumu_queue_free(world->rank[i].queue);
        free(world->rank[i].unwritten);
    }
    free(world->rank);
    free(world->threads);
    free(world->written);
}

/* What became of a world. */
struct outcome {
    size_t epochs;
    uint64_t finished;
    double end_s;
};

/* The ranks' exchanges point to the world: it stays where it is. */
static void make_world(struct world *world, size_t most_threads, double epoch_s, size_t room)
{
    world->threads = calloc(world->n_ranks, sizeof *world->threads);
    world->rank = calloc(world->n_ranks, sizeof *world->rank);
    world->written = calloc(world->blocks.n_curves + 1, 1);
    assert_non_null(world->threads);
    assert_non_null(world->rank);
    assert_non_null(world->written);
    for (size_t i = 0; i < world->n_ranks; ++i)
        world->threads[i] = (int)(1 + draw(world, most_threads));
    for (size_t i = 0; i < world->n_ranks; ++i)
        make_rank(world, i, epoch_s, room);
}

/* Turns until all is over; every curve once, or, with an ending, at most once and all that were finished. */
static struct outcome end_world(struct world *world)
{
    for (; !all_over(world); ++world->turn) {
        assert_true(world->turn < MOST_TURNS);
        take_turn(world, &world->rank[draw(world, world->n_ranks)]);
    }
    uint64_t written = 0;
    for (size_t i = 0; i < world->blocks.n_curves; ++i) {
        assert_in_range(world->written[i], 0, dmumu_blocks_is_done(&world->blocks, i) ? 0 : 1);
        written += world->written[i];
    }
    const struct outcome outcome = {world->rank[0].epochs, dmumu_exchange_finished(world->rank[0].exchange),
                                    now_s(&world->rank[0])};
    assert_int_equal(outcome.finished, written);
    clear_away(world);
    dmumu_blocks_free(&world->blocks);
    return outcome;
}

/* Takes over the blocks. */
static struct outcome run_to_the_end(struct dmumu_blocks blocks, size_t n_ranks, size_t most_threads, double epoch_s,
                                     size_t room, struct ending ending)
{
    struct world world = {.blocks = blocks, .ending = ending, .n_ranks = n_ranks, .seed = n_ranks + most_threads};
    make_world(&world, most_threads, epoch_s, room);
    return end_world(&world);
}

/* Returns the number of epochs. Takes over the blocks. */
static size_t run_world(struct dmumu_blocks blocks, size_t n_ranks, size_t most_threads, double epoch_s, size_t room)
{
    const size_t n_pending = blocks.n_pending;
    const struct ending none = {.asked_turn = 0};
    const struct outcome outcome = run_to_the_end(blocks, n_ranks, most_threads, epoch_s, room, none);
    assert_int_equal(outcome.finished, n_pending);
    return outcome.epochs;
}

static void every_curve_is_written_once(void **state)
{
    (void)state;
    static const size_t ranks[] = {1, 2, 3, 4, 7, 16, 40};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; ++i) {
        for (size_t threads = 1; threads < 5; ++threads) {
            run_world(make_blocks(2, 3, 4, 10), ranks[i], threads, 30.0, 1000000);
            run_world(make_blocks(1, 1, 1, 1), ranks[i], threads, 30.0, 1000000);
            run_world(make_blocks(1, 20, 1, 3), ranks[i], threads, 1.0, 1000000);
        }
    }
}

static void a_master_that_only_serves(void **state)
{
    (void)state;
    run_world(make_blocks(2, 3, 10, 10), 200, 1, 30.0, 1000000);
    run_world(make_blocks(2, 3, 10, 10), 60, 8, 30.0, 1000000);
}

/* While rank 0 is in the midst of one curve, the others get all there is but what it has in hand, and nothing else happens. */
static void a_long_curve_of_the_master_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct world world = {.blocks = make_blocks(2, 3, 8, 10), .n_ranks = 3, .seed = 3};
    const size_t n_curves = world.blocks.n_curves;
    make_world(&world, 1, 0.0, 1000000);
    struct rank *master = &world.rank[0];
    size_t position = 0;
    assert_true(dmumu_queue_begin(master->queue, 0, &position));
    for (int i = 0; i < 100000; ++i, ++world.turn) {
        dmumu_exchange_serve(master->exchange);
        take_turn(&world, &world.rank[1 + draw(&world, 2)]);
    }
    const size_t in_hand = dmumu_queue_state(master->queue).in_hand + 1;
    assert_int_equal(world.rank[1].n_unwritten + world.rank[2].n_unwritten + in_hand, n_curves);
    assert_true(in_hand < n_curves / 8);
    assert_int_equal(master->epochs + world.rank[1].epochs + world.rank[2].epochs, 0);
    master->unwritten[master->n_unwritten++] = position;
    dmumu_queue_end(master->queue, 0, 1.0);
    assert_int_equal(end_world(&world).finished, n_curves);
}

static void epochs_at_every_chance(void **state)
{
    (void)state;
    assert_true(run_world(make_blocks(2, 3, 4, 10), 1, 1, 0.0, 1000000) > 100);
    assert_true(run_world(make_blocks(2, 3, 4, 10), 5, 2, 0.0, 1000000) > 3);
}

/* With room for a curve per thread the ranks would wait for ever, did full buffers not ask for a write. */
static void full_buffers_force_epochs(void **state)
{
    (void)state;
    assert_true(run_world(make_blocks(2, 3, 4, 10), 1, 1, 1e9, 1) > 100);
    assert_true(run_world(make_blocks(2, 3, 4, 10), 7, 3, 1e9, 1) > 3);
}

static void what_is_done_is_left_alone(void **state)
{
    (void)state;
    for (size_t ranks = 1; ranks < 10; ranks += 4) {
        struct dmumu_blocks blocks = make_blocks(2, 3, 4, 10);
        for (uint64_t curve = 0; curve < blocks.n_curves; ++curve) {
            if (curve % 7 > 0 || curve / 40 == 1)
                assert_int_equal(dmumu_blocks_set_done(&blocks, curve, NULL), DMUMU_OK);
        }
        run_world(blocks, ranks, 2, 30.0, 1000000);
        blocks = make_blocks(1, 2, 3, 1);
        for (uint64_t curve = 0; curve < blocks.n_curves; ++curve)
            assert_int_equal(dmumu_blocks_set_done(&blocks, curve, NULL), DMUMU_OK);
        assert_int_equal(run_world(blocks, ranks, 2, 30.0, 1000000), 1);
    }
}

/* Whoever is asked, whenever, with whatever buffers: all end together, and what was finished is written. */
static void one_that_is_asked_stops_all(void **state)
{
    (void)state;
    static const size_t ranks[] = {1, 2, 5, 16, 150};
    static const double graces_s[] = {0.0, 1e-9, 0.5, 1e9};
    size_t incomplete = 0;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; ++i) {
        for (size_t k = 0; k < 48; ++k) {
            const size_t threads = 1 + k % 3;
            const uint64_t turn = 1 + k * k * ranks[i] / 8;
            const struct ending ending = {0.0, graces_s[k % 4], turn, k * 7 % ranks[i]};
            const struct outcome outcome = run_to_the_end(make_blocks(2, 3, 4, 10), ranks[i], threads,
                                                          k % 5 > 0 ? 30.0 : 0.0, k % 7 > 0 ? 1000000 : 1, ending);
            incomplete += outcome.finished < 240;
        }
    }
    assert_true(incomplete > 60);
}

/* A limit alone: nothing is begun beyond it, and there is nothing to wait for. */
static void the_limit_is_kept(void **state)
{
    (void)state;
    static const size_t ranks[] = {1, 2, 5, 16, 150};
    size_t incomplete = 0;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; ++i) {
        for (size_t k = 0; k < 24; ++k) {
            const size_t turns = 1 + k * k * ranks[i] / 4;
            const double limit_s = 1e-3 * (double)turns, room_s = 1e-3 * LATEST * 40;
            const struct ending ending = {.limit_s = limit_s};
            const struct outcome outcome =
                run_to_the_end(make_blocks(2, 3, 4, 10), ranks[i], 1 + k % 3, 30.0, k % 7 > 0 ? 1000000 : 1, ending);
            assert_true(outcome.end_s < limit_s + room_s * (double)ranks[i]);
            incomplete += outcome.finished < 240;
        }
    }
    assert_true(incomplete > 20);
}

static void there_may_be_no_time_at_all(void **state)
{
    (void)state;
    const struct ending ending = {.limit_s = 1e-9};
    for (size_t ranks = 1; ranks < 10; ranks += 4)
        assert_int_equal(run_to_the_end(make_blocks(2, 3, 4, 10), ranks, 2, 30.0, 1000000, ending).finished, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_curve_is_written_once),
        cmocka_unit_test(a_master_that_only_serves),
        cmocka_unit_test(a_long_curve_of_the_master_keeps_nobody_waiting),
        cmocka_unit_test(epochs_at_every_chance),
        cmocka_unit_test(full_buffers_force_epochs),
        cmocka_unit_test(what_is_done_is_left_alone),
        cmocka_unit_test(one_that_is_asked_stops_all),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(there_may_be_no_time_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
