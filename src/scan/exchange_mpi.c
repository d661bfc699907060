/*
 * Exchange: who talks to whom while a scan runs (see exchange_mpi.h).
 *
 * On every rank all OpenMP threads compute, curve by curve, without barriers. Thread 0, which alone calls MPI
 * (MPI_THREAD_FUNNELED), looks at its messages between two of its own curves: on rank 0 as the master, elsewhere as a
 * worker. So no core is set aside, and nobody waits for the master's curve to end, because ranks ask for a block while
 * they still have one ahead.
 *
 * Messages, three numbers each:
 *     worker -> master  report  {curves finished since the start, wants a block, buffer is filling up}
 *     master -> worker  order   {block, first position, count} | {no more} | {epoch, is it the last}
 *
 * Protocol
 *   1. The master sends every worker its first block unasked; workers begin as having asked.
 *   2. A report that wants a block is answered by exactly one `block` or `no more`; other reports are not answered. A
 *      worker has at most one such question open, and asks no more after `no more`.
 *   3. The master alone decides on an epoch: it sends `epoch` to every worker and enters the collective write at once.
 * A worker enters it on reading the order. Orders from the master arrive in the order sent, and it sends none between
 * `epoch` and the write, so that all ranks write the same epochs in the same order. Only thread 0 writes; the other
 * threads of a rank go on computing into the second batch.
 *   4. Every finished curve is reported in the end: a worker reports when it runs dry. When the reports add up to all
 *      curves, every result is in some rank's batch, and the master orders the last epoch.
 *   5. After the last epoch, or one that failed (which all ranks learn from the write itself), nobody sends any more.
 *      The number of reports sent is summed, and the master receives those still under way.
 *
 * No deadlock, even if MPI does not buffer: workers never block on a message (one Isend, one Irecv always posted while
 * they compute), so the master's sends complete; and inside the collective write no order is outstanding.
 */
#include "scan/exchange_mpi.h"

#include "core/error.h"
#include "scan/master.h"

#include <omp.h>
#include <time.h>

enum { TAG_REPORT = 1, TAG_ORDER };
enum { ORDER_BLOCK, ORDER_NO_MORE, ORDER_EPOCH };
enum { REPORT_FINISHED, REPORT_WANTS_BLOCK, REPORT_FILLING_UP, MESSAGE_LENGTH };

static const double report_interval_s = 0.25;

/* State of thread 0 of one rank. */
struct exchange {
    const struct dmumu_exchange_setup *setup;
    double start_s;
    bool asked, no_more; /* a question is open; there will be no more blocks */
    enum dmumu_status status;
    struct dmumu_error *error;
    /* worker */
    uint64_t order[MESSAGE_LENGTH], report[MESSAGE_LENGTH];
    MPI_Request order_request, report_request;
    uint64_t reports_sent, reported;
    double reported_s;
    /* master */
    struct dmumu_master *master;
    struct dmumu_progress progress;
    uint64_t reports_received;
};

static double now_s(const struct exchange *exchange)
{
    return omp_get_wtime() - exchange->start_s;
}

static bool is_master(const struct exchange *exchange)
{
    return exchange->setup->team->rank == 0;
}

/* A run ahead for each thread, and never fewer than two curves: more would be missed elsewhere at the end. */
static bool needs_block(const struct exchange *exchange, const struct dmumu_pool_state *state)
{
    const size_t threads = (size_t)exchange->setup->team->threads;
    return !exchange->asked && !exchange->no_more && (state->runs < threads || state->queued < 2 * threads) &&
           state->blocks < DMUMU_POOL_BLOCKS;
}

static void accept_block(struct exchange *exchange, struct dmumu_block block)
{
    exchange->asked = false;
    if (block.count == 0)
        exchange->no_more = true;
    else
        dmumu_pool_give(exchange->setup->pool, block);
}

