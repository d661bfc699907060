/*
 * Export to an emulator: what somebody who trains one on a cube wants, flattened, in one .npz.
 *
 * Every value of the cube is a row, in its order. The split is by medium (region, M_A, beta, L): all rigidities of one are
 * either trained or tested with, because neighbours in rigidity are nearly the same, and a test with them would flatter.
 * Rows without a D are in neither.
 */
#include "cmd_export_nodes.h"
#include "cmd_npz.h"
#include "cmd_numbers.h"
#include "cmd_output.h"

#include "scan/config_keys.h"
#include "scan/config_scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char COMMAND[] = "export";
static const double TEST_FRACTION = 0.2;
static const long SEED = 1;

struct split {
    double test_fraction;
    long seed;
    size_t n_test_media, n_train, n_test; /* media; rows */
    bool *tests;                          /* [n_curves] owned: this medium is for tests */
};

static int find_split(const struct dmumu_export *export, struct split *split)
{
    static const struct dmumu_key fraction = {.kind = DMUMU_KEY_NUMBER, .low = 0, .high = 0.9, .unit = "1"};
    const char *text = export->text[DMUMU_EXPORT_TEST_FRACTION], *seed = export->text[DMUMU_EXPORT_SEED];
    split->test_fraction = TEST_FRACTION;
    split->seed = SEED;
    if (seed && (!dmumu_scalar_integer(seed, &split->seed) || split->seed < 0))
        return dmumu_cmd_usage(COMMAND, "--seed: '%.60s'; it must be a whole number from 0", seed);
    return text ? dmumu_numbers_one(COMMAND, dmumu_export_option(DMUMU_EXPORT_TEST_FRACTION), text, strlen(text),
                                    &fraction, &split->test_fraction)
                : DMUMU_EXIT_OK;
}

/* splitmix64 (Vigna, public domain): the next of a sequence of 64-bit numbers. */
static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Selection sampling (Knuth, TAOCP 3.4.2, algorithm S): exactly n_test_media of them, each set equally likely. */
static bool choose(const struct dmumu_export_nodes *nodes, struct split *split)
{
    uint64_t state = (uint64_t)split->seed;
    size_t chosen = 0;
    split->n_test_media = (size_t)llround(split->test_fraction * (double)nodes->n_curves);
    split->tests = calloc(nodes->n_curves, sizeof *split->tests);
    for (size_t i = 0; split->tests && i < nodes->n_curves; i++) {
        const double random = (double)(next_random(&state) >> 11) * 0x1p-53;
        split->tests[i] = (double)(nodes->n_curves - i) * random < (double)(split->n_test_media - chosen);
        chosen += split->tests[i];
        for (size_t k = 0; k < nodes->n_rigidity; k++)
            if (!isnan(nodes->d_cm2_s[i * nodes->n_rigidity + k]))
                *(split->tests[i] ? &split->n_test : &split->n_train) += 1;
    }
    return split->tests != NULL;
}

static bool write_parameters(struct dmumu_npz *npz, const struct dmumu_export_nodes *nodes)
{
    static const char *const names[DMUMU_N_AXES] = {"region", "alfven_mach", "beta", "injection_scale_pc",
                                                    "rigidity_gv"};
    const size_t n = nodes->n_curves * nodes->n_rigidity;
    const struct dmumu_npz_array array = {"parameters", 'f', sizeof(double), 2, {n, DMUMU_N_AXES}};
    bool good = dmumu_npz_texts(npz, "parameter_names", DMUMU_N_AXES, names) && dmumu_npz_begin(npz, &array);
    for (size_t i = 0; good && i < nodes->n_curves; i++) {
        const struct dmumu_point point = dmumu_grid_point(&nodes->grid, i);
        for (size_t k = 0; good && k < nodes->n_rigidity; k++) {
            const double row[DMUMU_N_AXES] = {(double)point.region, point.alfven_mach, point.beta,
                                              point.injection_scale_pc,
                                              nodes->grid.axis[DMUMU_AXIS_RIGIDITY].values[k]};
            good = dmumu_npz_write(npz, sizeof row, row);
        }
    }
    return good;
}

