/*
 * Fuzz target: the cube's readers, of `info` and of those who take values from an older cube.
 *
 * Input: an HDF5 file as it is, or a recipe that makes one (fuzz_cube.h). What must hold: an error names the file and
 * leaves nothing open; what is accepted is a cube whose axes and counts make sense; one that `info` accepts can be taken
 * values from, and looked up unless its axes have no logarithm: then, an answer lies among the values of the cube.
 */
#include "fuzz_cube.h"

#include "cube/hdf.h"
#include "cube/read.h"
#include "cube/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Objects that HDF5 has open: files, datasets and the like, and the small ones that belong to none. */
struct handles {
    ssize_t objects;
    hsize_t spaces, types, lists;
};

static struct handles count_handles(void)
{
    struct handles count = {.objects = H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL)};
    H5Inmembers(H5I_DATASPACE, &count.spaces);
    H5Inmembers(H5I_DATATYPE, &count.types);
    H5Inmembers(H5I_GENPROP_LST, &count.lists);
    return count;
}

static void check_handles(const struct handles *before, const char *when)
{
    const struct handles now = count_handles();
    FUZZ_REQUIRE(now.objects == before->objects && now.spaces == before->spaces && now.types == before->types &&
                     now.lists == before->lists,
                 "%s: open are %zd objects, %llu spaces, %llu types, %llu lists; were %zd, %llu, %llu, %llu", when,
                 now.objects, (unsigned long long)now.spaces, (unsigned long long)now.types,
                 (unsigned long long)now.lists, before->objects, (unsigned long long)before->spaces,
                 (unsigned long long)before->types, (unsigned long long)before->lists);
}

static void check_ranges(const struct dmumu_cube_info *info)
{
    const uint64_t n_rigidity = info->axis[DMUMU_CUBE_N_AXES - 1].n;
    uint64_t qualities = info->n_unknown_quality;
    for (int i = 0; i < DMUMU_N_QUALITIES; i++) {
        qualities += info->quality[i];
    }
    FUZZ_REQUIRE(qualities == info->n_done * n_rigidity, "%llu qualities of %llu points", (unsigned long long)qualities,
                 (unsigned long long)info->n_done);
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_info_range *range = &info->range[i];
        const uint64_t n = range->n_numbers + range->n_nan;
        const uint64_t row = dmumu_cube_variable_field((enum dmumu_cube_variable)i)->n_axes == 5 ? n_rigidity : 1;
        FUZZ_REQUIRE(n == (range->present ? info->n_done * row : 0), "variable %d: %llu values", i,
                     (unsigned long long)n);
        FUZZ_REQUIRE(range->n_numbers == 0 || range->min <= range->max, "variable %d: %g to %g", i, range->min,
                     range->max);
    }
}

/* What was read of a file that was accepted. */
static void check_info(const struct dmumu_cube_info *info)
{
    uint64_t n_curves = 1;
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        const struct dmumu_cube_info_axis *axis = &info->axis[i];
        FUZZ_REQUIRE(axis->n > 0, "axis %d is empty", i);
        n_curves *= i < DMUMU_CUBE_N_AXES - 1 ? axis->n : 1;
        for (size_t k = 0; k < axis->n; k++) {
            FUZZ_REQUIRE(isfinite(axis->values[k]) && (k == 0 || axis->values[k - 1] < axis->values[k]), "axis %d: %g",
                         i, axis->values[k]);
        }
    }
    FUZZ_REQUIRE(info->n_curves == n_curves && info->n_done <= n_curves, "%llu of %llu done",
                 (unsigned long long)info->n_done, (unsigned long long)info->n_curves);
    FUZZ_REQUIRE(!info->finished || info->n_done == n_curves, "finished, with %llu done",
                 (unsigned long long)info->n_done);
    check_ranges(info);
    for (size_t i = 0; i < info->n_attributes; i++) {
        FUZZ_REQUIRE(info->attribute[i].name != NULL && info->attribute[i].text != NULL, "attribute %zu", i);
    }
}

