/* Models: a user's own from files made here, and each kind of bad input with the words that explain it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/models_file.h"

#include "close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[4096];

static const char *write_file(const char *text)
{
    const char *folder = getenv("DMUMU_TEST_DIR");
    (void)snprintf(path, sizeof path, "%s/models_%ld.yaml", folder ? folder : "/tmp", (long)getpid());
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

static void test_models(void **state)
{
    (void)state;
    struct dmumu_models models;
    struct dmumu_error error = {DMUMU_OK, ""};
    const char *name = write_file("plain: {d0_cm2_s: 4e28, slope: 0.5}\n"
                                  "full-1:\n"
                                  "  title: 'mine: with a colon'\n"
                                  "  source: a talk\n"
                                  "  d0_cm2_s: 2.0e+28\n"
                                  "  rigidity_gv: 4\n"
                                  "  velocity_power: -0.5\n"
                                  "  slope: 0.5\n"
                                  "  low: {rigidity_gv: 5, slope: 0.1, smoothness: 0.05}\n"
                                  "  high: {rigidity_gv: 300, slope: 0.3, smoothness: 0}\n"
                                  "  halo_height_kpc: 5\n"
                                  "  alfven_speed_km_s: 10\n"
                                  "  adds_advection: true\n"
                                  "  from_gv: 2\n"
                                  "  to_gv: 2000\n");
    if (dmumu_models_read(name, &models, &error) != DMUMU_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(models.n, 2);
    const struct dmumu_parametrisation *plain = dmumu_models_find(&models, "plain");
    const double r = 1e4;
    double d = 0.0;
    dmumu_parametrisation_d(plain, DMUMU_H1, 1, &r, &d);
    assert_close(d, 4e30, 1e-8);
    assert_string_equal(plain->title, "plain");
    assert_string_equal(plain->source, name);
    assert_true(isnan(plain->halo_height_kpc) && isnan(plain->low.rigidity_gv) && !plain->adds_advection);
    const struct dmumu_parametrisation *full = dmumu_models_find(&models, "full-1");
    assert_string_equal(full->title, "mine: with a colon");
    assert_string_equal(full->source, "a talk");
    assert_true(full->d0_cm2_s == 2e28 && full->rigidity_gv == 4.0 && full->velocity_power == -0.5);
    assert_true(full->low.rigidity_gv == 5.0 && full->low.slope == 0.1 && full->low.smoothness == 0.05);
    assert_true(full->high.rigidity_gv == 300.0 && full->high.slope == 0.3 && full->high.smoothness == 0.0);
    assert_true(full->halo_height_kpc == 5.0 && full->alfven_speed_km_s == 10.0 && full->adds_advection);
    assert_true(full->from_gv == 2.0 && full->to_gv == 2000.0);
    assert_ptr_equal(dmumu_models_find(&models, "max"), dmumu_parametrisation_find("max"));
    assert_null(dmumu_models_find(&models, "other"));
    assert_non_null(dmumu_models_find(NULL, "min"));
    dmumu_models_free(&models);
}

static void test_bad_input(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says[3];
    } cases[] = {
        {"mine:\n  d0_cm2_s: 4e28\n", {":1:", "mine.slope is missing", "a number from -10 to 10"}},
        {"mine:\n  slope: 0.5\n", {":1:", "mine.d0_cm2_s is missing", "cm^2/s"}},
        {"mine:\n  d0_cm2_s: 4e28\n  slopes: 0.5\n",
         {":3:", "mine.slopes: unknown key 'slopes'", "did you mean 'slope'?"}},
        {"mine:\n  d0_cm2_s: large\n  slope: 0.5\n",
         {":2:", "mine.d0_cm2_s: 'large' is not a number", "1e+15 to 1e+45"}},
        {"mine:\n  d0_cm2_s: -4e28\n  slope: 0.5\n", {":2:", "'-4e28' is out of range", ""}},
        {"mine: {d0_cm2_s: 4e28, slope: 0.5,\n  high: {slope: 0.1, smoothness: 0.1}}\n",
         {":2:", "mine.high.rigidity_gv is missing", "GV"}},
        {"mine: {d0_cm2_s: 4e28, slope: 0.5,\n  adds_advection: yes}\n",
         {":2:", "'yes' is unknown", "one of: false, true"}},
        {"mine: {d0_cm2_s: 4e28, slope: 0.5,\n  adds_advection: true}\n",
         {":1:", "adds_advection needs halo_height_kpc", ""}},
        {"max: {d0_cm2_s: 4e28, slope: 0.5}\n", {":1:", "'max' is a published model", "another name"}},
        {"my model: {d0_cm2_s: 4e28, slope: 0.5}\n", {":1:", "'my model' is no name", "letters"}},
        {"mine: 4e28\n", {":1:", "mine is no section", ""}},
        {"mine: {d0_cm2_s: 4e28, slope: 0.5}\nmine: {d0_cm2_s: 4e28, slope: 0.5}\n", {":2:", "given twice", ""}},
        {"- d0_cm2_s\n", {":1:", "no models", ""}},
        {"", {":1:", "no models", ""}},
        {"mine: [\n", {"not YAML", "", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dmumu_models models = {0, NULL, NULL};
        struct dmumu_error error = {DMUMU_OK, ""};
        const char *name = write_file(cases[i].text);
        assert_int_equal(dmumu_models_read(name, &models, &error), DMUMU_ERROR_INPUT);
        assert_null(models.model);
        assert_non_null(strstr(error.message, name));
        for (int k = 0; k < 3; k++) {
            if (!strstr(error.message, cases[i].says[k])) {
                fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says[k]);
            }
        }
    }
    struct dmumu_models models = {0, NULL, NULL};
    assert_int_equal(dmumu_models_read("/no/such/file", &models, NULL), DMUMU_ERROR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models), cmocka_unit_test(test_bad_input)};
    return cmocka_run_group_tests(tests, NULL, remove_file);
}
