/*
 * Exchange: who talks to whom while a scan runs (see exchange.h).
 *
 * On every rank all threads compute, curve by curve, without barriers. Thread 0, which alone sends and receives, looks
 * at its messages between two of its own curves: on rank 0 as the master, elsewhere as a worker. So no core is set
 * aside as long as ranks are few. Nobody waits for the master's curve to end: it answers in the midst of it as well
 * (dmumu_exchange_serve), but for tables that it makes, and ranks ask for a block while they still have work in hand, for
 * longer than the slowest answer of late took. Where there are so many threads that the one makes no difference, the master's thread 0 only serves.
 *
 * Messages
 *     worker -> master  report  curves finished, what they cost, whether a block is wanted, whether the buffer is filling up,
 *                               whether it was asked to stop, whether it has run dry
 *     master -> worker  order   a block | no more | stop | an epoch | the last epoch
 *
 * Protocol
 *   1. The first block of each rank follows from the ranks' threads alone. Each finds its own by going through the
 *      master's first decisions, so that nothing is sent at the start, however many there are.
 *   2. A report that wants a block is answered by exactly one `block` or `no more`; other reports are not answered. A
 *      worker has at most one such question open, and asks no more after `no more`.
 *   3. The master alone decides on an epoch: it sends the order to every worker. A rank that has it is ready for the
 *      collective write, and works on until all are (exchange_mpi.c): so nobody waits for one that is in a long curve, or
 *      that stands still. The master orders no other epoch before the write, so that all ranks write the same epochs in
 *      the same order. Only thread 0 writes; the other threads of a rank go on computing into the second batch.
 *   4. Every finished curve is reported in the end: a worker reports when it runs dry. When the reports add up to all
 *      curves, every result is in some rank's batch, and the master orders the last epoch.
 *   5. When a rank was asked to stop, or no block can be finished in the time that is left, the master orders `stop`, once:
 *      no rank gets or asks for any more. Each finishes what it has in hand, but at the limit, which all know, it gives
 *      up what it has not begun; then it reports that it has run dry. When all have, the master orders the last epoch.
 *   6. After the last epoch, or one that failed, nobody sends any more, and the caller receives what is under way.
 *
 * No deadlock: workers never block on a message, and are ready to receive while they compute. One that has asked may be in
 * the collective write already when the master, still in a curve, answers; an order is three words, which every MPI
 * sends at once, whether somebody receives or not.
 *
 * Reports that ask for nothing, for the display of progress and the decision on epochs, come at an interval that grows
 * with the number of ranks: they never take the master more than a few percent of its time.
 */
#include "scan/exchange.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* At least so long between two reports that ask for nothing; more with many ranks. */
static const double report_interval_s = 0.25, report_interval_per_rank_s = 5e-5;

/* The slowest answer of late is forgotten by this factor with each that is faster. */
static const double forget = 0.9;
static const double first_answer_s = 1e-3;

struct dmumu_exchange {
    struct dmumu_exchange_setup setup;
    struct dmumu_master *master; /* rank 0 */
    int threads;                 /* of this rank, that compute */
    size_t last_block;           /* curves in it */
    bool asked, no_more;         /* a question is open; there will be no more blocks */
    bool wants_stop, told_stop;  /* this rank was asked to stop; the master knows */
    bool told_dry;               /* the master knows that this rank finishes no more */
    bool epoch_open;             /* ordered, and not written yet */
    enum dmumu_stopping stopping;
    double limit_s;               /* nothing begins any more; INFINITY: no limit */
    double asked_s, answer_s;     /* when it was asked; how long an answer takes */
    uint64_t reports;             /* sent; rank 0: received */
    uint64_t reported;            /* curves finished, as last reported */
    double reported_s;            /* when that was */
    struct dmumu_cost_tally told; /* costs, as last reported */
};

static double now_s(const struct dmumu_exchange *exchange)
{
    return exchange->setup.mail.now_s(exchange->setup.mail.context);
}

static void accept_block(struct dmumu_exchange *exchange, struct dmumu_block block)
{
    exchange->asked = false;
    if (block.count > 0) {
        exchange->last_block = block.count;
        dmumu_queue_give(exchange->setup.queue, block);
    } else {
        exchange->no_more = true;
        dmumu_queue_close(exchange->setup.queue);
    }
}

struct dmumu_exchange_first dmumu_exchange_first(struct dmumu_master *master, size_t rank)
{
    return (struct dmumu_exchange_first){dmumu_master_next(master, rank), dmumu_master_threads(master, rank)};
}

