/*
 * Scale: how the scheduler of a scan behaves on 1 to 100,000 ranks, by simulation (simulate.h).
 *
 *     mpirun -n 2 scale --messages        prints the core time of a message: seconds to receive one, and to send one
 *     scale RECEIVE_S SEND_S FILE.csv [CORES...]
 *                                         measures curves and decisions, simulates, prints tables, writes FILE.csv
 *
 * Called by bench-scale.sh, which measures the messages first. Everything is measured in the same run, on one core.
 */
#include "curve_times.h"
#include "simulate.h"

#include "core/error.h"
#include "scan/mail_mpi.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Assumed, and printed: what cannot be measured on one machine. */
static const double latency_s = 2e-6, spread = 0.05;

/* Of the scan itself: the nap of exchange_mpi.c with the time that it takes to wake up, and the default epoch. */
static const double nap_s = 1.6e-4, epoch_s = 30.0;

/* A simulated cube: both regions, rigidities as in make bench. */
struct cube {
    const char *name;
    size_t machs, betas, scales;
    int threads;
};

static const struct cube cubes[] = {
    {"10^7 points, 5000 M_A", 5000, 100, 10, 1},
    {"10^7 points, 125 M_A", 125, 200, 200, 1},
    {"10^7 points, 125 M_A, 16 threads per rank", 125, 200, 200, 16},
    {"18432 points, 16 M_A", 16, 24, 24, 1},
};
enum { N_CUBES = sizeof cubes / sizeof *cubes, N_RIGIDITY = 64 };

/* Threads of all ranks, ascending. Those of a cube begin with one rank. */
enum { MOST_CORES = 32 };
static const size_t usual_cores[] = {1, 16, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 100000};

static double core_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/* Few to a batch: more than the transport keeps ready would wait for the other side. */
enum { N_BATCHES = 101, N_MESSAGES = 16 };

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void pause_s(double seconds)
{
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)(1e9 * seconds)};
    nanosleep(&pause, NULL);
}

/* Rank 1 posts a batch, leaves the core to rank 0 and takes the answers. */
static void post_batch(const struct dmumu_mail *mail)
{
    const struct dmumu_report report = {.finished = 1, .wants_block = 1};
    struct dmumu_order order;
    for (int i = 0; i < N_MESSAGES; ++i) {
        while (!mail->may_report(mail->context)) {
        }
        mail->send_report(mail->context, &report);
    }
    for (int i = 0; i < N_MESSAGES;) {
        if (mail->next_order(mail->context, &order))
            ++i;
        else
            pause_s(1e-4);
    }
}

/* Rank 0 receives a batch that has arrived, then answers it. Core seconds of each message. */
static void serve_batch(const struct dmumu_mail *mail, double *receive_s, double *send_s)
{
    const struct dmumu_order order = {.kind = DMUMU_ORDER_BLOCK};
    struct dmumu_report report;
    size_t from = 0;
    pause_s(0.01);
    const double start_s = core_now_s();
    for (int i = 0; i < N_MESSAGES;) {
        if (mail->next_report(mail->context, &from, &report))
            ++i;
    }
    const double received_s = core_now_s();
    for (int i = 0; i < N_MESSAGES; ++i)
        mail->send_order(mail->context, 1, &order);
    *receive_s = (received_s - start_s) / N_MESSAGES;
    *send_s = (core_now_s() - received_s) / N_MESSAGES;
}

/* Lower quartiles: a batch that was not there in time, or another process in between, is no message's cost. */
static int measure_messages(int argc, char **argv)
{
    int rank = 0, size = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    double receive_s[N_BATCHES] = {0.0}, send_s[N_BATCHES] = {0.0};
    struct dmumu_mail_mpi mpi;
    const struct dmumu_mail mail = dmumu_mail_mpi_open(MPI_COMM_WORLD, &mpi);
    for (int i = 0; i < N_BATCHES && size == 2; ++i) {
        if (rank == 0)
            serve_batch(&mail, &receive_s[i], &send_s[i]);
        else
            post_batch(&mail);
    }
    const uint64_t reports = size == 2 ? (uint64_t)N_BATCHES * N_MESSAGES : 0;
    dmumu_mail_mpi_close(&mpi, reports);
    qsort(receive_s, N_BATCHES, sizeof *receive_s, ascending);
    qsort(send_s, N_BATCHES, sizeof *send_s, ascending);
    if (rank == 0 && size == 2)
        printf("%.3e %.3e\n", receive_s[N_BATCHES / 4], send_s[N_BATCHES / 4]);
    else if (rank == 0)
        fprintf(stderr, "scale: --messages wants mpirun -n 2\n");
    MPI_Finalize();
    return size == 2 ? 0 : 2;
}

