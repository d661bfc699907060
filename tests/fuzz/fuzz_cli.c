/*
 * Fuzz target: the command line, from main on.
 *
 * Input: one argument a line up to an empty line; the rest is the file in.yaml, beside which stand a small cube,
 * cube.h5, the beginning of another, begun.h5.part, and the halves of one, half1.h5 and half2.h5. Everything happens in one folder: a slash in an argument becomes '_'.
 *
 * The whole program runs, in one process, but for five things (-Wl,--wrap): MPI is begun once and never ended; numbers
 * are not computed but made up, and grids of more than a few curves not scanned (what the kernel does with a model is
 * the business of other tests, and takes time); `info` reads without a child process, which would not be seen here;
 * and nothing becomes a Python.
 *
 * What must hold: exit status 0 to 4; a failure has a message that begins with "dmumu", and only a failure of the work
 * itself may come without one; nothing printed can do harm to a terminal.
 */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include "../unit/tiny_cube.h"
#include "cmd_python.h"
#include "cube/guard.h"
#include "scan/estimate.h"
#include "scan/scan.h"

#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <sanitizer/lsan_interface.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int dmumu_main(int argc, char **argv); /* main of src/main.c, renamed for this target */

enum { MOST_ARGUMENTS = 32, MOST_CURVES = 16, MOST_RIGIDITIES = 64 };

/* ---- What is not run for real. */

int __wrap_MPI_Init_thread(int *argc, char ***argv, int required, int *provided);
int __wrap_MPI_Finalize(void);
enum dmumu_status __wrap_dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                             const double rigidity_gv[], struct dmumu_curve *curve,
                                             struct dmumu_workspace *workspace, struct dmumu_error *error);
enum dmumu_status __wrap_dmumu_curve_compute_ref(const struct dmumu_model *model, const struct dmumu_point *point,
                                                 size_t n, const double rigidity_gv[], struct dmumu_curve *curve,
                                                 struct dmumu_error *error);
enum dmumu_status __wrap_dmumu_pitch_compute(const struct dmumu_model *model, enum dmumu_kernel kernel,
                                             struct dmumu_tables *tables, const struct dmumu_point *point,
                                             double rigidity_gv, size_t n, const double mu[],
                                             struct dmumu_pitch pitch[], struct dmumu_workspace *workspace,
                                             struct dmumu_error *error);
enum dmumu_status __real_dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                        const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                        struct dmumu_error *error);
enum dmumu_status __wrap_dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                        const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                        struct dmumu_error *error);
enum dmumu_status __wrap_dmumu_cube_guard(const char *path, dmumu_guard_work *work, void *argument,
                                          struct dmumu_error *error);
int __wrap_dmumu_python_become(const char *command, const struct dmumu_python *python);

int __wrap_MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    (void)argc;
    (void)argv;
    *provided = required;
    return MPI_SUCCESS;
}

int __wrap_MPI_Finalize(void)
{
    return MPI_SUCCESS;
}

/* D of any quality, as a function of the rigidity. */
static enum dmumu_status make_up(size_t n, const double rigidity_gv[], struct dmumu_curve *curve)
{
    for (size_t i = 0; i < n; i++) {
        const int quality = (int)fmod(rigidity_gv[i], DMUMU_N_QUALITIES);
        const bool has_value = quality == DMUMU_QUALITY_OK || quality == DMUMU_QUALITY_NOT_CONVERGED;
        curve->d_cm2_s[i] = has_value ? 1e28 * sqrt(rigidity_gv[i]) : (double)NAN;
        curve->rel_error[i] = 1e-5;
        curve->mu_star[i] = has_value ? 1.0 : (double)NAN;
        curve->quality[i] = (uint8_t)quality;
        for (int mode = 0; mode < DMUMU_N_MODES; mode++) {
            if (curve->d_mode_cm2_s[mode]) {
                curve->d_mode_cm2_s[mode][i] = curve->d_cm2_s[i];
            }
        }
    }
    return DMUMU_OK;
}

enum dmumu_status __wrap_dmumu_curve_compute(struct dmumu_tables *tables, const struct dmumu_point *point, size_t n,
                                             const double rigidity_gv[], struct dmumu_curve *curve,
                                             struct dmumu_workspace *workspace, struct dmumu_error *error)
{
    (void)tables;
    (void)point;
    (void)workspace;
    (void)error;
    return make_up(n, rigidity_gv, curve);
}