static double limit_of(const struct dmumu_exchange_setup *setup)
{
    return setup->limit_s > 0.0 ? setup->limit_s : INFINITY;
}

enum dmumu_status dmumu_exchange_new_from(const struct dmumu_exchange_setup *setup,
                                          const struct dmumu_exchange_first *first, struct dmumu_master *master,
                                          struct dmumu_exchange **exchange, struct dmumu_error *error)
{
    struct dmumu_exchange *made = calloc(1, sizeof *made);
    if (!made)
        return dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for the exchange of blocks");
    *made = (struct dmumu_exchange){.setup = *setup,
                                    .master = setup->rank == 0 ? master : NULL,
                                    .threads = first->threads,
                                    .answer_s = first_answer_s,
                                    .limit_s = limit_of(setup)};
    made->reported_s = now_s(made);
    accept_block(made, first->block);
    *exchange = made;
    return DMUMU_OK;
}

/* Goes through the master's first decisions, one for each rank in turn: rank 0 all of them, the others up to their own. */
enum dmumu_status dmumu_exchange_new(const struct dmumu_exchange_setup *setup, struct dmumu_exchange **exchange,
                                     struct dmumu_error *error)
{
    struct dmumu_master *master = NULL;
    enum dmumu_status status =
        dmumu_master_new(setup->blocks, setup->n_ranks, setup->rank_threads, setup->epoch_s, &master, error);
    if (status != DMUMU_OK)
        return status;
    struct dmumu_exchange_first mine = {{0, 0}, 0};
    dmumu_master_set_time(master, limit_of(setup));
    const size_t end = setup->rank == 0 ? setup->n_ranks : setup->rank + 1;
    for (size_t rank = 0; rank < end; ++rank) {
        const struct dmumu_exchange_first first = dmumu_exchange_first(master, rank);
        if (rank == setup->rank)
            mine = first;
    }
    status = dmumu_exchange_new_from(setup, &mine, master, exchange, error);
    if (status != DMUMU_OK || setup->rank != 0)
        dmumu_master_free(master);
    return status;
}

void dmumu_exchange_free(struct dmumu_exchange *exchange)
{
    if (!exchange)
        return;
    dmumu_master_free(exchange->master);
    free(exchange);
}

/* ---- when to ask ------------------------------------------------------------------------------------------------- */

/* Expected seconds until this rank has nothing to do. */
static double in_hand_s(const struct dmumu_exchange *exchange, const struct dmumu_queue_state *state)
{
    const struct dmumu_costs costs = dmumu_costs_of(&state->tally);
    return ((double)state->in_hand * costs.later + (double)state->runs * costs.first) / fmax(1.0, exchange->threads);
}

/*
 * When what is in hand lasts no longer than two of the slowest answers, and the longest time that a worker's thread 0 may
 * not look at all, that of a first curve; or when only a quarter of the last block is left: while blocks are large, it costs nothing
 * to ask early, and the master may be filling tables. But never with a run ahead for each thread.
 */
static bool needs_block(const struct dmumu_exchange *exchange, const struct dmumu_queue_state *state)
{
    const size_t threads = (size_t)exchange->threads;
    if (exchange->asked || exchange->no_more || state->runs >= threads || state->blocks >= DMUMU_QUEUE_BLOCKS)
        return false;
    const struct dmumu_costs costs = dmumu_costs_of(&state->tally);
    return in_hand_s(exchange, state) <= 2.0 * exchange->answer_s + costs.first ||
           4 * state->in_hand <= exchange->last_block;
}

static double interval_s(const struct dmumu_exchange *exchange)
{
    return fmax(report_interval_s, report_interval_per_rank_s * (double)exchange->setup.n_ranks);
}

static struct dmumu_cost_tally news_of(struct dmumu_exchange *exchange, const struct dmumu_cost_tally *tally)
{
    struct dmumu_cost_tally news = *tally;
    dmumu_costs_merge(&news, &exchange->told, -1);
    exchange->told = *tally;
    return news;
}

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

static void begin_stopping(struct dmumu_exchange *exchange, enum dmumu_stopping why)
{
    if (exchange->stopping != DMUMU_STOPPING_NOT)
        return;
    exchange->stopping = why;
    if (why == DMUMU_STOPPING_ASKED)
        exchange->limit_s = fmin(exchange->limit_s, now_s(exchange) + exchange->setup.grace_s);
    exchange->no_more = true;
    dmumu_queue_close(exchange->setup.queue);
}

