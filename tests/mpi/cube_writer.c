/*
 * Writes and checks synthetic cubes, for tests/mpi/run_cube.sh:
 *
 *     cube_writer write PATH DISTRIBUTION EPOCHS [overwrite|resume] [slow] [hole] [twice] [no-room WHO] [early]
 *     cube_writer check PATH LEAST_DONE
 *
 * Every value is a function of its place alone, so that any distribution over ranks must give the same file and a
 * reader can tell whether a row is whole. DISTRIBUTION: `blocks` (contiguous), `cyclic` (curve i to rank i % size),
 * `odd` (odd ranks only, so that rank 0 has nothing), `last` (all to the last rank), `reversed` (blocks, curves
 * descending). `resume`: goes on with PATH.part; prints "found N". `slow`: a pause after each epoch; `hole`: a curve is never written; `twice`: one is twice in a batch;
 * `no-room`: WHO
 * (`first` or `last` rank, or `all`) may write no further than 4 KiB into a file, as on a full disk; from the start
 * with `early`, else after the cube was made.
 * `write` prints "flushed N" after each epoch and "data_hash H" at the end; any error ends with its message and
 * status 3.
 */
#include "cube/cube.h"
#include "cube/hdf.h"
#include "cube/layout.h"
#include "cube/read.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Large enough for several blocks of data_hash, the last one partial. */
enum {
    N_REGION = 2,
    N_MACH = 5,
    N_BETA = 3,
    N_SCALE = 20,
    N_RIGIDITY = 301,
    N_CURVES = N_REGION * N_MACH * N_BETA * N_SCALE
};

struct options {
    const char *path, *distribution;
    size_t epochs;
    const char *no_room; /* NULL, "first", "last" or "all" */
    bool overwrite, resume, slow, hole, twice, early;
};

/* The arrays of one batch, with room for all curves. */
struct arrays {
    uint64_t curve[N_CURVES];
    double d[N_CURVES * N_RIGIDITY], d_fast[N_CURVES * N_RIGIDITY], medium[5][N_CURVES];
    float rel_error[N_CURVES * N_RIGIDITY], mu_star[N_CURVES * N_RIGIDITY], cost[N_CURVES];
    uint8_t quality[N_CURVES * N_RIGIDITY];
};

static const double region[N_REGION] = {DMUMU_DISK, DMUMU_HALO};
static const double mach[N_MACH] = {0.1, 0.2, 0.4, 0.8, 1.6}, beta[N_BETA] = {0.01, 0.1, 1.0};

/* D of one value; some are NaN, of more than one kind, which must not show in data_hash. */
static double synthetic_d(uint64_t curve, size_t k, double nan_of_rank)
{
    return (curve * 31 + k) % 17 == 5 ? nan_of_rank : 1e27 * (1.0 + sin((double)curve * 0.37 + (double)k));
}

static uint8_t synthetic_quality(uint64_t curve, size_t k)
{
    return (curve * 31 + k) % 17 == 5 ? DMUMU_QUALITY_NOT_CONFINED : DMUMU_QUALITY_OK;
}

static void add_curve(struct arrays *a, size_t i, uint64_t curve, double nan_of_rank)
{
    a->curve[i] = curve;
    for (size_t k = 0; k < N_RIGIDITY; k++) {
        a->d[i * N_RIGIDITY + k] = synthetic_d(curve, k, nan_of_rank);
        a->d_fast[i * N_RIGIDITY + k] = 2.0 * synthetic_d(curve, k, nan_of_rank);
        a->rel_error[i * N_RIGIDITY + k] = (float)(1e-5 * (double)(k + curve));
        a->mu_star[i * N_RIGIDITY + k] = (float)cos((double)k);
        a->quality[i * N_RIGIDITY + k] = synthetic_quality(curve, k);
    }
    for (int j = 0; j < 5; j++) {
        a->medium[j][i] = j == 4 && curve < N_CURVES / 2 ? nan_of_rank : (double)(curve + 1) * pow(10.0, j);
    }
    a->cost[i] = (float)rand() / (float)RAND_MAX; /* not in data_hash */
}

static struct dmumu_cube_batch batch_of(const struct arrays *a, size_t n)
{
    return (struct dmumu_cube_batch){
        .n = n,
        .curve = a->curve,
        .d_cm2_s = a->d,
        .d_mode_cm2_s = {[DMUMU_FAST] = a->d_fast},
        .rel_error = a->rel_error,
        .mu_star = a->mu_star,
        .quality = a->quality,
        .alfven_speed_km_s = a->medium[0],
        .temperature_k = a->medium[1],
        .density_cm3 = a->medium[2],
        .magnetic_field_ug = a->medium[3],
        .x_c = a->medium[4],
        .cost_s = a->cost,
    };
}

