/* The serial side of the cube: layout, provenance, hash and reader, on whole, unfinished and damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/layout.h"
#include "cube/provenance.h"
#include "cube/read.h"
#include "cube/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_CURVES = 2 * 2 * 1 * 3, N_RIGIDITY = 4 };

static const double region[] = {0, 1}, mach[] = {0.1, 1.0}, beta[] = {0.14}, scale[] = {10, 20, 30};
static const double rigidity[] = {1, 10, 100, 1000};

static struct dmumu_cube_spec make_spec(void)
{
    return (struct dmumu_cube_spec){
        .axis = {{2, region, false}, {2, mach, true}, {1, beta, false}, {3, scale, false}, {4, rigidity, true}},
        .modes = {[DMUMU_ALFVEN] = true},
        .title = "A test",
        .configuration = "title: A test\n",
        .physics_text = "physics\n",
        .command = "test",
        .host_count = 2,
        .ranks = 3,
        .threads = 4,
    };
}

/* A path for one test, in the scratch folder; *state owns it. */
static int new_path(void **state)
{
    const char *folder = getenv("DMUMU_TEST_DIR");
    char *path = malloc(4096);
    assert_non_null(path);
    snprintf(path, 4096, "%s/test_cube_read.%d.h5", folder != NULL ? folder : "/tmp", (int)getpid());
    *state = path;
    dmumu_hdf_silence();
    return 0;
}

static int remove_path(void **state)
{
    unlink(*state);
    free(*state);
    return 0;
}

/* Write one variable of `count` curves. */
static void put(const struct dmumu_cube_layout *layout, enum dmumu_cube_variable variable, uint64_t count,
                const void *values)
{
    const struct dmumu_cube_field *field = dmumu_cube_variable_field(variable);
    const struct dmumu_cube_run run = {.first = 0, .count = count};
    struct dmumu_cube_rows rows;
    assert_true(dmumu_cube_rows_select(layout->n, field->n_axes, 1, &run, &rows));
    assert_true(dmumu_cube_rows_write(layout->variable[variable], field->type, H5P_DEFAULT, &rows, values));
    dmumu_cube_rows_close(&rows);
}

/* A cube whose first `done` curves are done; D counts up, its second value is NaN (`minus`: of the other sign). */
static void make_cube(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, bool minus)
{
    double d[N_CURVES * N_RIGIDITY];
    uint8_t quality[N_CURVES * N_RIGIDITY] = {0}, state[N_CURVES];
    struct dmumu_cube_layout layout;
    struct dmumu_error error;
    const hid_t access = dmumu_cube_access_new(), creation = dmumu_cube_creation_new();
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    assert_int_equal(dmumu_cube_layout_create(file, spec, &layout, &error), DMUMU_OK);
    assert_int_equal(dmumu_cube_provenance_begin(file, spec, "2026-01-01T00:00:00Z", &error), DMUMU_OK);
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        for (uint64_t step = 0; layout.variable[i] >= 0 && step < dmumu_cube_layout_fill_steps(&layout, 1); step++) {
            assert_int_equal(
                dmumu_cube_layout_fill(&layout, (enum dmumu_cube_variable)i, H5P_DEFAULT, step, 0, 1, &error),
                DMUMU_OK);
        }
    }
    for (int i = 0; i < N_CURVES * N_RIGIDITY; i++) {
        d[i] = 1e27 * (i + 1);
    }
    d[1] = minus ? -(double)NAN : (double)NAN;
    quality[1] = DMUMU_QUALITY_NOT_CONFINED;
    memset(state, DMUMU_CUBE_DONE, sizeof state);
    if (done > 0) {
        put(&layout, DMUMU_CUBE_D, done, d);
        put(&layout, DMUMU_CUBE_QUALITY, done, quality);
        put(&layout, DMUMU_CUBE_STATE, done, state);
    }
    assert_true(dmumu_cube_layout_close(&layout));
    assert_true(H5Fclose(file) >= 0);
    H5Pclose(access);
    H5Pclose(creation);
}