/* Was this rank asked to stop? Is the time over, or would it be before another curve is finished? */
static void look_for_the_end(struct dmumu_exchange *exchange)
{
    if (exchange->setup.stop_asked && exchange->setup.stop_asked(exchange->setup.mail.context))
        exchange->wants_stop = true;
    if (exchange->limit_s == INFINITY)
        return;
    const struct dmumu_queue_state state = dmumu_queue_state(exchange->setup.queue);
    if (now_s(exchange) + dmumu_costs_of(&state.tally).first < exchange->limit_s)
        return;
    begin_stopping(exchange, DMUMU_STOPPING_TIME);
    dmumu_queue_cut(exchange->setup.queue);
}

/* Will this rank finish no more, because all are stopping? An open question will still be answered. */
static bool is_dry(const struct dmumu_exchange *exchange, const struct dmumu_queue_state *state)
{
    return exchange->stopping != DMUMU_STOPPING_NOT && !exchange->asked && state->idle;
}

/* ---- worker ------------------------------------------------------------------------------------------------------ */

static void take_answer(struct dmumu_exchange *exchange, struct dmumu_block block)
{
    exchange->answer_s = fmax(now_s(exchange) - exchange->asked_s, forget * exchange->answer_s);
    accept_block(exchange, block);
}

static enum dmumu_master_epoch worker_obey(struct dmumu_exchange *exchange)
{
    struct dmumu_order order;
    while (exchange->setup.mail.next_order(exchange->setup.mail.context, &order)) {
        if (order.kind == DMUMU_ORDER_BLOCK)
            take_answer(exchange, (struct dmumu_block){order.first, order.count});
        else if (order.kind == DMUMU_ORDER_NO_MORE)
            take_answer(exchange, (struct dmumu_block){0, 0});
        else if (order.kind == DMUMU_ORDER_STOP)
            begin_stopping(exchange, (enum dmumu_stopping)order.first);
        else
            return order.kind == DMUMU_ORDER_LAST_EPOCH ? DMUMU_EPOCH_LAST : DMUMU_EPOCH_WRITE;
    }
    return DMUMU_EPOCH_NONE;
}

static void worker_report(struct dmumu_exchange *exchange)
{
    if (!exchange->setup.mail.may_report(exchange->setup.mail.context))
        return;
    const struct dmumu_queue_state state = dmumu_queue_state(exchange->setup.queue);
    const double at_s = now_s(exchange);
    const bool news = state.finished > exchange->reported, asks = needs_block(exchange, &state);
    const bool due = exchange->setup.epoch_s <= 0.0 || state.idle || state.filling_up ||
                     at_s - exchange->reported_s >= interval_s(exchange);
    const bool stop = exchange->wants_stop && !exchange->told_stop;
    const bool dry = is_dry(exchange, &state), newly_dry = dry && !exchange->told_dry;
    if (state.stopped || !(asks || (news && due) || stop || newly_dry))
        return;
    if (asks)
        exchange->asked_s = at_s;
    exchange->asked = exchange->asked || asks;
    exchange->told_stop = exchange->wants_stop;
    exchange->told_dry = dry;
    exchange->reported = state.finished;
    exchange->reported_s = at_s;
    ++exchange->reports;
    const struct dmumu_report report = {.finished = state.finished,
                                        .wants_block = asks,
                                        .filling_up = state.filling_up,
                                        .wants_stop = exchange->wants_stop,
                                        .dry = dry,
                                        .in_hand_s = in_hand_s(exchange, &state),
                                        .news = news_of(exchange, &state.tally)};
    exchange->setup.mail.send_report(exchange->setup.mail.context, &report);
}

/* ---- master ------------------------------------------------------------------------------------------------------ */

static void send_order(const struct dmumu_exchange *exchange, size_t to, enum dmumu_order_kind kind,
                       struct dmumu_block block)
{
    const struct dmumu_order order = {kind, block.first, block.count};
    exchange->setup.mail.send_order(exchange->setup.mail.context, to, &order);
}

/* Work for a rank that can be finished in time, or none. */
static struct dmumu_block next_block(struct dmumu_exchange *exchange, size_t rank, double in_hand)
{
    if (exchange->stopping != DMUMU_STOPPING_NOT)
        return (struct dmumu_block){0, 0};
    dmumu_master_set_time(exchange->master, exchange->limit_s - now_s(exchange) - in_hand);
    return dmumu_master_next(exchange->master, rank);
}