/* ---- decisions --------------------------------------------------------------------------------------------------- */

/* Core seconds of the master's part in a message: an account of a report and a decision, averaged over a scan. */
static enum dmumu_status measure_decision(const struct dmumu_blocks *blocks, size_t n_ranks, double *decide_s,
                                          struct dmumu_error *error)
{
    int *threads = calloc(n_ranks, sizeof *threads);
    struct dmumu_master *master = NULL;
    enum dmumu_status status = DMUMU_OK;
    if (!threads)
        status = dmumu_error_set(error, DMUMU_ERROR_MEMORY, "no memory for %zu ranks", n_ranks);
    for (size_t i = 0; threads && i < n_ranks; ++i)
        threads[i] = 1;
    if (status == DMUMU_OK)
        status = dmumu_master_new(blocks, n_ranks, threads, epoch_s, &master, error);
    free(threads);
    if (status != DMUMU_OK)
        return status;
    const struct dmumu_cost_tally news = {.curves = {1, 10}, .seconds = {1e-3, 1e-3}};
    const double start_s = core_now_s();
    double n = 0.0;
    for (size_t given = 0, rank = n_ranks - 1; given<blocks->n_curves; rank = rank> 1 ? rank - 1 : n_ranks - 1) {
        dmumu_master_report(master, rank, 1, false, &news);
        given += dmumu_master_next(master, rank).count;
        n += 1.0;
    }
    *decide_s = (core_now_s() - start_s) / n;
    dmumu_master_free(master);
    return DMUMU_OK;
}

/* ---- simulations ------------------------------------------------------------------------------------------------- */

/* A cube with all that its simulations need. */
struct study {
    const struct cube *cube;
    struct dmumu_grid grid;
    struct dmumu_blocks blocks;
    const struct curve_times *times;
    struct simulation base;
    size_t n, n_ranks[MOST_CORES]; /* simulations */
    struct simulated result[MOST_CORES];
};

static enum dmumu_status make_grid(const struct cube *cube, struct dmumu_grid *grid)
{
    const struct {
        double from, to;
        size_t points;
        bool log_spaced;
    } axes[DMUMU_N_AXES] = {{DMUMU_DISK, DMUMU_HALO, 2, false},
                            {0.1, 1.0, cube->machs, true},
                            {0.01, 1.0, cube->betas, true},
                            {10.0, 300.0, cube->scales, true},
                            {1.0, 1e6, N_RIGIDITY, true}};
    enum dmumu_status status = DMUMU_OK;
    for (int i = 0; i < DMUMU_N_AXES && status == DMUMU_OK; ++i)
        status = dmumu_axis_range(&grid->axis[i], axes[i].from, axes[i].to, axes[i].points, axes[i].log_spaced);
    return status;
}

/* `times` of the same grid. */
static enum dmumu_status study_begin(struct study *study, const struct curve_times *times, double receive_s,
                                     double send_s, struct dmumu_error *error)
{
    enum dmumu_status status = make_grid(study->cube, &study->grid);
    if (status == DMUMU_OK)
        status = dmumu_blocks_new(&study->grid, &study->blocks, error);
    study->times = times;
    study->base = (struct simulation){
        .grid = &study->grid,
        .blocks = &study->blocks,
        .times = times,
        .threads = study->cube->threads,
        .latency_s = latency_s,
        .send_s = send_s,
        .receive_s = receive_s,
        .nap_s = nap_s,
        .epoch_s = epoch_s,
    };
    if (status == DMUMU_OK)
        status = measure_decision(&study->blocks, 10000, &study->base.decide_s, error);
    return status;
}

