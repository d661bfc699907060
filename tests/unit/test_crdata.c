/* Measurements: files made here, each kind of malformed line with the words that explain it, and every file of cr/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/crdata.h"

#include "close.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[4096];

static const char *write_file(const char *text)
{
    const char *folder = getenv("DMUMU_TEST_DIR");
    (void)snprintf(path, sizeof path, "%s/crdata_%ld.txt", folder ? folder : "/tmp", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static int remove_file(void **state)
{
    (void)state;
    (void)remove(path);
    return 0;
}

#define HEADER                                                                                                         \
    "#Source: made here\n#Ref: 10.1/x (2020X)\n#Experiment: AMS-02\n#Y Quantity: B_C\n#X Quantity: rigidity\n"

static void test_kiss(void **state)
{
    (void)state;
    struct dmumu_crdata data;
    struct dmumu_error error;
    const char *name =
        write_file(HEADER "#Comments: none\n2.0 0.30 0.01 0.02 0.03 0.04 \n\n 2e2\t1e-1\t1e-3 1e-3 0 0\r\n");
    assert_int_equal(dmumu_crdata_read(name, NULL, DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_OK);
    assert_string_equal(data.quantity, "B_C");
    assert_string_equal(data.experiment, "AMS-02");
    assert_string_equal(data.reference, "10.1/x (2020X)");
    assert_int_equal(data.axis, DMUMU_CRDATA_RIGIDITY);
    assert_int_equal(data.n, 2);
    static const double first[] = {2.0, 0.30, 0.01, 0.02, 0.03, 0.04};
    for (int i = 0; i < DMUMU_CRDATA_COLUMNS; i++) {
        assert_true(data.point[0].column[i] == first[i]);
    }
    assert_close(dmumu_crdata_sigma(&data.point[0], DMUMU_ERRORS_QUADRATURE), hypot(0.015, 0.035), 1e-14);
    assert_close(dmumu_crdata_sigma(&data.point[0], DMUMU_ERRORS_LINEAR), 0.05, 1e-14);
    assert_close(dmumu_crdata_sigma(&data.point[0], DMUMU_ERRORS_STATISTICAL), 0.015, 1e-14);
    enum dmumu_ratio ratio = DMUMU_N_RATIOS;
    enum dmumu_abscissa abscissa = DMUMU_PER_ENERGY;
    assert_true(dmumu_crdata_ratio(&data, &ratio, &abscissa));
    assert_true(ratio == DMUMU_RATIO_B_C && abscissa == DMUMU_PER_RIGIDITY);
    dmumu_crdata_cut(&data, 10.0, 200.0);
    assert_int_equal(data.n, 1);
    assert_true(data.point[0].column[DMUMU_CRDATA_X] == 200.0);
    dmumu_crdata_free(&data);
}

/* What was asked for goes before the header; without either it is an error. */
static void test_labels_by_option(void **state)
{
    (void)state;
    struct dmumu_crdata data;
    struct dmumu_error error;
    const char *name = write_file("10 0.2 0 0 0.1 0.1\n");
    assert_int_equal(dmumu_crdata_read(name, "B/O", DMUMU_CRDATA_ENERGY_PER_NUCLEON, &data, &error), DMUMU_OK);
    assert_string_equal(data.quantity, "B_O");
    enum dmumu_ratio ratio = DMUMU_N_RATIOS;
    enum dmumu_abscissa abscissa = DMUMU_PER_RIGIDITY;
    assert_true(dmumu_crdata_ratio(&data, &ratio, &abscissa));
    assert_true(ratio == DMUMU_RATIO_B_O && abscissa == DMUMU_PER_ENERGY);
    /* 10 GeV/n is 21.8 GV for carbon */
    assert_close(dmumu_crdata_rigidity_gv(data.axis, DMUMU_C12, 10.0), 21.783, 1e-4);
    dmumu_crdata_cut(&data, 21.0, 22.0);
    assert_int_equal(data.n, 1);
    dmumu_crdata_free(&data);
    assert_int_equal(dmumu_crdata_read(name, NULL, DMUMU_CRDATA_RIGIDITY, &data, &error), DMUMU_ERROR_INPUT);
    assert_non_null(strstr(error.message, "what was measured"));
    assert_int_equal(dmumu_crdata_read(name, "H", DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_INPUT);
    assert_non_null(strstr(error.message, "what x is"));
    assert_int_equal(dmumu_crdata_read(name, "H", DMUMU_CRDATA_ENERGY, &data, &error), DMUMU_OK);
    assert_false(dmumu_crdata_ratio(&data, &ratio, &abscissa));
    dmumu_crdata_free(&data);
}

static const char usine[] =
    "# quantity sub-exp axis <E> low up value stat- stat+ sys- sys+ url phi distance dates limit\n"
    "B/C AMS02 EKN 1.5 1 2 0.3 0.01 0.01 0.02 0.02 url 500 1 dates 0\n"
    "B/C AMS02 EKN 2.5 2 3 0.2 0.01 0.01 0.02 0.02 url 500 1 dates 1\n"
    "B/O AMS02 R 5.0 4 6 0.25 0.01 0.01 0.02 0.02 url 500 1 dates 0\n"
    "B/C AMS02 EKN 3.5 3 4 0.1 0.01 0.01 0.02 0.03\n";

static void test_usine(void **state)
{
    (void)state;
    struct dmumu_crdata data;
    struct dmumu_error error;
    const char *name = write_file(usine);
    assert_int_equal(dmumu_crdata_read(name, "b_c", DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_OK);
    assert_int_equal(data.n, 2);
    assert_int_equal(data.n_limits, 1);
    assert_string_equal(data.quantity, "B_C");
    assert_string_equal(data.experiment, "AMS02");
    assert_int_equal(data.axis, DMUMU_CRDATA_ENERGY_PER_NUCLEON);
    assert_true(data.point[1].column[DMUMU_CRDATA_X] == 3.5 && data.point[1].column[DMUMU_CRDATA_SYS_HIGH] == 0.03);
    dmumu_crdata_free(&data);
    assert_int_equal(dmumu_crdata_read(name, NULL, DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_INPUT);
    assert_non_null(strstr(error.message, ":4: column 1: 'B/O' is another quantity"));
    assert_int_equal(dmumu_crdata_read(name, "Be/B", DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_INPUT);
    assert_non_null(strstr(error.message, "no points of Be/B"));
}

/* File, line, column, value, and what would be right. */
static void test_malformed_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says[3];
    } cases[] = {
        {HEADER "2 0.3 0.01 0.01 0.02\n", {":6: the row has 5 columns", "it must have 6", "stat-"}},
        {HEADER "2 0.3 0.01 0.01 0.02 0.02 7\n", {":6: the row has 7 columns", "it must have 6", "sys+"}},
        {HEADER "2 0.3 0.01 0.01 0.02 0.02\n3 x.4 0 0 1 1\n",
         {":7: column 2: 'x.4' is not a number", "measured value", ""}},
        {HEADER "2 0.3 0.01 -0.01 0.02 0.02\n",
         {":6: column 4: '-0.01' is out of range", "upper statistical error", ">= 0"}},
        {HEADER "0 0.3 0.01 0.01 0.02 0.02\n", {":6: column 1: '0' is out of range", "abscissa", "> 0"}},
        {HEADER "2 nan 0.01 0.01 0.02 0.02\n", {":6: column 2: 'nan' is not a finite number", "", ""}},
        {HEADER "2 0.3 0.01 0.01 0.02 1e999\n",
         {":6: column 6: '1e999' is not a finite number", "upper systematic", ""}},
        {HEADER "2,0.3;0.01 0.01 0.02 0.02 0.1\n", {":6: column 2: '0.3;0.01' is not a number", "", ""}},
        {"#X Quantity: speed\n2 0.3 0 0 0 0\n", {":1: X Quantity: 'speed' is unknown", "rigidity", ""}},
        {HEADER, {"no points", "x, y, stat-", ""}},
        {"B/C AMS02 EKN 1 1 1 1\n", {":1: the row has 7 columns", "11 or more", "quantity"}},
        {"B/C AMS02 XYZ 1 1 1 1 0 0 0 0\n", {":1: column 3: 'XYZ' is unknown", "R, EKN or EK", ""}},
        {"B/C AMS02 R 1 1 1 ? 0 0 0 0\n", {":1: column 7: '?' is not a number", "", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dmumu_crdata data = {0};
        struct dmumu_error error = {DMUMU_OK, ""};
        const char *name = write_file(cases[i].text);
        assert_int_equal(dmumu_crdata_read(name, NULL, DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_INPUT);
        assert_null(data.point);
        assert_non_null(strstr(error.message, name));
        for (int k = 0; k < 3; k++) {
            if (!strstr(error.message, cases[i].says[k])) {
                fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says[k]);
            }
        }
    }
    struct dmumu_crdata data = {0};
    struct dmumu_error error = {DMUMU_OK, ""};
    assert_int_equal(dmumu_crdata_read("/no/such/file", NULL, DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_FILE);
    assert_int_equal(dmumu_crdata_read("/", NULL, DMUMU_CRDATA_UNKNOWN, &data, &error), DMUMU_ERROR_FILE);
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* Every file of cr/: read whole, as many points as it has rows, labels as in its name. */
static void test_every_file_of_the_reference_data(void **state)
{
    (void)state;
    const char *folder = getenv("DMUMU_REFERENCE_DATA");
    char cr[2048];
    (void)snprintf(cr, sizeof cr, "%s/cr", folder && *folder ? folder : "../shared/data");
    DIR *directory = opendir(cr);
    if (!directory) {
        print_message("%s is not there (DMUMU_REFERENCE_DATA names the folder): skipped\n", cr);
        skip();
        return;
    }
    size_t files = 0;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (!ends_with(entry->d_name, ".txt") || strstr(entry->d_name, "mbarn")) {
            continue;
        }
        char name[4096];
        (void)snprintf(name, sizeof name, "%s/%s", cr, entry->d_name);
        struct dmumu_crdata data;
        struct dmumu_error error = {DMUMU_OK, ""};
        if (dmumu_crdata_read(name, NULL, DMUMU_CRDATA_UNKNOWN, &data, &error) != DMUMU_OK) {
            fail_msg("%s", error.message);
        }
        assert_true(data.n >= 13 && data.n <= 72);
        assert_non_null(strstr(entry->d_name, data.experiment));
        assert_non_null(strstr(entry->d_name, data.quantity));
        assert_non_null(strstr(entry->d_name, dmumu_crdata_axis_name(data.axis)));
        for (size_t i = 0; i < data.n; i++) {
            assert_true(dmumu_crdata_sigma(&data.point[i], DMUMU_ERRORS_QUADRATURE) > 0.0);
        }
        dmumu_crdata_free(&data);
        files++;
    }
    (void)closedir(directory);
    print_message("%zu files\n", files);
    assert_true(files >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kiss),
        cmocka_unit_test(test_labels_by_option),
        cmocka_unit_test(test_usine),
        cmocka_unit_test(test_malformed_lines),
        cmocka_unit_test(test_every_file_of_the_reference_data),
    };
    return cmocka_run_group_tests(tests, NULL, remove_file);
}