static void whole_cube_is_read(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    char hash[DMUMU_SHA256_HEX];
    make_cube(*state, &spec, N_CURVES, false);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    assert_int_equal(info.n_curves, N_CURVES);
    assert_int_equal(info.n_done, N_CURVES);
    assert_false(info.finished);
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        assert_int_equal(info.axis[i].n, spec.axis[i].n);
        assert_memory_equal(info.axis[i].values, spec.axis[i].values, spec.axis[i].n * sizeof(double));
        assert_int_equal(info.axis[i].log_spaced, spec.axis[i].log_spaced);
    }
    assert_int_equal(info.quality[DMUMU_QUALITY_OK], N_CURVES * N_RIGIDITY - 1);
    assert_int_equal(info.quality[DMUMU_QUALITY_NOT_CONFINED], 1);
    assert_int_equal(info.range[DMUMU_CUBE_D].n_nan, 1);
    assert_true(info.range[DMUMU_CUBE_D].min == 1e27 && info.range[DMUMU_CUBE_D].max == 1e27 * N_CURVES * N_RIGIDITY);
    assert_true(info.range[DMUMU_CUBE_D_ALFVEN].present && !info.range[DMUMU_CUBE_D_FAST].present);
    assert_int_equal(info.range[DMUMU_CUBE_X_C].n_nan, N_CURVES);
    assert_string_equal(dmumu_cube_info_attribute(&info, "title"), "A test");
    assert_string_equal(dmumu_cube_info_attribute(&info, "configuration"), "title: A test\n");
    assert_string_equal(dmumu_cube_info_attribute(&info, "ranks"), "3");
    assert_string_equal(dmumu_cube_info_attribute(&info, "data_hash"), DMUMU_CUBE_UNFINISHED);
    assert_null(dmumu_cube_info_attribute(&info, "none"));
    dmumu_cube_info_free(&info);
    assert_int_equal(dmumu_cube_info_hash(*state, hash, &error), DMUMU_OK);
    assert_int_equal(strlen(hash), 64);
}

static void only_done_points_count(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    char hash[DMUMU_SHA256_HEX];
    make_cube(*state, &spec, 5, false);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    assert_int_equal(info.n_done, 5);
    assert_int_equal(info.range[DMUMU_CUBE_D].n_numbers, 5 * N_RIGIDITY - 1);
    assert_int_equal(info.n_unknown_quality, 0);
    dmumu_cube_info_free(&info);
    assert_int_equal(dmumu_cube_info_hash(*state, hash, &error), DMUMU_ERROR_ARGUMENT);

    make_cube(*state, &spec, 0, false);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    assert_int_equal(info.n_done, 0);
    assert_true(isnan(info.range[DMUMU_CUBE_D].min) && isnan(info.range[DMUMU_CUBE_D].max));
    dmumu_cube_info_free(&info);
}

/* What must change data_hash changes it, and what must not does not. */
static void data_hash_is_of_the_values(void **state)
{
    struct dmumu_cube_spec spec = make_spec();
    struct dmumu_error error;
    char first[DMUMU_SHA256_HEX], second[DMUMU_SHA256_HEX];
    make_cube(*state, &spec, N_CURVES, false);
    assert_int_equal(dmumu_cube_info_hash(*state, first, &error), DMUMU_OK);

    spec.ranks = 77;
    spec.title = "Another title";
    make_cube(*state, &spec, N_CURVES, true);
    assert_int_equal(dmumu_cube_info_hash(*state, second, &error), DMUMU_OK);
    assert_string_equal(first, second);

    const double other[] = {1, 10, 100, 1001};
    spec.axis[4].values = other;
    make_cube(*state, &spec, N_CURVES, false);
    assert_int_equal(dmumu_cube_info_hash(*state, second, &error), DMUMU_OK);
    assert_string_not_equal(first, second);

    spec = make_spec();
    make_cube(*state, &spec, N_CURVES, false);
    const hid_t file = H5Fopen(*state, H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, "mu_star", H5P_DEFAULT);
    float mu_star[N_CURVES * N_RIGIDITY];
    H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, mu_star);
    mu_star[N_CURVES * N_RIGIDITY - 1] = 0.5F;
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, mu_star);
    H5Dclose(dataset);
    H5Fclose(file);
    assert_int_equal(dmumu_cube_info_hash(*state, second, &error), DMUMU_OK);
    assert_string_not_equal(first, second);
}

static void physics_hash_is_of_text_and_version(void **state)
{
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    char ours[DMUMU_SHA256_HEX], expected[DMUMU_SHA256_HEX];
    (void)state;
    dmumu_sha256_begin(&hash);
    dmumu_sha256_add(&hash, "physics\n\n" DMUMU_VERSION, strlen("physics\n\n" DMUMU_VERSION));
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, expected);
    dmumu_cube_physics_hash("physics\n", ours);
    assert_string_equal(ours, expected);
}

/* HDF5 keeps attributes up to 64 KiB in the object header: longer ones must do as well. */
static void long_configuration_survives(void **state)
{
    struct dmumu_cube_spec spec = make_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    const size_t length = 300000;
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, 'y', length);
    text[length] = '\0';
    spec.configuration = text;
    make_cube(*state, &spec, N_CURVES, false);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    assert_string_equal(dmumu_cube_info_attribute(&info, "configuration"), text);
    dmumu_cube_info_free(&info);
    free(text);
}

static void assert_refused(const char *path, const char *reason)
{
    struct dmumu_cube_info info;
    struct dmumu_error error = {.message = ""};
    char hash[DMUMU_SHA256_HEX];
    assert_int_equal(dmumu_cube_info_read(path, &info, &error), DMUMU_ERROR_FILE);
    if (strstr(error.message, reason) == NULL || strstr(error.message, path) == NULL) {
        fail_msg("'%s' says neither '%s' nor the path", error.message, reason);
    }
    dmumu_cube_info_free(&info);
    assert_int_equal(dmumu_cube_info_hash(path, hash, &error), DMUMU_ERROR_FILE);
}