/* Collective: every rank brings what it has finished; a failure is the same on all ranks. */
static void join_epoch(struct exchange *exchange, bool last)
{
    const struct dmumu_cube_batch batch = dmumu_pool_take(exchange->setup->pool);
    exchange->status = dmumu_cube_write_epoch(exchange->setup->cube, &batch, exchange->error);
    if (last || exchange->status != DMUMU_OK)
        dmumu_pool_stop(exchange->setup->pool);
}

/* ---- worker ---- */

static void worker_listen(struct exchange *exchange)
{
    MPI_Irecv(exchange->order, MESSAGE_LENGTH, MPI_UINT64_T, 0, TAG_ORDER, exchange->setup->team->comm,
              &exchange->order_request);
}

static void worker_obey(struct exchange *exchange)
{
    int arrived = 0;
    while (exchange->order_request != MPI_REQUEST_NULL) {
        MPI_Test(&exchange->order_request, &arrived, MPI_STATUS_IGNORE);
        if (!arrived)
            return;
        bool over = false;
        if (exchange->order[0] == ORDER_BLOCK) {
            accept_block(exchange, (struct dmumu_block){exchange->order[1], exchange->order[2]});
        } else if (exchange->order[0] == ORDER_NO_MORE) {
            accept_block(exchange, (struct dmumu_block){0, 0});
        } else {
            const bool last = exchange->order[1] != 0;
            join_epoch(exchange, last);
            over = last || exchange->status != DMUMU_OK;
        }
        if (!over)
            worker_listen(exchange);
    }
}

static void worker_report(struct exchange *exchange)
{
    int sent = 0;
    MPI_Test(&exchange->report_request, &sent, MPI_STATUS_IGNORE);
    if (!sent)
        return;
    const struct dmumu_pool_state state = dmumu_pool_state(exchange->setup->pool);
    const bool news = state.finished > exchange->reported, asks = needs_block(exchange, &state);
    const bool due = exchange->setup->epoch_s <= 0.0 || state.idle || state.filling_up ||
                     now_s(exchange) - exchange->reported_s >= report_interval_s;
    if (state.stopped || !(asks || (news && due)))
        return;
    exchange->asked = exchange->asked || asks;
    exchange->reported = state.finished;
    exchange->reported_s = now_s(exchange);
    exchange->report[REPORT_FINISHED] = state.finished;
    exchange->report[REPORT_WANTS_BLOCK] = asks;
    exchange->report[REPORT_FILLING_UP] = state.filling_up;
    ++exchange->reports_sent;
    MPI_Isend(exchange->report, MESSAGE_LENGTH, MPI_UINT64_T, 0, TAG_REPORT, exchange->setup->team->comm,
              &exchange->report_request);
}

/* ---- master ---- */

static void send_order(const struct exchange *exchange, int to, uint64_t kind, uint64_t a, uint64_t b)
{
    const uint64_t order[MESSAGE_LENGTH] = {kind, a, b};
    MPI_Send(order, MESSAGE_LENGTH, MPI_UINT64_T, to, TAG_ORDER, exchange->setup->team->comm);
}

static void send_block(struct exchange *exchange, int to)
{
    const struct dmumu_block block = dmumu_master_next(exchange->master, (size_t)to);
    send_order(exchange, to, block.count > 0 ? ORDER_BLOCK : ORDER_NO_MORE, block.first, block.count);
}

static void master_serve(struct exchange *exchange)
{
    for (;;) {
        int waiting = 0;
        MPI_Status status;
        uint64_t report[MESSAGE_LENGTH];
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_REPORT, exchange->setup->team->comm, &waiting, &status);
        if (!waiting)
            return;
        MPI_Recv(report, MESSAGE_LENGTH, MPI_UINT64_T, status.MPI_SOURCE, TAG_REPORT, exchange->setup->team->comm,
                 MPI_STATUS_IGNORE);
        ++exchange->reports_received;
        dmumu_master_report(exchange->master, (size_t)status.MPI_SOURCE, report[REPORT_FINISHED],
                            report[REPORT_FILLING_UP] != 0);
        if (report[REPORT_WANTS_BLOCK])
            send_block(exchange, status.MPI_SOURCE);
    }
}