static bool write_values(struct dmumu_npz *npz, const struct dmumu_export_nodes *nodes)
{
    const char *qualities[DMUMU_N_QUALITIES];
    for (int i = 0; i < DMUMU_N_QUALITIES; i++)
        qualities[i] = dmumu_quality_name((enum dmumu_quality)i);
    const size_t n = nodes->n_curves * nodes->n_rigidity;
    const struct dmumu_npz_array ln_d = {"ln_D", 'f', sizeof(double), 1, {n, 0}};
    const struct dmumu_npz_array rel_error = {"rel_error", 'f', sizeof(float), 1, {n, 0}};
    const struct dmumu_npz_array quality = {"quality", 'u', 1, 1, {n, 0}};
    bool good = dmumu_npz_begin(npz, &ln_d);
    for (size_t i = 0; good && i < n; i++) {
        const double value = log(nodes->d_cm2_s[i]);
        good = dmumu_npz_write(npz, sizeof value, &value);
    }
    return good && dmumu_npz_begin(npz, &rel_error) &&
           dmumu_npz_write(npz, n * sizeof *nodes->rel_error, nodes->rel_error) && dmumu_npz_begin(npz, &quality) &&
           dmumu_npz_write(npz, n, nodes->quality) &&
           dmumu_npz_texts(npz, "quality_names", DMUMU_N_QUALITIES, qualities);
}

/* The rows of one side of the split. */
static bool write_rows(struct dmumu_npz *npz, const struct dmumu_export_nodes *nodes, const struct split *split,
                       bool tests)
{
    const struct dmumu_npz_array array = {
        tests ? "test" : "train", 'i', sizeof(int64_t), 1, {tests ? split->n_test : split->n_train, 0}};
    bool good = dmumu_npz_begin(npz, &array);
    for (size_t i = 0; good && i < nodes->n_curves * nodes->n_rigidity; i++) {
        const int64_t row = (int64_t)i;
        if (split->tests[i / nodes->n_rigidity] == tests && !isnan(nodes->d_cm2_s[i]))
            good = dmumu_npz_write(npz, sizeof row, &row);
    }
    return good;
}

static bool write_archive(struct dmumu_npz *npz, const struct dmumu_export_nodes *nodes, const struct split *split)
{
    const int64_t seed = split->seed;
    const char *const physics = nodes->physics_hash, *const data = nodes->data_hash;
    const struct dmumu_npz_array array = {"seed", 'i', sizeof seed, 0, {0, 0}};
    return write_parameters(npz, nodes) && write_values(npz, nodes) && write_rows(npz, nodes, split, false) &&
           write_rows(npz, nodes, split, true) && dmumu_npz_begin(npz, &array) &&
           dmumu_npz_write(npz, sizeof seed, &seed) && dmumu_npz_texts(npz, "physics_hash", 0, &physics) &&
           dmumu_npz_texts(npz, "data_hash", 0, &data) && dmumu_npz_end(npz);
}

static int answer(const struct dmumu_export *export, const struct dmumu_export_nodes *nodes, const struct split *split)
{
    const char *path = export->text[DMUMU_EXPORT_OUTPUT];
    struct dmumu_output output;
    int status = dmumu_output_open(COMMAND, path, export->overwrite, &output);
    if (status != DMUMU_EXIT_OK)
        return status;
    struct dmumu_npz *npz = dmumu_npz_new(output.file);
    if (!npz)
        status = dmumu_cmd_failed(COMMAND, "out of memory");
    else if (!write_archive(npz, nodes, split))
        status = dmumu_cmd_failed(COMMAND, "'%s' cannot be written: %s", path, dmumu_npz_error(npz));
    dmumu_npz_free(npz);
    if (status != DMUMU_EXIT_OK) {
        dmumu_output_discard(&output);
        return status;
    }
    status = dmumu_output_commit(COMMAND, &output);
    if (status == DMUMU_EXIT_OK) {
        printf("%zu rows, %zu to train and %zu to test with, of %zu and %zu media; seed %ld\n",
               nodes->n_curves * nodes->n_rigidity, split->n_train, split->n_test,
               nodes->n_curves - split->n_test_media, split->n_test_media, split->seed);
        status = dmumu_cmd_flush(COMMAND, status);
    }
    return status;
}

int dmumu_export_emulator(const struct dmumu_export *export)
{
    struct dmumu_export_nodes nodes = {.n_curves = 0};
    struct split split = {.tests = NULL};
    int status = find_split(export, &split);
    if (status == DMUMU_EXIT_OK)
        status = dmumu_export_nodes_read(export, &nodes);
    if (status == DMUMU_EXIT_OK && !choose(&nodes, &split))
        status = dmumu_cmd_failed(COMMAND, "out of memory");
    if (status == DMUMU_EXIT_OK)
        status = answer(export, &nodes, &split);
    free(split.tests);
    dmumu_export_nodes_free(&nodes);
    return status;
}
