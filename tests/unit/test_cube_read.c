/* The serial side of the cube: layout, provenance, hash and reader, on whole, unfinished and damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cube/cube.h"
#include "cube/guard.h"
#include "cube/hash.h"
#include "cube/hdf.h"
#include "cube/layout.h"
#include "cube/provenance.h"
#include "cube/read.h"
#include "tiny_cube.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_CURVES = TINY_CURVES, N_RIGIDITY = TINY_RIGIDITIES };

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

static void make_cube(const char *path, const struct dmumu_cube_spec *spec, uint64_t done, bool minus)
{
    assert_true(tiny_cube_make(path, spec, done, minus));
}

static void whole_cube_is_read(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
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
    const struct dmumu_cube_spec spec = tiny_cube_spec();
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
    struct dmumu_cube_spec spec = tiny_cube_spec();
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

    spec = tiny_cube_spec();
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
    struct dmumu_cube_spec spec = tiny_cube_spec();
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

/* n times 'x', n < 300; overwritten by the next call. */
static const char *text_of(size_t n)
{
    static char text[300];
    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

/* The whole file in memory, owned by the caller. */
static unsigned char *load(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    unsigned char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    rewind(file);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

/*
 * A writer that is killed while it writes the end, or that the scan goes on, must leave a file that opens. So all that
 * these change is in the first page, whatever else the file holds: the kernel copies a page whole or not at all.
 */
static void what_changes_later_is_in_the_first_page(void **state)
{
    enum { PAGE = 4096, NOTES = 30 };
    const char *path = *state;
    struct dmumu_cube_spec spec = tiny_cube_spec();
    struct dmumu_error error;
    char text[50001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *const configurations[] = {"title: A test\n", text};
    for (size_t c = 0; c < 2; c++) {
        size_t before_length, after_length, changed = 0;
        spec.configuration = configurations[c];
        make_cube(path, &spec, 5, false);
        unsigned char *before = load(path, &before_length);
        for (int i = 0; i <= NOTES; i++) {
            const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
            assert_int_equal(dmumu_cube_provenance_note(file, "2026-01-01T00:00:00Z", "resumed", &error), DMUMU_OK);
            if (i == NOTES) {
                assert_int_equal(dmumu_cube_provenance_end(file, text, "2026-01-02T00:00:00Z", &error), DMUMU_OK);
            }
            assert_true(H5Fclose(file) >= 0);
        }
        unsigned char *after = load(path, &after_length);
        assert_int_equal(before_length, after_length);
        for (size_t i = 0; i < before_length; i++) {
            changed += before[i] != after[i];
            if (i >= PAGE) {
                assert_int_equal(before[i], after[i]);
            }
        }
        assert_true(changed > 64 + 1000);
        free(before);
        free(after);
    }
}

/* The first line, where it began, stays; of the others the last; all within what was reserved. */
static void a_full_history_keeps_its_first_and_last_lines(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    struct dmumu_cube_info info;
    struct dmumu_error error;
    make_cube(*state, &spec, 5, false);
    const hid_t file = H5Fopen(*state, H5F_ACC_RDWR, H5P_DEFAULT);
    for (int i = 0; i < 50; i++) {
        char done[400];
        snprintf(done, sizeof done, "resumed for the %dth time%s", i, i == 20 ? text_of(250) : "");
        assert_int_equal(dmumu_cube_provenance_note(file, "2026-01-01T00:00:00Z", done, &error), DMUMU_OK);
    }
    H5Fclose(file);
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    const char *history = dmumu_cube_info_attribute(&info, "history");
    assert_non_null(history);
    assert_true(strlen(history) <= 1536 && strlen(history) > 1000);
    const char *first = strstr(history, "begun on 2 hosts, 3 ranks x 4 threads\n");
    assert_true(first != NULL && first < strchr(history, '\n'));
    assert_non_null(strstr(history, "resumed for the 49th time"));
    assert_non_null(strstr(history, "resumed for the 48th time"));
    assert_null(strstr(history, "resumed for the 0th time"));
    dmumu_cube_info_free(&info);
}

static void assert_unreadable(const char *path, const char *reason)
{
    struct dmumu_cube_info info;
    struct dmumu_error error = {.message = ""};
    assert_int_equal(dmumu_cube_info_read(path, &info, &error), DMUMU_ERROR_FILE);
    if (strstr(error.message, reason) == NULL || strstr(error.message, path) == NULL) {
        fail_msg("'%s' says neither '%s' nor the path", error.message, reason);
    }
    dmumu_cube_info_free(&info);
}

/* No cube at all: it cannot be hashed either. */
static void assert_refused(const char *path, const char *reason)
{
    struct dmumu_error error;
    char hash[DMUMU_SHA256_HEX];
    assert_unreadable(path, reason);
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

static long length_of(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const long length = ftell(file);
    fclose(file);
    return length;
}

static void a_truncated_cube_is_refused(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    const long cuts[] = {1, 100, 5000};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        make_cube(*state, &spec, N_CURVES, false);
        assert_int_equal(truncate(*state, length_of(*state) - cuts[i]), 0);
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
    const struct dmumu_cube_spec spec = tiny_cube_spec();
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

static void flip_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    const int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 0x5a, file);
    fclose(file);
}

/* All that `dmumu info` may say of a file. */
static void take_bytes(struct dmumu_sha256 *hash, const void *bytes, size_t n)
{
    dmumu_sha256_add(hash, bytes, n);
}

static void digest_info(const struct dmumu_cube_info *info, char hex[static DMUMU_SHA256_HEX])
{
    struct dmumu_sha256 hash;
    uint8_t digest[DMUMU_SHA256_BYTES];
    dmumu_sha256_begin(&hash);
    for (int i = 0; i < DMUMU_CUBE_N_AXES; i++) {
        take_bytes(&hash, info->axis[i].values, info->axis[i].n * sizeof(double));
        take_bytes(&hash, &info->axis[i].log_spaced, sizeof info->axis[i].log_spaced);
    }
    take_bytes(&hash, &info->n_done, sizeof info->n_done);
    take_bytes(&hash, info->quality, sizeof info->quality);
    for (int i = 0; i < DMUMU_CUBE_N_VARIABLES; i++) {
        const struct dmumu_cube_info_range *range = &info->range[i];
        const double numbers[] = {range->min, range->max, range->sum, (double)range->n_nan};
        take_bytes(&hash, numbers, sizeof numbers);
    }
    for (size_t i = 0; i < info->n_attributes; i++) {
        take_bytes(&hash, info->attribute[i].name, strlen(info->attribute[i].name));
        take_bytes(&hash, info->attribute[i].text, strlen(info->attribute[i].text));
    }
    dmumu_sha256_end(&hash, digest);
    dmumu_sha256_hex(digest, hex);
}

/* dmumu_guard_work: what is read of the file, into a pipe. */
static enum dmumu_status digest_file(const char *path, void *out, struct dmumu_error *error)
{
    struct dmumu_cube_info info;
    char hex[DMUMU_SHA256_HEX] = "";
    signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test, in the child */
    signal(SIGBUS, SIG_DFL);
    enum dmumu_status status = dmumu_cube_info_read(path, &info, error);
    if (status == DMUMU_OK) {
        status = dmumu_cube_info_scales(path, error);
    }
    if (status == DMUMU_OK) {
        digest_info(&info, hex);
        status = write(*(int *)out, hex, sizeof hex) == (ssize_t)sizeof hex ? DMUMU_OK : DMUMU_ERROR_INTERNAL;
    }
    dmumu_cube_info_free(&info);
    return status;
}

/* Read a file under a guard: its digest, or "" and a message that names the file. */
static void read_guarded(const char *path, char hex[static DMUMU_SHA256_HEX])
{
    struct dmumu_error error = {.message = ""};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    hex[0] = '\0';
    if (dmumu_cube_guard(path, digest_file, &ends[1], &error) == DMUMU_OK) {
        assert_int_equal(read(ends[0], hex, DMUMU_SHA256_HEX), DMUMU_SHA256_HEX);
    } else if (strstr(error.message, path) == NULL) {
        fail_msg("'%s' does not name the file", error.message);
    }
    close(ends[0]);
    close(ends[1]);
}

/* Of a damaged file the reader says that it is, or just what it says of the whole one: nothing false, and no crash. */
static void no_flipped_byte_changes_what_is_read(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    char whole[DMUMU_SHA256_HEX], read[DMUMU_SHA256_HEX];
    int refused = 0, unchanged = 0;
    make_cube(*state, &spec, N_CURVES, false);
    assert_true(tiny_cube_finish(*state));
    read_guarded(*state, whole);
    assert_int_equal(strlen(whole), DMUMU_SHA256_HEX - 1);
    const long length = length_of(*state);
    for (long at = 0; at < length; at += 97) {
        flip_byte(*state, at);
        read_guarded(*state, read);
        flip_byte(*state, at);
        if (read[0] != '\0' && strcmp(read, whole) != 0) {
            fail_msg("a flip of byte %ld of %ld goes unnoticed", at, length);
        }
        refused += read[0] == '\0';
        unchanged += read[0] != '\0';
    }
    print_message("%d refused, %d in bytes without meaning\n", refused, unchanged);
    assert_true(refused > 2 * unchanged);
}

/* Write one value of a dataset anew, as damage would. */
static void set_value(const char *path, const char *name, hid_t type, hsize_t n, hsize_t at, const void *value)
{
    unsigned char values[N_CURVES * N_RIGIDITY * sizeof(double)];
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    assert_true(n * H5Tget_size(type) <= sizeof values);
    assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    memcpy(values + at * H5Tget_size(type), value, H5Tget_size(type));
    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void a_value_without_its_checksum_is_refused(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    const double d = 1.0, mach = 0.2;
    const float cost = 3.0F;
    const uint8_t none = 77, pending = DMUMU_CUBE_PENDING;
    struct dmumu_cube_info info;
    struct dmumu_error error;
    make_cube(*state, &spec, 5, false);
    set_value(*state, "D", H5T_NATIVE_DOUBLE, N_CURVES * N_RIGIDITY, 5 * N_RIGIDITY, &d); /* of a pending curve */
    assert_int_equal(dmumu_cube_info_read(*state, &info, &error), DMUMU_OK);
    dmumu_cube_info_free(&info);
    set_value(*state, "D", H5T_NATIVE_DOUBLE, N_CURVES * N_RIGIDITY, 4 * N_RIGIDITY, &d);
    assert_unreadable(*state, "the values of curve 4 do not have the checksum");
    make_cube(*state, &spec, 5, false);
    set_value(*state, "cost", H5T_NATIVE_FLOAT, N_CURVES, 2, &cost);
    assert_unreadable(*state, "the values of curve 2 do not have the checksum");
    make_cube(*state, &spec, N_CURVES, false);
    set_value(*state, "alfven_mach", H5T_NATIVE_DOUBLE, 2, 0, &mach);
    assert_unreadable(*state, "header_hash");
    make_cube(*state, &spec, N_CURVES, false);
    set_value(*state, "state", H5T_NATIVE_UINT8, N_CURVES, 7, &none);
    assert_unreadable(*state, "the state of curve 7 is 77");
    make_cube(*state, &spec, N_CURVES, false);
    assert_true(tiny_cube_finish(*state));
    set_value(*state, "state", H5T_NATIVE_UINT8, N_CURVES, 7, &pending);
    assert_unreadable(*state, "1 of its curves are pending");
}

/* A dataset that another program has put in the place of ours, with values elsewhere, or nowhere. */
static void what_leads_out_of_the_file_is_refused(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
    const hsize_t dims[] = {2, 2, 1, 3, 4};
    make_cube(*state, &spec, N_CURVES, false);
    hid_t file = H5Fopen(*state, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "D", H5P_DEFAULT);
    assert_true(H5Lcreate_external("/etc/passwd", "D", file, "D", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    assert_refused(*state, "D is a link");
    make_cube(*state, &spec, N_CURVES, false);
    file = H5Fopen(*state, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "D", H5P_DEFAULT);
    const hid_t space = H5Screate_simple(5, dims, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED);
    H5Dclose(H5Dcreate2(file, "D", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Pclose(creation);
    H5Fclose(file);
    assert_refused(*state, "not all values of D are in it");
    make_cube(*state, &spec, N_CURVES, false);
    replace(*state, "D", H5T_IEEE_F64LE, 5, dims); /* never written: no room in the file */
    assert_refused(*state, "not all values of D are in it");
    H5Sclose(space);
}

static void a_fifo_is_refused(void **state)
{
    unlink(*state);
    assert_int_equal(mkfifo(*state, 0600), 0);
    assert_refused(*state, "it is not a file"); /* and not waited for */
}

static void specs_that_make_no_cube_are_refused(void **state)
{
    const double descending[] = {1.0, 0.1}, infinite[] = {0.1, INFINITY}, no_region[] = {0, 2};
    struct dmumu_cube_spec spec = tiny_cube_spec();
    struct dmumu_error error;
    (void)state;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_OK);
    spec.axis[1].values = descending;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "alfven_mach"));
    spec.axis[1].values = infinite;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    spec = tiny_cube_spec();
    spec.axis[0].values = no_region;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
    spec = tiny_cube_spec();
    spec.axis[4].n = 0;
    assert_int_equal(dmumu_cube_spec_check(&spec, &error), DMUMU_ERROR_ARGUMENT);
}

static void size_on_disk_is_foretold(void **state)
{
    const struct dmumu_cube_spec spec = tiny_cube_spec();
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
        WITH_PATH(whole_cube_is_read),
        WITH_PATH(only_done_points_count),
        WITH_PATH(data_hash_is_of_the_values),
        cmocka_unit_test(physics_hash_is_of_text_and_version),
        WITH_PATH(long_configuration_survives),
        WITH_PATH(what_is_no_cube_is_refused),
        WITH_PATH(a_truncated_cube_is_refused),
        WITH_PATH(wrong_datasets_are_refused),
        WITH_PATH(no_flipped_byte_changes_what_is_read),
        WITH_PATH(a_value_without_its_checksum_is_refused),
        WITH_PATH(what_leads_out_of_the_file_is_refused),
        WITH_PATH(a_fifo_is_refused),
        cmocka_unit_test(specs_that_make_no_cube_are_refused),
        WITH_PATH(size_on_disk_is_foretold),
        WITH_PATH(what_changes_later_is_in_the_first_page),
        WITH_PATH(a_full_history_keeps_its_first_and_last_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