enum dmumu_status __wrap_dmumu_curve_compute_ref(const struct dmumu_model *model, const struct dmumu_point *point,
                                                 size_t n, const double rigidity_gv[], struct dmumu_curve *curve,
                                                 struct dmumu_error *error)
{
    (void)model;
    (void)point;
    (void)error;
    return make_up(n, rigidity_gv, curve);
}

enum dmumu_status __wrap_dmumu_pitch_compute(const struct dmumu_model *model, enum dmumu_kernel kernel,
                                             struct dmumu_tables *tables, const struct dmumu_point *point,
                                             double rigidity_gv, size_t n, const double mu[],
                                             struct dmumu_pitch pitch[], struct dmumu_workspace *workspace,
                                             struct dmumu_error *error)
{
    (void)model;
    (void)kernel;
    (void)tables;
    (void)point;
    (void)workspace;
    (void)error;
    for (size_t i = 0; i < n; i++) {
        pitch[i] = (struct dmumu_pitch){.total_per_s = rigidity_gv * (1.0 - mu[i]), .mean_free_path_pc = 1.0};
    }
    return DMUMU_OK;
}

enum dmumu_status __wrap_dmumu_scan_run(const struct dmumu_team *team, const struct dmumu_config *config,
                                        const struct dmumu_scan_options *options, struct dmumu_scan_report *report,
                                        struct dmumu_error *error)
{
    if (dmumu_grid_n_curves(&config->grid) > MOST_CURVES ||
        config->grid.axis[DMUMU_AXIS_RIGIDITY].n > MOST_RIGIDITIES) {
        *report = (struct dmumu_scan_report){.begun = false};
        error->status = DMUMU_ERROR_FILE;
        snprintf(error->message, sizeof error->message, "too large a grid for this target");
        return DMUMU_ERROR_FILE;
    }
    return __real_dmumu_scan_run(team, config, options, report, error);
}

enum dmumu_status __wrap_dmumu_cube_guard(const char *path, dmumu_guard_work *work, void *argument,
                                          struct dmumu_error *error)
{
    return work(path, argument, error);
}

int __wrap_dmumu_python_become(const char *command, const struct dmumu_python *python)
{
    (void)command;
    FUZZ_REQUIRE(python->n_arguments >= 3, "%zu arguments", python->n_arguments);
    return 0;
}

/* ---- The folder that it all happens in. */

static int folder = -1, home = -1; /* open, to go there and back */

struct bytes {
    const uint8_t *data;
    size_t size;
};
static struct bytes cube, part, half[2]; /* what stands in it */

static void put_file(const char *name, struct bytes bytes)
{
    const int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_REQUIRE(file >= 0 && write(file, bytes.data, bytes.size) == (ssize_t)bytes.size, "%s cannot be written", name);
    close(file);
}

/* The bytes of a small cube, with so many curves done; finished if all are. */
static struct bytes make_cube(uint64_t n_done)
{
    struct bytes bytes;
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    const struct fuzz_file file = fuzz_file_new(NULL, 0);
    const bool made =
        tiny_cube_make(file.path, &spec, n_done, false) && (n_done < TINY_CURVES || tiny_cube_finish(file.path));
    FUZZ_REQUIRE(made, "no cube");
    bytes.data = fuzz_file_take(&file, &bytes.size);
    fuzz_file_remove(&file);
    return bytes;
}

/* ---- One run. */

/* Arguments point into `text`, which is changed; what is behind the empty line comes back. */
static const char *cut(char *text, int *argc, char *argv[MOST_ARGUMENTS + 1])
{
    static char program[] = "dmumu";
    *argc = 0;
    argv[(*argc)++] = program;
    while (*text != '\0' && *text != '\n') {
        const size_t length = strcspn(text, "\n");
        const bool last = text[length] == '\0';
        text[length] = '\0';
        for (char *slash = text; (slash = strchr(slash, '/')) != NULL;) {
            *slash = '_';
        }
        if (*argc < MOST_ARGUMENTS) {
            argv[(*argc)++] = text;
        }
        text += length + (last ? 0 : 1);
    }
    argv[*argc] = NULL;
    return *text == '\n' ? text + 1 : text;
}

/* Is this text harmless to a terminal: no control characters but the end of a line? */
static bool is_harmless(const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
        if ((c < 0x20 && c != '\n') || c == 0x7f || (c == 0xc2 && next < 0xa0)) {
            return false;
        }
    }
    return true;
}