static void what_is_no_cube_is_refused(void **state)
{
    const char *path = *state;
    assert_refused("/nonexistent/cube.h5", "No such file");
    assert_refused("/tmp", "not a file");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_refused(path, "not a cube");
    file = fopen(path, "w");
    fputs("this is a text, longer than a signature of HDF5 is", file);
    fclose(file);
    assert_refused(path, "not a cube");
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    assert_refused(path, "no axis region");
}

static void a_truncated_cube_is_refused(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    const long cuts[] = {1, 100, 5000};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        make_cube(*state, &spec, N_CURVES, false);
        FILE *file = fopen(*state, "r");
        fseek(file, 0, SEEK_END);
        const long length = ftell(file);
        fclose(file);
        assert_int_equal(truncate(*state, length - cuts[i]), 0);
        assert_refused(*state, "damaged");
    }
}

/* Replace one dataset by another of this type and shape, or by nothing. */
static void replace(const char *path, const char *name, hid_t type, int rank, const hsize_t dims[])
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    if (rank > 0) {
        const hid_t space = H5Screate_simple(rank, dims, NULL);
        H5Dclose(H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        H5Sclose(space);
    }
    H5Fclose(file);
}

static void wrong_datasets_are_refused(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    const hsize_t right[] = {2, 2, 1, 3, 4}, wrong[] = {2, 2, 1, 3, 5}, none[] = {0};
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "quality", H5T_STD_U8LE, 0, NULL);
    assert_refused(*state, "no variable quality");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "D", H5T_IEEE_F32LE, 5, right);
    assert_refused(*state, "D has the wrong type");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "state", H5T_STD_I8LE, 4, right);
    assert_refused(*state, "state has the wrong type");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "D", H5T_IEEE_F64LE, 4, right);
    assert_refused(*state, "D has not 5 dimensions");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "D_alfven", H5T_IEEE_F64LE, 5, wrong);
    assert_refused(*state, "D_alfven has 5 values along rigidity");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "beta", H5T_IEEE_F64LE, 1, none);
    assert_refused(*state, "axis beta has 0 values");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "injection_scale", H5T_IEEE_F64LE, 1, (const hsize_t[]){3}); /* all zero: not ascending */
    assert_refused(*state, "injection_scale");
}

/* Flip one byte after another in a file, and read it each time. */
static void flip_and_read(const char *path)
{
    FILE *file = fopen(path, "r+");
    fseek(file, 0, SEEK_END);
    const long length = ftell(file);
    for (long at = 0; at < length; at += 61) {
        struct dmumu_cube_info info;
        struct dmumu_error error;
        fseek(file, at, SEEK_SET);
        const int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x5a, file);
        fflush(file);
        (void)dmumu_cube_info_read(path, &info, &error);
        dmumu_cube_info_free(&info);
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fflush(file);
    }
    fclose(file);
}

/*
 * No byte that is flipped makes the reader crash or hang; what it says of the file is another matter. In a process of
 * its own, since HDF5 loses memory over damaged headers.
 */
static void flipped_bytes_do_no_harm(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    int result = -1;
    make_cube(*state, &spec, N_CURVES, false);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(120);
        flip_and_read(*state);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    dmumu_cube_info_free(&info);
}

static void specs_that_make_no_cube_are_refused(void **state)
{
    const double descending[] = {1.0, 0.1}, infinite[] = {0.1, INFINITY}, no_region[] = {0, 2};
    struct dmumu_cube_spec spec = make_spec();
    struct dmumu_error error;
    (void)state;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_OK);
    spec.axis[1].values = descending;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "alfven_mach"));
    spec.axis[1].values = infinite;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    spec = make_spec();
    spec.axis[0].values = no_region;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    spec = make_spec();
    spec.axis[4].n = 0;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
}

static void size_on_disk_is_foretold(void **state)
{
    const struct dmumu_cube_spec spec = make_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    make_cube(*state, &spec, N_CURVES, false);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    assert_true(dmumu_cube_bytes(&spec) >= info.bytes && dmumu_cube_bytes(&spec) < info.bytes + 65536);
    dmumu_cube_info_free(&info);
}

#define WITH_PATH(test) cmocka_unit_test_setup_teardown(test, new_path, remove_path)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PATH(whole_cube_is_read),          WITH_PATH(only_done_points_count),
        WITH_PATH(data_hash_is_of_the_values),  cmocka_unit_test(physics_hash_is_of_text_and_version),
        WITH_PATH(long_configuration_survives), WITH_PATH(what_is_no_cube_is_refused),
        WITH_PATH(a_truncated_cube_is_refused), WITH_PATH(wrong_datasets_are_refused),
        WITH_PATH(flipped_bytes_do_no_harm),    cmocka_unit_test(specs_that_make_no_cube_are_refused),
        WITH_PATH(size_on_disk_is_foretold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
