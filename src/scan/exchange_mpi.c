/*
 * Exchange by MPI (see exchange_mpi.h).
 *
 * Thread 0 of each rank alone calls MPI (MPI_THREAD_FUNNELED). Workers have one report under way at most (Isend) and
 * always listen for an order while they compute (Irecv); the master probes, receives and sends.
 */
#include "scan/exchange_mpi.h"

#include "core/error.h"
#include "scan/exchange.h"

#include <omp.h>
#include <time.h>

enum { TAG_REPORT = 1, TAG_ORDER };

/* ---- mail -------------------------------------------------------------------------------------------------------- */

struct mail {
    MPI_Comm comm;
    double start_s;
    struct dmumu_order order;
    struct dmumu_report report;
    MPI_Request order_request, report_request;
};

static double mail_now_s(void *context)
{
    const struct mail *mail = context;
    return omp_get_wtime() - mail->start_s;
}

static bool next_report(void *context, size_t *from, struct dmumu_report *report)
{
    const struct mail *mail = context;
    int waiting = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_REPORT, mail->comm, &waiting, &status);
    if (!waiting)
        return false;
    *from = (size_t)status.MPI_SOURCE;
    MPI_Recv(report, sizeof *report, MPI_BYTE, status.MPI_SOURCE, TAG_REPORT, mail->comm, MPI_STATUS_IGNORE);
    return true;
}

static void send_order(void *context, size_t to, const struct dmumu_order *order)
{
    const struct mail *mail = context;
    MPI_Send(order, sizeof *order, MPI_BYTE, (int)to, TAG_ORDER, mail->comm);
}

/* Listens from the first call on, but not after an order until it is asked for the next. */
static bool next_order(void *context, struct dmumu_order *order)
{
    struct mail *mail = context;
    int arrived = 0;
    if (mail->order_request == MPI_REQUEST_NULL)
        MPI_Irecv(&mail->order, sizeof mail->order, MPI_BYTE, 0, TAG_ORDER, mail->comm, &mail->order_request);
    MPI_Test(&mail->order_request, &arrived, MPI_STATUS_IGNORE);
    if (arrived)
        *order = mail->order;
    return arrived;
}

static bool may_report(void *context)
{
    struct mail *mail = context;
    int sent = 0;
    MPI_Test(&mail->report_request, &sent, MPI_STATUS_IGNORE);
    return sent;
}

static void send_report(void *context, const struct dmumu_report *report)
{
    struct mail *mail = context;
    mail->report = *report;
    MPI_Isend(&mail->report, sizeof mail->report, MPI_BYTE, 0, TAG_REPORT, mail->comm, &mail->report_request);
}

/* ---- the scan ---------------------------------------------------------------------------------------------------- */

/* What thread 0 of one rank needs. */
struct loop {
    const struct dmumu_exchange_mpi_setup *setup;
    struct mail mail;
    struct dmumu_exchange *exchange;
    struct dmumu_progress progress; /* rank 0 */
    double *times_s;
    enum dmumu_status status;
    struct dmumu_error *error;
};

static bool is_master(const struct loop *loop)
{
    return loop->setup->team->rank == 0;
}

static enum dmumu_status begin(struct loop *loop)
{
    const struct dmumu_exchange_setup setup = {
        .rank = (size_t)loop->setup->team->rank,
        .n_ranks = (size_t)loop->setup->team->size,
        .rank_threads = loop->setup->team->rank_threads,
        .blocks = loop->setup->blocks,
        .queue = dmumu_pool_queue(loop->setup->pool),
        .epoch_s = loop->setup->epoch_s,
        .mail = {&loop->mail, mail_now_s, next_report, send_order, next_order, may_report, send_report},
    };
    const enum dmumu_status status = dmumu_exchange_new(&setup, &loop->exchange, loop->error);
    return dmumu_team_agree(loop->setup->team, status, loop->error);
}

/* Receive what is still under way, so that no message outlives the scan. Collective. */
static void end(struct loop *loop)
{
    uint64_t sent = is_master(loop) ? 0 : dmumu_exchange_reports(loop->exchange);
    dmumu_team_sum(loop->setup->team, 1, &sent);
    for (uint64_t n = dmumu_exchange_reports(loop->exchange); is_master(loop) && n < sent; ++n) {
        struct dmumu_report report;
        MPI_Recv(&report, sizeof report, MPI_BYTE, MPI_ANY_SOURCE, TAG_REPORT, loop->mail.comm, MPI_STATUS_IGNORE);
    }
    MPI_Wait(&loop->mail.report_request, MPI_STATUS_IGNORE);
}