static int owner(const char *distribution, uint64_t curve, int size)
{
    if (strcmp(distribution, "cyclic") == 0) {
        return (int)(curve % (uint64_t)size);
    }
    if (strcmp(distribution, "odd") == 0) {
        return size > 1 ? (int)(curve % (uint64_t)(size / 2)) * 2 + 1 : 0;
    }
    if (strcmp(distribution, "last") == 0) {
        return size - 1;
    }
    return (int)(curve * (uint64_t)size / N_CURVES);
}

/*
 * This rank's curves of one epoch: those with curve % epochs == epoch, whoever owns them, and that are not done (NULL:
 * none is); `hole` leaves curve 0 out.
 */
static size_t take_epoch(const struct options *options, size_t epoch, int rank, int size, const uint8_t *done,
                         struct arrays *a)
{
    const double own_nan = rank % 2 == 0 ? NAN : -NAN;
    size_t n = 0;
    for (uint64_t i = 0; i < N_CURVES; i++) {
        const uint64_t curve = strcmp(options->distribution, "reversed") == 0 ? N_CURVES - 1 - i : i;
        if (curve % options->epochs == epoch && owner(options->distribution, curve, size) == rank &&
            !(options->hole && curve == 0) && !(done != NULL && done[curve] == DMUMU_CUBE_DONE)) {
            add_curve(a, n++, curve, own_nan);
        }
    }
    if (options->twice && n > 1) {
        a->curve[1] = a->curve[0];
    }
    return n;
}

static int failed(int rank, const char *where, const struct dmumu_error *error)
{
    printf("rank %d %s: %s (%d)\n", rank, where, error->message, (int)error->status);
    fflush(stdout);
    return 3;
}

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    nanosleep(&moment, NULL);
}

static int write_epochs(struct dmumu_cube_writer *cube, const struct options *options, int rank, int size,
                        struct arrays *a, struct dmumu_error *error)
{
    size_t flushed = 0;
    for (size_t epoch = 0; epoch < options->epochs; epoch++) {
        const size_t n = take_epoch(options, epoch, rank, size, dmumu_cube_found_state(cube), a);
        const struct dmumu_cube_batch batch = batch_of(a, n);
        if (dmumu_cube_write_epoch(cube, &batch, error) != DMUMU_OK) {
            return failed(rank, "epoch", error);
        }
        for (size_t i = epoch; i < N_CURVES; i += options->epochs) {
            flushed++;
        }
        if (rank == 0) {
            printf("flushed %zu\n", flushed);
            fflush(stdout);
        }
        if (options->slow) {
            nap();
        }
    }
    if (!dmumu_cube_was_collective(cube)) {
        printf("rank %d: a write was not collective\n", rank);
        return 4;
    }
    return 0;
}

static struct dmumu_cube_spec make_spec(double scale[static N_SCALE], double rigidity[static N_RIGIDITY], int size)
{
    for (size_t k = 0; k < N_SCALE; k++) {
        scale[k] = 10.0 * (double)(k + 1);
    }
    for (size_t k = 0; k < N_RIGIDITY; k++) {
        rigidity[k] = pow(10.0, (double)k / 50.0);
    }
    return (struct dmumu_cube_spec){
        .axis = {{N_REGION, region, false},
                 {N_MACH, mach, true},
                 {N_BETA, beta, true},
                 {N_SCALE, scale, false},
                 {N_RIGIDITY, rigidity, true}},
        .modes = {[DMUMU_FAST] = true},
        .title = "Synthetic cube",
        .configuration = "title: Synthetic cube\n",
        .physics_text = "synthetic\n",
        .command = "cube_writer",
        .host_count = 1,
        .ranks = size,
        .threads = 1,
    };
}

static void forbid_growth(const char *who, int rank, int size)
{
    const struct rlimit none = {.rlim_cur = 4096, .rlim_max = 4096};
    if (strcmp(who, "all") == 0 || rank == (strcmp(who, "first") == 0 ? 0 : size - 1)) {
        setrlimit(RLIMIT_FSIZE, &none);
    }
}

static int write_cube(const struct options *options)
{
    struct dmumu_error error = {.status = DMUMU_OK};
    struct dmumu_cube_writer *cube = NULL;
    double scale[N_SCALE], rigidity[N_RIGIDITY];
    char data_hash[65];
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const struct dmumu_cube_spec spec = make_spec(scale, rigidity, size);
    if (options->no_room != NULL && options->early) {
        forbid_growth(options->no_room, rank, size);
    }
    const enum dmumu_status opened =
        options->resume ? dmumu_cube_resume(MPI_COMM_WORLD, options->path, options->overwrite, &spec, &cube, &error)
                        : dmumu_cube_create(MPI_COMM_WORLD, options->path, options->overwrite, &spec, &cube, &error);
    if (opened != DMUMU_OK) {
        return failed(rank, options->resume ? "resume" : "create", &error);
    }
    if (options->resume && rank == 0) {
        printf("found %llu\n", (unsigned long long)dmumu_cube_found(cube).n_curves);
    }
    if (options->no_room != NULL) {
        forbid_growth(options->no_room, rank, size);
    }
    struct arrays *a = calloc(1, sizeof *a);
    const int status = a != NULL ? write_epochs(cube, options, rank, size, a, &error) : 5;
    free(a);
    if (status != 0) {
        dmumu_cube_abandon(cube);
        return status;
    }
    if (dmumu_cube_finish(cube, data_hash, &error) != DMUMU_OK) {
        return failed(rank, "finish", &error);
    }
    printf("rank %d data_hash %s\n", rank, data_hash);
    return 0;
}

