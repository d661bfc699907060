/*
 * Exchange by MPI (see exchange_mpi.h). Thread 0 of each rank alone calls MPI (MPI_THREAD_FUNNELED).
 */
#include "scan/exchange_mpi.h"

#include "core/error.h"
#include "scan/mail_mpi.h"
#include "scan/stop.h"

#include <omp.h>
#include <time.h>

/* What thread 0 of one rank needs. */
struct loop {
    const struct dmumu_exchange_mpi_setup *setup;
    struct dmumu_mail_mpi mpi;
    struct dmumu_mail mail;
    struct dmumu_exchange *exchange;
    struct dmumu_progress progress; /* rank 0 */
    double *times_s;
    /* rank 0, in the midst of a curve: when it last looked at its messages, and the core time that this has taken */
    double served_s, serving_s;
    bool said_stopping;
    enum dmumu_master_epoch epoch; /* that all are to write, once all are ready */
    MPI_Request all_ready;
    enum dmumu_status status;
    struct dmumu_error *error;
};

static bool stop_asked(void *context)
{
    (void)context;
    return dmumu_stop_asked();
}

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
        .limit_s = loop->setup->limit_s,
        .grace_s = loop->setup->grace_s,
        .mail = loop->mail,
        .stop_asked = stop_asked,
    };
    const enum dmumu_status status = dmumu_exchange_new(&setup, &loop->exchange, loop->error);
    return dmumu_team_agree(loop->setup->team, status, loop->error);
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

static struct watch watch_start(double times_s[static DMUMU_N_TIMES])
{
    return (struct watch){omp_get_wtime(), core_now_s(), times_s};
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

/* At least so long between two looks at messages in the midst of a curve. */
static const double serve_interval_s = 1e-3;

/* The master's thread 0, between the steps of a curve. */
static void serve_in_curve(void *context)
{
    struct loop *loop = context;
    const double now_s = omp_get_wtime();
    if (now_s - loop->served_s >= serve_interval_s) {
        const double core_s = core_now_s();
        dmumu_exchange_serve(loop->exchange);
        loop->serving_s += core_now_s() - core_s;
        loop->served_s = now_s;
    }
}

/* Of the time of the last curve, what went to messages. */
static void account_for_serving(struct loop *loop, double times_s[static DMUMU_N_TIMES])
{
    times_s[DMUMU_TIME_COMPUTING] -= loop->serving_s;
    times_s[DMUMU_TIME_MESSAGES] += loop->serving_s;
    loop->serving_s = 0.0;
}

/* Rank 0, once: why no more work begins. */
static void say_stopping(struct loop *loop)
{
    const enum dmumu_stopping why = dmumu_exchange_stopping(loop->exchange);
    if (why == DMUMU_STOPPING_NOT || loop->said_stopping)
        return;
    loop->said_stopping = true;
    dmumu_progress_say(&loop->progress, why == DMUMU_STOPPING_ASKED
                                            ? "USR1 or USR2 came: finishing what is in hand"
                                            : "the time is nearly over: finishing what is in hand");
}

/* An epoch was ordered: is every rank ready to write it? Whoever is computes meanwhile. */
static bool all_are_ready(struct loop *loop)
{
    int all = 0;
    MPI_Test(&loop->all_ready, &all, MPI_STATUS_IGNORE);
    return all;
}

/* Thread 0, between two curves. True when there were reports: more may have come since. */
static bool communicate(struct loop *loop, struct watch *watch)
{
    const uint64_t reports = dmumu_exchange_reports(loop->exchange);
    if (loop->epoch != DMUMU_EPOCH_LAST) {
        const enum dmumu_master_epoch ordered = dmumu_exchange_step(loop->exchange);
        if (ordered != DMUMU_EPOCH_NONE) {
            loop->epoch = ordered;
            MPI_Ibarrier(loop->setup->team->comm, &loop->all_ready);
        }
    }
    if (is_master(loop)) {
        dmumu_progress_update(&loop->progress, dmumu_exchange_finished(loop->exchange),
                              loop->mail.now_s(loop->mail.context));
        dmumu_cube_beat(loop->setup->cube);
        say_stopping(loop);
    }
    watch_spent(watch, DMUMU_TIME_MESSAGES);
    if (loop->epoch != DMUMU_EPOCH_NONE && all_are_ready(loop)) {
        join_epoch(loop, loop->epoch == DMUMU_EPOCH_LAST);
        loop->epoch = DMUMU_EPOCH_NONE;
        watch_spent(watch, DMUMU_TIME_WRITING);
    }
    return is_master(loop) && dmumu_exchange_reports(loop->exchange) > reports;
}

/* One thread, to the end of the scan: a curve after another, and naps when there is none. */
static void run_thread(struct loop *loop, int thread, double times_s[static DMUMU_N_TIMES])
{
    struct dmumu_pool *pool = loop->setup->pool;
    const bool computes = thread > 0 || dmumu_exchange_computes(loop->exchange);
    struct watch watch = watch_start(times_s);
    const bool serves = thread == 0 && is_master(loop);
    if (serves)
        dmumu_pool_set_interlude(pool, thread, (struct dmumu_interlude){serve_in_curve, loop});
    for (;;) {
        const struct dmumu_queue_state state = dmumu_queue_state(dmumu_pool_queue(pool));
        if (state.stopped)
            break;
        const bool served = thread == 0 && communicate(loop, &watch);
        if (computes && dmumu_pool_work(pool, thread)) {
            watch_spent(&watch, DMUMU_TIME_COMPUTING);
            if (serves)
                account_for_serving(loop, times_s);
        } else if (computes) {
            nap();
            watch_spent(&watch, state.closed ? DMUMU_TIME_FINISHED : DMUMU_TIME_WAITING);
        } else if (!served) {
            nap();
            watch = watch_start(times_s); /* at the others' service, which is no loss to be counted */
        }
    }
    if (serves)
        dmumu_pool_set_interlude(pool, thread, (struct dmumu_interlude){NULL, NULL});
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
                                         double times_s[static DMUMU_N_TIMES], enum dmumu_stopping *stopping,
                                         struct dmumu_error *error)
{
    struct loop loop = {.setup = setup, .times_s = times_s, .all_ready = MPI_REQUEST_NULL, .error = error};
    loop.mail = dmumu_mail_mpi_open(setup->team->comm, &loop.mpi);
    for (int i = 0; i < DMUMU_N_TIMES; ++i)
        times_s[i] = 0.0;
    const enum dmumu_status status = begin(&loop);
    if (status == DMUMU_OK) {
        if (is_master(&loop))
            dmumu_progress_begin(&loop.progress, setup->blocks->n_pending);
        run_threads(&loop);
        dmumu_mail_mpi_close(&loop.mpi, dmumu_exchange_reports(loop.exchange));
        if (is_master(&loop))
            dmumu_progress_end(&loop.progress, dmumu_exchange_finished(loop.exchange),
                               loop.mail.now_s(loop.mail.context));
    }
    *stopping = status == DMUMU_OK ? dmumu_exchange_stopping(loop.exchange) : DMUMU_STOPPING_NOT;
    dmumu_exchange_free(loop.exchange);
    return status == DMUMU_OK ? loop.status : status;
}