/* A standard stream that goes to a file for the time of a run. */
struct caught {
    int stream, before, file;
};

static struct caught catch_stream(int stream)
{
    struct caught caught = {.stream = stream, .before = dup(stream), .file = memfd_create("caught", MFD_CLOEXEC)};
    FUZZ_REQUIRE(caught.before >= 0 && caught.file >= 0 && dup2(caught.file, stream) == stream, "no descriptor");
    return caught;
}

/* The stream is what it was; what went into it is the caller's, and ends in NUL. */
static char *release(const struct caught *caught)
{
    FUZZ_REQUIRE(dup2(caught->before, caught->stream) == caught->stream, "no way back");
    close(caught->before);
    const off_t size = lseek(caught->file, 0, SEEK_END);
    char *text = calloc((size_t)size + 1, 1);
    FUZZ_REQUIRE(text != NULL && pread(caught->file, text, (size_t)size, 0) == size, "no output");
    close(caught->file);
    return text;
}

static void run(int argc, char **argv)
{
    char *none[] = {argv[0], NULL};
    optind = 0; /* getopt forgets what it was at; a program parses its command line once */
    (void)getopt(1, none, "");
    fflush(NULL);
    FUZZ_REQUIRE(fchdir(folder) == 0, "the folder is gone");
    const struct caught out_stream = catch_stream(STDOUT_FILENO), err_stream = catch_stream(STDERR_FILENO);
    const int status = dmumu_main(argc, argv);
    fflush(NULL);
    char *out = release(&out_stream), *err = release(&err_stream);
    FUZZ_REQUIRE(fchdir(home) == 0, "no way back");
    FUZZ_REQUIRE(status >= 0 && status <= 4, "exit status %d", status);
    FUZZ_REQUIRE(status == 0 || status >= 3 || strncmp(err, "dmumu", 5) == 0, "status %d says '%s'", status, err);
    FUZZ_REQUIRE(is_harmless(err), "to stderr: %s", err);
    FUZZ_REQUIRE(is_harmless(out), "to stdout: %s", out);
    free(out);
    free(err);
}

/* ---- libFuzzer's functions. */

/* The bytes of a file that the program has made in the folder. */
static struct bytes take_file(const char *name)
{
    struct fuzz_file file;
    struct bytes bytes;
    snprintf(file.path, sizeof file.path, "%.100s/%.100s", fuzz_folder(), name);
    bytes.data = fuzz_file_take(&file, &bytes.size);
    return bytes;
}

/* The halves of the grid of inputs/smoke.yaml, which `merge` joins and `--reuse` takes from. Values made up. */
static void make_halves(void)
{
    const struct fuzz_file input = {"inputs/smoke.yaml"};
    size_t size;
    uint8_t *text = fuzz_file_take(&input, &size);
    put_file("in.yaml", (struct bytes){text, size});
    for (int i = 0; i < 2; i++) {
        char part[] = "1/2", name[] = "half1.h5",
             *arguments[] = {"dmumu", "scan", "in.yaml", "-o", name, "--part", part, NULL};
        part[0] = name[4] = (char)('1' + i);
        run(7, arguments);
        half[i] = take_file(name);
    }
    fuzz_folder_clean();
    free(text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_keep_stderr();
    setenv("OMPI_MCA_opal_signal", "", 1); /* Open MPI would take the signals that libFuzzer waits for */
    __lsan_disable();                      /* what MPI keeps until the process ends, in modules that it may unload */
    MPI_Init(NULL, NULL);
    __lsan_enable();
    cube = make_cube(TINY_CURVES);
    part = make_cube(TINY_CURVES / 2);
    folder = open(fuzz_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_REQUIRE(folder >= 0 && home >= 0, "no folder");
    make_halves();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int argc;
    char *argv[MOST_ARGUMENTS + 1], *text = malloc(size + 1);
    FUZZ_REQUIRE(text != NULL, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    const char *yaml = cut(text, &argc, argv);
    put_file("in.yaml", (struct bytes){(const uint8_t *)yaml, size - (size_t)(yaml - text)});
    put_file("cube.h5", cube);
    put_file("begun.h5.part", part);
    put_file("half1.h5", half[0]);
    put_file("half2.h5", half[1]);
    run(argc, argv);
    fuzz_folder_clean();
    free(text);
    return 0;
}