/* Is every value of a curve that is marked done the synthetic one? */
static bool curve_is_whole(const struct dmumu_cube_layout *layout, uint64_t curve)
{
    double d[N_RIGIDITY], x_c, speed;
    uint8_t quality[N_RIGIDITY];
    struct dmumu_error error;
    if (dmumu_cube_layout_read(layout, DMUMU_CUBE_D, curve, 1, d, &error) != DMUMU_OK ||
        dmumu_cube_layout_read(layout, DMUMU_CUBE_QUALITY, curve, 1, quality, &error) != DMUMU_OK ||
        dmumu_cube_layout_read(layout, DMUMU_CUBE_X_C, curve, 1, &x_c, &error) != DMUMU_OK ||
        dmumu_cube_layout_read(layout, DMUMU_CUBE_ALFVEN_SPEED, curve, 1, &speed, &error) != DMUMU_OK) {
        return false;
    }
    bool whole = speed == (double)(curve + 1) && isnan(x_c) == (curve < N_CURVES / 2);
    for (size_t k = 0; k < N_RIGIDITY; k++) {
        const double expected = synthetic_d(curve, k, NAN);
        whole = whole && (isnan(expected) ? isnan(d[k]) : d[k] == expected);
        whole = whole && quality[k] == synthetic_quality(curve, k);
    }
    return whole;
}

static int check_cube(const char *path, uint64_t least_done)
{
    struct dmumu_cube_layout layout;
    struct dmumu_error error = {.status = DMUMU_OK};
    struct dmumu_cube_info info;
    uint8_t state[N_CURVES];
    uint64_t n_done = 0, n_broken = 0;
    if (dmumu_cube_info_read(path, &info, &error) != DMUMU_OK) {
        dmumu_cube_info_free(&info);
        return failed(0, "read", &error);
    }
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (dmumu_cube_layout_open(file, &layout, &error) != DMUMU_OK ||
        dmumu_cube_layout_read(&layout, DMUMU_CUBE_STATE, 0, N_CURVES, state, &error) != DMUMU_OK) {
        return failed(0, "open", &error);
    }
    for (uint64_t i = 0; i < N_CURVES; i++) {
        n_done += state[i] == DMUMU_CUBE_DONE;
        n_broken += state[i] == DMUMU_CUBE_DONE && !curve_is_whole(&layout, i);
    }
    const bool right = n_done >= least_done && n_broken == 0 && info.n_done == n_done;
    printf("%llu done (info: %llu), %llu of them broken: %s\n", (unsigned long long)n_done,
           (unsigned long long)info.n_done, (unsigned long long)n_broken, right ? "right" : "wrong");
    dmumu_cube_layout_close(&layout);
    H5Fclose(file);
    dmumu_cube_info_free(&info);
    return right ? 0 : 1;
}

static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 5; i < argc; i++) {
        if (strcmp(argv[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static const char *word_after(int argc, char **argv, const char *word)
{
    for (int i = 5; i + 1 < argc; i++) {
        if (strcmp(argv[i], word) == 0) {
            return argv[i + 1];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "check") == 0) {
        return check_cube(argv[2], strtoull(argv[3], NULL, 10));
    }
    if (argc < 5 || strcmp(argv[1], "write") != 0) {
        fprintf(stderr, "usage: see the top of tests/mpi/cube_writer.c\n");
        return 2;
    }
    const struct options options = {
        .path = argv[2],
        .distribution = argv[3],
        .epochs = strtoull(argv[4], NULL, 10),
        .overwrite = has_word(argc, argv, "overwrite"),
        .resume = has_word(argc, argv, "resume"),
        .slow = has_word(argc, argv, "slow"),
        .hole = has_word(argc, argv, "hole"),
        .twice = has_word(argc, argv, "twice"),
        .no_room = word_after(argc, argv, "no-room"),
        .early = has_word(argc, argv, "early"),
    };
    /* where a limit is set, a write beyond it is to fail like on a full disk, not to kill */
    signal(SIGXFSZ, SIG_IGN);
    MPI_Init(&argc, &argv);
    const int status = write_cube(&options);
    MPI_Finalize();
    return status;
}