static void master_serve_itself(struct exchange *exchange)
{
    const struct dmumu_pool_state state = dmumu_pool_state(exchange->setup->pool);
    dmumu_master_report(exchange->master, 0, state.finished, state.filling_up);
    if (needs_block(exchange, &state))
        accept_block(exchange, dmumu_master_next(exchange->master, 0));
}

static void master_step(struct exchange *exchange)
{
    master_serve(exchange);
    master_serve_itself(exchange);
    const enum dmumu_master_epoch epoch = dmumu_master_epoch(exchange->master, now_s(exchange));
    if (epoch != DMUMU_EPOCH_NONE) {
        for (int to = 1; to < exchange->setup->team->size; ++to)
            send_order(exchange, to, ORDER_EPOCH, epoch == DMUMU_EPOCH_LAST, 0);
        join_epoch(exchange, epoch == DMUMU_EPOCH_LAST);
        dmumu_master_epoch_done(exchange->master, now_s(exchange));
    }
    dmumu_progress_update(&exchange->progress, dmumu_master_finished(exchange->master), now_s(exchange));
}

/* ---- both ---- */

static void begin(struct exchange *exchange)
{
    if (is_master(exchange)) {
        dmumu_progress_begin(&exchange->progress, exchange->setup->blocks->n_curves);
        for (int to = 1; to < exchange->setup->team->size; ++to)
            send_block(exchange, to);
    } else {
        exchange->asked = true;
        worker_listen(exchange);
    }
}

/* Receive what is still under way, so that no message outlives the scan. */
static void end(struct exchange *exchange)
{
    uint64_t sent = exchange->reports_sent;
    dmumu_team_sum(exchange->setup->team, 1, &sent);
    if (is_master(exchange)) {
        for (; exchange->reports_received < sent; ++exchange->reports_received) {
            uint64_t report[MESSAGE_LENGTH];
            MPI_Recv(report, MESSAGE_LENGTH, MPI_UINT64_T, MPI_ANY_SOURCE, TAG_REPORT, exchange->setup->team->comm,
                     MPI_STATUS_IGNORE);
        }
        dmumu_progress_end(&exchange->progress, dmumu_master_finished(exchange->master), now_s(exchange));
    } else {
        MPI_Wait(&exchange->report_request, MPI_STATUS_IGNORE);
    }
}

static void communicate(struct exchange *exchange)
{
    if (is_master(exchange)) {
        master_step(exchange);
    } else {
        worker_obey(exchange);
        worker_report(exchange);
    }
}

/* Nothing to do at the moment: leave the core to others, but look again soon. */
static void nap(void)
{
    const struct timespec interval = {.tv_sec = 0, .tv_nsec = 100000};
    nanosleep(&interval, NULL);
}

enum dmumu_status dmumu_exchange_run(const struct dmumu_exchange_setup *setup, struct dmumu_error *error)
{
    struct exchange exchange = {.setup = setup,
                                .error = error,
                                .start_s = omp_get_wtime(),
                                .order_request = MPI_REQUEST_NULL,
                                .report_request = MPI_REQUEST_NULL};
    enum dmumu_status status = DMUMU_OK;
    if (is_master(&exchange))
        status = dmumu_master_new(setup->blocks, (size_t)setup->team->size, setup->team->rank_threads, setup->epoch_s,
                                  &exchange.master, error);
    status = dmumu_team_agree(setup->team, status, error);
    if (status != DMUMU_OK) {
        dmumu_master_free(exchange.master);
        return status;
    }
    begin(&exchange);
    struct dmumu_pool *pool = setup->pool;
#pragma omp parallel default(none) shared(exchange, pool) num_threads(setup->team->threads)
    {
        const int thread = omp_get_thread_num();
        while (!dmumu_pool_state(pool).stopped) {
            if (thread == 0)
                communicate(&exchange);
            if (!dmumu_pool_work(pool, thread))
                nap();
        }
    }
    end(&exchange);
    dmumu_master_free(exchange.master);
    return exchange.status;
}