/* One rank first, then the numbers of cores that are more than its threads. */
static void choose_ranks(struct study *study, size_t n, const size_t cores[])
{
    const size_t threads = (size_t)study->cube->threads;
    study->n_ranks[study->n++] = 1;
    for (size_t i = 0; i < n && study->n < MOST_CORES; ++i) {
        if (cores[i] > threads)
            study->n_ranks[study->n++] = cores[i] / threads;
    }
}

static enum dmumu_status study_run(struct study *study, size_t i, struct dmumu_error *error)
{
    struct simulation simulation = study->base;
    simulation.n_ranks = study->n_ranks[i];
    simulation.spread = i > 0 ? spread : 0.0;
    return simulate(&simulation, &study->result[i], error);
}

static void study_end(struct study *study)
{
    dmumu_blocks_free(&study->blocks);
    dmumu_grid_free(&study->grid);
}

/* Seconds that one thread takes for all: the measure of every efficiency. */
static double alone_s(const struct study *study)
{
    return study->result[0].computing_s;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* From so many on, the part of all that is one thread's is no longer than it takes to serve all of them once. */
static double most_threads(const struct study *study, double message_s)
{
    return sqrt(DMUMU_MASTER_LOAD * alone_s(study) * study->cube->threads / message_s);
}

static void print_measured(const struct study *study)
{
    const struct curve_means means = curve_times_means(study->times);
    printf("\n%s: 2 regions x %zu M_A x %zu beta x %zu L x %d rigidities, %d thread%s per rank\n", study->cube->name,
           study->cube->machs, study->cube->betas, study->cube->scales, N_RIGIDITY, study->cube->threads,
           study->cube->threads == 1 ? "" : "s");
    printf("  measured: tables of an M_A %.0f ms, first curve of a run %.2f ms, later one %.3f ms; "
           "a decision of the master %.2f us\n",
           1e3 * means.tables_s, 1e3 * means.first_s, 1e3 * means.later_s, 1e6 * study->base.decide_s);
    printf("  one thread: %.0f s, %.0f curves/s\n", alone_s(study), (double)study->blocks.n_curves / alone_s(study));
    const double message_s = study->base.receive_s + study->base.decide_s + study->base.send_s;
    printf(
        "  the master: %.2f us for a question and its answer, %.0f a second at most; it keeps to %.0f %% of that, so "
        "that with more than %.0f threads each gets a single block\n",
        1e6 * message_s, 1.0 / message_s, 100.0 * DMUMU_MASTER_LOAD, most_threads(study, message_s));
}

static void print_row(const struct study *study, size_t i, FILE *csv)
{
    const struct simulated *result = &study->result[i];
    const double ranks = (double)study->n_ranks[i], all_s = result->seconds * ranks * study->cube->threads;
    const double efficiency = alone_s(study) / all_s, busy = result->computing_s / all_s;
    const double tables = (result->tables_s - study->result[0].tables_s) / all_s, waiting = result->waiting_s / all_s;
    const double load = result->master_s / result->seconds, rate = result->reports / result->seconds;
    printf("%8.0f %9.3g %10.3f %10.3f %8.3f %8.4f %9.2g %8.4f %10.3g %8.1f %9.4g %8.1f\n", ranks, result->seconds,
           efficiency, busy, tables, waiting, result->tail_s, load, rate, result->blocks / ranks,
           result->curves_per_block, 1e-3 * result->master_bytes);
    fprintf(csv, "\"%s\",%d,%.0f,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", study->cube->name,
            study->cube->threads, ranks, result->seconds, efficiency, busy, tables, waiting, result->tail_s, load, rate,
            result->curves_per_block);
}

static void print_study(const struct study *study, FILE *csv)
{
    print_measured(study);
    printf("%8s %9s %10s %10s %8s %8s %9s %8s %10s %8s %9s %8s\n", "ranks", "time s", "efficiency", "computing",
           "tables", "waiting", "tail s", "master", "messages/s", "blocks", "curves", "memory");
    printf("%8s %9s %10s %10s %8s %8s %9s %8s %10s %8s %9s %8s\n", "", "", "to one", "", "again", "", "", "load", "",
           "of rank", "of block", "kB");
    for (size_t i = 0; i < study->n; ++i)
        print_row(study, i, csv);
}

/* All simulations, the largest first, two at a time where there are two cores. */
static enum dmumu_status run_all(struct study studies[static N_CUBES], struct dmumu_error *error)
{
    enum dmumu_status worst = DMUMU_OK;
#pragma omp parallel for schedule(dynamic) collapse(2) default(none) shared(studies, worst, error)
    for (size_t i = 0; i < MOST_CORES; ++i) {
        for (size_t cube = 0; cube < N_CUBES; ++cube) {
            struct dmumu_error own = {.status = DMUMU_OK};
            if (i < studies[cube].n && study_run(&studies[cube], studies[cube].n - 1 - i, &own) != DMUMU_OK) {
#pragma omp critical
                {
                    worst = own.status;
                    *error = own;
                }
            }
        }
    }
    return worst;
}

/* The first cube of the same grid. */
static size_t measured_as(size_t cube)
{
    size_t i = 0;
    while (cubes[i].machs != cubes[cube].machs || cubes[i].betas != cubes[cube].betas ||
           cubes[i].scales != cubes[cube].scales)
        ++i;
    return i;
}

static enum dmumu_status measure_cube(size_t cube, struct curve_times times[static N_CUBES], struct dmumu_error *error)
{
    struct dmumu_grid grid = {0};
    if (measured_as(cube) != cube)
        return DMUMU_OK;
    enum dmumu_status status = make_grid(&cubes[cube], &grid);
    if (status == DMUMU_OK)
        status = curve_times_measure(&grid, &times[cube], error);
    dmumu_grid_free(&grid);
    return status;
}

static enum dmumu_status run(double receive_s, double send_s, size_t n_cores, const size_t cores[], FILE *csv,
                             struct dmumu_error *error)
{
    static struct study studies[N_CUBES];
    struct curve_times times[N_CUBES] = {{0}};
    enum dmumu_status status = DMUMU_OK;
    for (size_t i = 0; i < N_CUBES && status == DMUMU_OK; ++i) {
        studies[i].cube = &cubes[i];
        status = measure_cube(i, times, error);
        if (status == DMUMU_OK)
            status = study_begin(&studies[i], &times[measured_as(i)], receive_s, send_s, error);
        choose_ranks(&studies[i], n_cores, cores);
    }
    if (status == DMUMU_OK)
        status = run_all(studies, error);
    fprintf(csv, "cube,threads,ranks,seconds,efficiency,computing,tables,waiting,tail_s,load,messages_s,block\n");
    for (size_t i = 0; i < N_CUBES; ++i) {
        if (status == DMUMU_OK)
            print_study(&studies[i], csv);
        study_end(&studies[i]);
    }
    for (size_t i = 0; i < N_CUBES; ++i)
        curve_times_free(&times[i]);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--messages") == 0)
        return measure_messages(argc, argv);
    if (argc < 4 || argc > 4 + MOST_CORES) {
        fprintf(stderr, "usage: mpirun -n 2 scale --messages, or scale RECEIVE_S SEND_S FILE.csv [CORES...]\n");
        return 2;
    }
    size_t chosen[MOST_CORES] = {0};
    for (int i = 4; i < argc; ++i)
        chosen[i - 4] = strtoul(argv[i], NULL, 10);
    const size_t n_usual = sizeof usual_cores / sizeof *usual_cores;
    const size_t n_cores = argc > 4 ? (size_t)argc - 4 : n_usual, *of_cores = argc > 4 ? chosen : usual_cores;
    const double receive_s = strtod(argv[1], NULL), send_s = strtod(argv[2], NULL);
    FILE *csv = fopen(argv[3], "w");
    if (!csv) {
        perror(argv[3]);
        return 1;
    }
    printf("messages: %.2f us to receive one, %.2f us to send one, measured; %.0f us under way, assumed; "
           "ranks differ in speed by up to %.0f %%, assumed\n",
           1e6 * receive_s, 1e6 * send_s, 1e6 * latency_s, 100.0 * spread);
    struct dmumu_error error = {.status = DMUMU_OK};
    const enum dmumu_status status = run(receive_s, send_s, n_cores, of_cores, csv, &error);
    fclose(csv);
    if (status != DMUMU_OK)
        fprintf(stderr, "scale: %s\n", error.message[0] ? error.message : dmumu_status_text(status));
    return status == DMUMU_OK ? 0 : 1;
}