/* Collective: every rank brings what it has finished; a failure is the same on all ranks. */
static void join_epoch(struct loop *loop, bool last)
{
    const struct dmumu_cube_curves *curves = NULL;
    enum dmumu_status status = dmumu_pool_take(loop->setup->pool, &curves, loop->error);
    if (dmumu_pool_reuses(loop->setup->pool))
        status = dmumu_team_agree(loop->setup->team, status, loop->error);
    if (status == DMUMU_OK) {
        const struct dmumu_cube_batch batch = dmumu_cube_curves_batch(curves);
        status = dmumu_cube_write_epoch(loop->setup->cube, &batch, loop->error);
    }
    loop->status = status;
    dmumu_exchange_wrote(loop->exchange);
    if (last || loop->status != DMUMU_OK)
        dmumu_queue_stop(dmumu_pool_queue(loop->setup->pool));
}

/* Nothing to do at the moment: leave the core to others, but look again soon. */
static void nap(void)
{
    const struct timespec interval = {.tv_sec = 0, .tv_nsec = 100000};
    nanosleep(&interval, NULL);
}

/* Readings of a thread's two clocks, and where the time since goes. */
struct watch {
    double wall_s, core_s;
    double *times_s; /* [DMUMU_N_TIMES] */
};

static double core_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void watch_spent(struct watch *watch, enum dmumu_time what)
{
    const struct watch before = *watch;
    watch->wall_s = omp_get_wtime();
    watch->core_s = core_now_s();
    const double wall_s = watch->wall_s - before.wall_s, core_s = watch->core_s - before.core_s;
    const bool works = what == DMUMU_TIME_COMPUTING || what == DMUMU_TIME_MESSAGES;
    watch->times_s[what] += works ? core_s : wall_s;
    watch->times_s[DMUMU_TIME_DISPLACED] += works ? wall_s - core_s : 0.0;
}

/* Thread 0, between two curves. */
static void communicate(struct loop *loop, struct watch *watch)
{
    const enum dmumu_master_epoch epoch = dmumu_exchange_step(loop->exchange);
    if (is_master(loop)) {
        dmumu_progress_update(&loop->progress, dmumu_exchange_finished(loop->exchange), mail_now_s(&loop->mail));
        dmumu_cube_beat(loop->setup->cube);
    }
    watch_spent(watch, DMUMU_TIME_MESSAGES);
    if (epoch != DMUMU_EPOCH_NONE) {
        join_epoch(loop, epoch == DMUMU_EPOCH_LAST);
        watch_spent(watch, DMUMU_TIME_WRITING);
    }
}

/* One thread, to the end of the scan: a curve after another, and naps when there is none. */
static void run_thread(struct loop *loop, int thread, double times_s[static DMUMU_N_TIMES])
{
    struct dmumu_pool *pool = loop->setup->pool;
    const bool computes = thread > 0 || dmumu_exchange_computes(loop->exchange);
    struct watch watch = {omp_get_wtime(), core_now_s(), times_s};
    for (;;) {
        const struct dmumu_queue_state state = dmumu_queue_state(dmumu_pool_queue(pool));
        if (state.stopped)
            return;
        if (thread == 0)
            communicate(loop, &watch);
        if (computes && dmumu_pool_work(pool, thread)) {
            watch_spent(&watch, DMUMU_TIME_COMPUTING);
        } else {
            nap();
            watch_spent(&watch, state.closed ? DMUMU_TIME_FINISHED : DMUMU_TIME_WAITING);
        }
    }
}

static void run_threads(struct loop *loop)
{
    double *sums_s = loop->times_s;
#pragma omp parallel default(none) shared(loop, sums_s) num_threads(loop->setup->team->threads)
    {
        double times_s[DMUMU_N_TIMES] = {0.0};
        run_thread(loop, omp_get_thread_num(), times_s);
#pragma omp critical
        for (int i = 0; i < DMUMU_N_TIMES; ++i)
            sums_s[i] += times_s[i];
    }
}

enum dmumu_status dmumu_exchange_mpi_run(const struct dmumu_exchange_mpi_setup *setup,
                                         double times_s[static DMUMU_N_TIMES], struct dmumu_error *error)
{
    struct loop loop = {.setup = setup,
                        .mail = {.comm = setup->team->comm,
                                 .start_s = omp_get_wtime(),
                                 .order_request = MPI_REQUEST_NULL,
                                 .report_request = MPI_REQUEST_NULL},
                        .times_s = times_s,
                        .error = error};
    for (int i = 0; i < DMUMU_N_TIMES; ++i)
        times_s[i] = 0.0;
    const enum dmumu_status status = begin(&loop);
    if (status == DMUMU_OK) {
        if (is_master(&loop))
            dmumu_progress_begin(&loop.progress, setup->blocks->n_pending);
        run_threads(&loop);
        end(&loop);
        if (is_master(&loop))
            dmumu_progress_end(&loop.progress, dmumu_exchange_finished(loop.exchange), mail_now_s(&loop.mail));
    }
    dmumu_exchange_free(loop.exchange);
    return status == DMUMU_OK ? loop.status : status;
}