/* Everybody is to stop if anybody must; said once. */
static void master_stop(struct dmumu_exchange *exchange)
{
    if (exchange->told_stop)
        return;
    if (exchange->wants_stop)
        begin_stopping(exchange, DMUMU_STOPPING_ASKED);
    else if (dmumu_master_out_of_time(exchange->master))
        begin_stopping(exchange, DMUMU_STOPPING_TIME);
    if (exchange->stopping == DMUMU_STOPPING_NOT)
        return;
    exchange->told_stop = true;
    for (size_t to = 1; to < exchange->setup.n_ranks; ++to)
        send_order(exchange, to, DMUMU_ORDER_STOP, (struct dmumu_block){(size_t)exchange->stopping, 0});
}

static void master_serve(struct dmumu_exchange *exchange)
{
    size_t from = 0;
    struct dmumu_report report;
    uint64_t served = 0;
    const double start_s = now_s(exchange);
    while (exchange->setup.mail.next_report(exchange->setup.mail.context, &from, &report)) {
        ++served;
        dmumu_master_report(exchange->master, from, report.finished, report.filling_up != 0, &report.news);
        exchange->wants_stop = exchange->wants_stop || report.wants_stop != 0;
        if (report.dry)
            dmumu_master_dry(exchange->master, from);
        if (report.wants_block) {
            const struct dmumu_block block = next_block(exchange, from, report.in_hand_s);
            send_order(exchange, from, block.count > 0 ? DMUMU_ORDER_BLOCK : DMUMU_ORDER_NO_MORE, block);
        }
    }
    if (served > 0)
        dmumu_master_served(exchange->master, served, now_s(exchange) - start_s);
    exchange->reports += served;
}

static void master_serve_itself(struct dmumu_exchange *exchange)
{
    const struct dmumu_queue_state state = dmumu_queue_state(exchange->setup.queue);
    const struct dmumu_cost_tally news = news_of(exchange, &state.tally);
    dmumu_master_report(exchange->master, 0, state.finished, state.filling_up, &news);
    if (needs_block(exchange, &state))
        accept_block(exchange, next_block(exchange, 0, in_hand_s(exchange, &state)));
    if (is_dry(exchange, &state))
        dmumu_master_dry(exchange->master, 0);
}

static enum dmumu_master_epoch master_step(struct dmumu_exchange *exchange)
{
    master_serve(exchange);
    master_stop(exchange);
    master_serve_itself(exchange);
    const enum dmumu_master_epoch epoch =
        exchange->epoch_open ? DMUMU_EPOCH_NONE : dmumu_master_epoch(exchange->master, now_s(exchange));
    if (epoch == DMUMU_EPOCH_NONE)
        return epoch;
    const enum dmumu_order_kind kind = epoch == DMUMU_EPOCH_LAST ? DMUMU_ORDER_LAST_EPOCH : DMUMU_ORDER_EPOCH;
    for (size_t to = 1; to < exchange->setup.n_ranks; ++to)
        send_order(exchange, to, kind, (struct dmumu_block){0, 0});
    exchange->epoch_open = true;
    return epoch;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

enum dmumu_master_epoch dmumu_exchange_step(struct dmumu_exchange *exchange)
{
    look_for_the_end(exchange);
    if (exchange->master)
        return master_step(exchange);
    const enum dmumu_master_epoch epoch = worker_obey(exchange);
    if (epoch == DMUMU_EPOCH_NONE)
        worker_report(exchange);
    return epoch;
}

void dmumu_exchange_serve(struct dmumu_exchange *exchange)
{
    if (exchange->master)
        master_serve(exchange);
}

void dmumu_exchange_wrote(struct dmumu_exchange *exchange)
{
    exchange->epoch_open = false;
    if (exchange->master)
        dmumu_master_epoch_done(exchange->master, now_s(exchange));
}

enum dmumu_stopping dmumu_exchange_stopping(const struct dmumu_exchange *exchange)
{
    return exchange->stopping;
}

bool dmumu_exchange_computes(const struct dmumu_exchange *exchange)
{
    return !exchange->master || dmumu_master_computes(exchange->master);
}

uint64_t dmumu_exchange_finished(const struct dmumu_exchange *exchange)
{
    return exchange->master ? dmumu_master_finished(exchange->master) : 0;
}

uint64_t dmumu_exchange_reports(const struct dmumu_exchange *exchange)
{
    return exchange->reports;
}

const struct dmumu_master *dmumu_exchange_master(const struct dmumu_exchange *exchange)
{
    return exchange->master;
}