static enum dmumu_status read_cube(const char *path)
{
    struct dmumu_cube_info info;
    struct dmumu_error error = {.message = ""};
    char hash[DMUMU_SHA256_HEX];
    const enum dmumu_status status = dmumu_cube_info_read(path, &info, &error);
    if (status == DMUMU_OK) {
        check_info(&info);
    } else {
        fuzz_check_error(status, &error, path);
    }
    dmumu_cube_info_free(&info);
    if (status == DMUMU_OK) {
        const enum dmumu_status hashed = dmumu_cube_info_hash(path, hash, &error);
        FUZZ_REQUIRE(hashed != DMUMU_OK || strlen(hash) == DMUMU_SHA256_HEX - 1, "data_hash '%s'", hash);
        if (hashed != DMUMU_OK) {
            fuzz_check_error(hashed, &error, path);
        }
    }
    return status;
}

/* Take every curve that is done, in the file's order. */
static enum dmumu_status take_all(const struct dmumu_cube_source *source, struct dmumu_error *error)
{
    const struct dmumu_cube_source_info *about = dmumu_cube_source_about(source);
    const size_t n_rigidity = about->axis[DMUMU_CUBE_N_AXES - 1].n, n_done = (size_t)about->n_done;
    struct dmumu_cube_pair *pairs = calloc(n_done + 1, sizeof *pairs);
    size_t *rigidity_to = calloc(n_rigidity, sizeof *rigidity_to), n = 0;
    struct dmumu_cube_curves curves;
    const bool room = dmumu_cube_curves_new(n_done + 1, n_rigidity, about->modes, &curves);
    enum dmumu_status status = DMUMU_OK;
    if (pairs && rigidity_to && room) {
        for (uint64_t i = 0; i < about->n_curves; i++) {
            if (about->state[i] == DMUMU_CUBE_DONE) {
                dmumu_cube_curves_unset(&curves, n);
                pairs[n] = (struct dmumu_cube_pair){.from = i, .to = n};
                n++;
            }
        }
        for (size_t i = 0; i < n_rigidity; i++) {
            rigidity_to[i] = i;
        }
        FUZZ_REQUIRE(n == n_done, "%zu of %zu are done", n, n_done);
        status = dmumu_cube_source_take(source, n, pairs, rigidity_to, &curves, error);
    }
    free(pairs);
    free(rigidity_to);
    if (room) {
        dmumu_cube_curves_free(&curves);
    }
    return status;
}

/* As scan --reuse and merge do; `accepted`: what `info` says of the file. */
static void read_source(const char *path, bool accepted)
{
    struct dmumu_cube_source *source;
    struct dmumu_error error = {.message = ""};
    enum dmumu_status status = dmumu_cube_source_open(path, &source, &error);
    if (status == DMUMU_OK) {
        status = take_all(source, &error);
    } else {
        FUZZ_REQUIRE(source == NULL, "open after an error");
    }
    if (status != DMUMU_OK) {
        fuzz_check_error(status, &error, path);
    }
    FUZZ_REQUIRE(status == DMUMU_OK || !accepted, "info accepts it: %s", error.message);
    dmumu_cube_source_close(source);
}

/* Somewhere on an axis or, at times, a little outside. */
static double somewhere(const struct dmumu_cube_axis *axis, uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    const double t = -0.05 + 1.1 * (double)(*random >> 11) * 0x1p-53;
    const double first = axis->values[0], last = axis->values[axis->n - 1];
    return *random >> 60 == 0 ? axis->values[(*random >> 20) % axis->n] : first * (1.0 - t) + last * t;
}

/* Least and greatest D of the cube, at its nodes. */
static void range_of(const struct dmumu_cube *cube, const struct dmumu_cube_about *about, double *least,
                     double *greatest)
{
    const struct dmumu_cube_axis *axis = about->axis;
    double *d = calloc(axis[DMUMU_AXIS_RIGIDITY].n, sizeof *d);
    *least = INFINITY;
    *greatest = 0.0;
    for (uint64_t curve = 0; d != NULL && curve < about->n_curves; curve++) {
        size_t index[DMUMU_AXIS_RIGIDITY];
        uint64_t rest = curve;
        for (int i = DMUMU_AXIS_RIGIDITY - 1; i >= 0; i--) {
            index[i] = (size_t)(rest % axis[i].n);
            rest /= axis[i].n;
        }
        const struct dmumu_point point = {(enum dmumu_region)axis[0].values[index[0]], axis[1].values[index[1]],
                                          axis[2].values[index[2]], axis[3].values[index[3]]};
        FUZZ_REQUIRE(dmumu_cube_eval(cube, &point, axis[DMUMU_AXIS_RIGIDITY].n, NULL, d, NULL) == DMUMU_OK,
                     "curve %llu is outside", (unsigned long long)curve);
        for (size_t i = 0; i < axis[DMUMU_AXIS_RIGIDITY].n; i++) {
            *least = d[i] < *least ? d[i] : *least;
            *greatest = d[i] > *greatest ? d[i] : *greatest;
        }
    }
    free(d);
}

enum { MOST_CURVES = 10000, N_POINTS = 50 };

/* Look up some points of an open cube. */
static void look_up_points(const struct dmumu_cube *cube)
{
    const struct dmumu_cube_about *about = dmumu_cube_about(cube);
    double least, greatest;
    uint64_t random = about->n_curves;
    if (about->n_curves * about->axis[DMUMU_AXIS_RIGIDITY].n > MOST_CURVES) {
        return;
    }
    range_of(cube, about, &least, &greatest);
    for (int i = 0; i < N_POINTS; i++) {
        double x[DMUMU_N_AXES], d = 0.0, gradient[1][DMUMU_N_GRADIENT];
        for (int k = 0; k < DMUMU_N_AXES; k++) {
            x[k] = somewhere(&about->axis[k], &random);
        }
        const int32_t region = (int32_t)about->axis[0].values[0];
        const struct dmumu_cube_points points = {1, &region, &x[1], &x[2], &x[3], &x[4], {0}};
        const enum dmumu_status status = dmumu_cube_eval_many(cube, &points, &d, NULL);
        FUZZ_REQUIRE(status == DMUMU_OK || isnan(d), "%g after an error", d);
        FUZZ_REQUIRE(isnan(d) || (d > least * (1.0 - 1e-9) && d < greatest * (1.0 + 1e-9)), "%g is not in %g to %g", d,
                     least, greatest);
        FUZZ_REQUIRE(dmumu_cube_gradient(cube, &points, NULL, gradient, NULL) == status, "the gradient's status");
    }
}

/* As users of the library do; `accepted`: what `info` says of the file. */
static void look_up(const char *path, bool accepted)
{
    struct dmumu_cube_options options;
    struct dmumu_cube *cube;
    struct dmumu_error error = {.message = ""};
    dmumu_cube_options_default(&options);
    options.partial = true;
    for (int i = 0; i < DMUMU_N_INTERPOLATIONS; i++) {
        options.interpolation = (enum dmumu_interpolation)i;
        const enum dmumu_status status = dmumu_cube_open(path, &options, &cube, &error);
        FUZZ_REQUIRE((status == DMUMU_OK) == (cube != NULL), "status %d", (int)status);
        if (status == DMUMU_OK) {
            FUZZ_REQUIRE(accepted, "info refuses what can be looked up");
            look_up_points(cube);
        } else {
            fuzz_check_error(status, &error, path);
            FUZZ_REQUIRE(!accepted || strstr(error.message, "not a cube to look up") != NULL, "info accepts it: %s",
                         error.message);
        }
        dmumu_cube_close(cube);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dmumu_hdf_silence();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool is_file = size >= FUZZ_HDF5_MARK_BYTES && memcmp(data, FUZZ_HDF5_MARK, FUZZ_HDF5_MARK_BYTES) == 0;
    struct fuzz_file file = is_file ? fuzz_file_new(data, size) : fuzz_recipe_follow(data, size);
    const struct handles before = count_handles();
    const enum dmumu_status status = read_cube(file.path);
    read_source(file.path, status == DMUMU_OK);
    look_up(file.path, status == DMUMU_OK);
    if (!is_file || status == DMUMU_OK) { /* over a damaged file, HDF5's own H5Fclose may fail */
        check_handles(&before, is_file ? "after a file" : "after a recipe");
    }
    if (!is_file) {
        struct dmumu_error error = {.message = ""};
        const enum dmumu_status attached = dmumu_cube_info_scales(file.path, &error);
        if (attached != DMUMU_OK) {
            fuzz_check_error(attached, &error, file.path);
        }
        check_handles(&before, "after the axes of a recipe");
    }
    fuzz_file_remove(&file);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (size >= FUZZ_HDF5_MARK_BYTES && memcmp(data, FUZZ_HDF5_MARK, FUZZ_HDF5_MARK_BYTES) == 0) {
        return fuzz_hdf5_mutate(data, size, max_size, seed);
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
