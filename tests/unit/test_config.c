/*
 * Configuration: what is read, what is refused and in which words, and that what is written reads back to the same
 * bits. Runs in the project's root (inputs/); writes below $DMUMU_TEST_DIR, or /tmp.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/config.h"
#include "scan/config_keys.h"
#include "scan/config_scalar.h"
#include "scan/config_tree.h"

#include "brief.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define GOOD_AXES                                                                                                      \
    "axes:\n"                                                                                                          \
    "  region: [halo, disk]\n"                                                                                         \
    "  alfven_mach: {from: 0.1, to: 1.0, points: 4, spacing: linear}\n"                                                \
    "  beta: {values: [0.01, 0.14]}\n"                                                                                 \
    "  injection_scale_pc: {from: 10, to: 300, points: 3, spacing: log}\n"                                             \
    "  rigidity_gv: {from: 1, to: 1.0e6, points: 7, spacing: log}\n"

static struct dmumu_config read_good(const char *text, bool need_axes)
{
    struct dmumu_config config;
    struct dmumu_error error = {0};
    const enum dmumu_status status = dmumu_config_read_text(text, "t.yaml", need_axes, &config, &error);
    if (status != DMUMU_OK)
        fail_msg("refused: %s", error.message);
    return config;
}

static struct dmumu_config read_overrides(const char *path, const char *const overrides[], size_t n)
{
    struct dmumu_config config;
    struct dmumu_error error = {0};
    if (dmumu_config_read(path, overrides, n, false, &config, &error) != DMUMU_OK)
        fail_msg("refused: %s", error.message);
    return config;
}

/* ---- What is read ---- */

static void test_defaults_are_the_default_model(void **state)
{
    (void)state;
    struct dmumu_config config = read_overrides(NULL, NULL, 0);
    struct dmumu_model model;
    dmumu_model_default(&model);
    char *expected = dmumu_config_physics_text(&model), *found = dmumu_config_physics_text(&config.model);
    assert_string_equal(found, expected);
    for (int axis = 0; axis < DMUMU_N_AXES; axis++)
        assert_int_equal(config.grid.axis[axis].n, 0);
    assert_string_equal(config.title, dmumu_key_at_path("title")->fallback);
    free(expected);
    free(found);
    dmumu_config_free(&config);
}

/* Each default of the key table, set on its own, changes nothing. */
static void test_fallbacks_of_the_table_are_the_defaults(void **state)
{
    (void)state;
    struct dmumu_config defaults = read_overrides(NULL, NULL, 0);
    size_t tried = 0;
    for (size_t i = 0; dmumu_config_key(i); i++) {
        const char *path = dmumu_config_key(i), *fallback = dmumu_key_at_path(path)->fallback;
        if (!fallback)
            continue;
        char override[160];
        snprintf(override, sizeof override, "%s=%s", path, fallback);
        struct dmumu_config config = read_overrides(NULL, (const char *const[]){override}, 1);
        assert_string_equal(config.text, defaults.text);
        dmumu_config_free(&config);
        tried++;
    }
    assert_true(tried > 20);
    dmumu_config_free(&defaults);
}

static void test_axes(void **state)
{
    (void)state;
    struct dmumu_config config = read_good(GOOD_AXES, true);
    const struct dmumu_axis *axis = config.grid.axis;
    assert_int_equal(axis[DMUMU_AXIS_REGION].n, 2);
    assert_true(axis[DMUMU_AXIS_REGION].values[0] == DMUMU_DISK);
    assert_true(axis[DMUMU_AXIS_REGION].values[1] == DMUMU_HALO);
    assert_int_equal(axis[DMUMU_AXIS_ALFVEN_MACH].n, 4);
    assert_false(axis[DMUMU_AXIS_ALFVEN_MACH].log_spaced);
    assert_true(axis[DMUMU_AXIS_BETA].values[1] == 0.14);
    assert_true(axis[DMUMU_AXIS_INJECTION_SCALE].log_spaced);
    assert_true(axis[DMUMU_AXIS_RIGIDITY].values[3] == 1000.0);
    dmumu_config_free(&config);
}

static void test_model_and_regions(void **state)
{
    (void)state;
    struct dmumu_config config = read_good("title: 'A: \"title\"'\n"
                                           "model:\n"
                                           "  modes: [slow]\n"
                                           "  broadening: none\n"
                                           "  alfven_cascade: b06\n"
                                           "  harmonics: 3\n"
                                           "  confinement: none\n"
                                           "  truncation_angle: published\n"
                                           "  disk_prefactor: published\n"
                                           "  energy_fraction: {slow: 0.5}\n"
                                           "  tolerance: 1e-6\n"
                                           "halo: {damping: [], x_c: spitzer, density_cm3: 0.02}\n"
                                           "disk: {beta_follows: magnetic_field, density_cm3: 1, temperature_k: 8e3}\n",
                                           false);
    const struct dmumu_model *model = &config.model;
    assert_string_equal(config.title, "A: \"title\"");
    assert_false(model->modes[DMUMU_FAST] || model->modes[DMUMU_ALFVEN]);
    assert_true(model->modes[DMUMU_SLOW]);
    assert_int_equal(model->broadening, DMUMU_BROADENING_NONE);
    assert_int_equal(model->alfven_cascade, DMUMU_CASCADE_B06);
    assert_int_equal(model->harmonics, 3);
    assert_int_equal(model->confinement, DMUMU_CONFINEMENT_NONE);
    assert_int_equal(model->truncation_angle, DMUMU_VARIANT_PUBLISHED);
    assert_int_equal(model->disk_prefactor, DMUMU_VARIANT_PUBLISHED);
    assert_true(model->energy_fraction[DMUMU_SLOW] == 0.5 && model->energy_fraction[DMUMU_FAST] == 1.0);
    assert_true(model->tolerance == 1e-6);
    const struct dmumu_region_spec *halo = &model->region[DMUMU_HALO], *disk = &model->region[DMUMU_DISK];
    assert_false(halo->collisionless || halo->viscous);
    assert_true(isnan(halo->x_c) && isnan(halo->alfven_speed_km_s) && halo->density_cm3 == 0.02);
    assert_int_equal(disk->beta_follows, DMUMU_BETA_MAGNETIC_FIELD);
    assert_true(isnan(disk->magnetic_field_ug) && isnan(disk->alfven_speed_km_s) && disk->temperature_k == 8e3);
    assert_true(disk->x_c == 1e6 && disk->viscous);
    dmumu_config_free(&config);
}

/* ---- What is refused, and in which words ---- */

struct refusal {
    const char *text;
    const char *words[4]; /* all of which the message holds */
};

static void assert_words(const struct refusal *refusal, const struct dmumu_error *error)
{
    for (size_t i = 0; i < COUNT(refusal->words) && refusal->words[i]; i++)
        if (!strstr(error->message, refusal->words[i]))
            fail_msg("of '%s': no '%s' in '%s'", refusal->text, refusal->words[i], error->message);
}

static void assert_refused(const struct refusal *refusal, bool need_axes)
{
    struct dmumu_config config, untouched;
    memset(&config, 0x5a, sizeof config);
    memcpy(&untouched, &config, sizeof config);
    struct dmumu_error error = {0};
    const enum dmumu_status status = dmumu_config_read_text(refusal->text, "t.yaml", need_axes, &config, &error);
    if (status != DMUMU_ERROR_INPUT)
        fail_msg("'%s' gave %s", refusal->text, dmumu_status_text(status));
    assert_int_equal(error.status, DMUMU_ERROR_INPUT);
    assert_words(refusal, &error);
    assert_memory_equal(&config, &untouched, sizeof config);
}

static void assert_all_refused(const struct refusal refusals[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_refused(&refusals[i], false);
}

static void test_not_a_configuration(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"", {"t.yaml:1", "empty"}},
        {"# only a comment\n", {"t.yaml:1", "empty"}},
        {"\njust words\n", {"t.yaml:2", "key: value"}},
        {"- a\n- b\n", {"t.yaml:1", "key: value"}},
        {"title: a\nmodel: {harmonics: 1\n", {"t.yaml:3", "not YAML"}},
        {"title: a\n\tmodel: b\n", {"t.yaml:2", "not YAML"}},
        {"title: a\n---\ntitle: b\n", {"t.yaml:3", "second YAML document"}},
        {"title: a\nmodel: {}\ntitle: b\n", {"t.yaml:3", "'title'", "twice", "line 1"}},
        {"model:\n  harmonics: 1\n  harmonics: 2\n", {"t.yaml:3", "'harmonics'", "twice", "line 2"}},
        {"model: &loop {harmonics: *loop}\n", {"t.yaml:1", "nested"}},
        {"? [a]\n: 1\n", {"t.yaml:1", "key"}},
        {"title: \"a\\0b\"\n", {"t.yaml:1", "NUL"}},
        {"title: *nowhere\n", {"t.yaml:1", "not YAML", "alias"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_unknown_keys(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"\nmodle: {}\n", {"t.yaml:2", "'modle'", "did you mean 'model'"}},
        {"model:\n  tolerence: 1\n", {"t.yaml:2", "model.tolerence", "did you mean 'tolerance'"}},
        {"model: {Harmonics: 1}\n", {"t.yaml:1", "'Harmonics'", "did you mean 'harmonics'"}},
        {"model: {qqq: 1}\n", {"t.yaml:1", "'qqq'", "known here: modes, broadening"}},
        {"axes: {beta: {form: 1}}\n", {"axes.beta.form", "did you mean 'from'"}},
        {"model: {energy_fraction: {fats: 1}}\n", {"model.energy_fraction.fats", "did you mean 'fast'"}},
        {"halo: {magnetic_field: 1}\n", {"halo.magnetic_field", "did you mean 'magnetic_field_ug'"}},
        {"injection_scale_pc: 1\n",
         {"unknown key", "known here: title, lookup_tolerance, ", ", axes, model, disk, halo"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_wrong_types(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"title: [a]\n", {"t.yaml:1: title", "a list", "text"}},
        {"title:\n", {"t.yaml:1: title", "nothing", "text"}},
        {"model: 3\n", {"t.yaml:1: model", "'3'", "section"}},
        {"halo:\n", {"t.yaml:1: halo", "nothing", "section"}},
        {"model:\n  tolerance: small\n", {"t.yaml:2: model.tolerance", "'small'", "not a number", "1e-08 to 0.1"}},
        {"model: {tolerance: 1e-4x}\n", {"'1e-4x'", "not a number"}},
        {"model: {tolerance: 0x1p-10}\n", {"'0x1p-10'", "not a number"}},
        {"model: {tolerance: '1e-4'}\n", {"the text '1e-4'", "not a number"}},
        {"model: {tolerance: [1e-4]}\n", {"a list", "a number"}},
        {"model: {tolerance: null}\n", {"'null'", "not a number"}},
        {"model: {harmonics: 1.5}\n", {"model.harmonics", "'1.5'", "a whole number from 1 to 32"}},
        {"model: {harmonics: yes}\n", {"'yes'", "whole number"}},
        {"model: {modes: fast}\n", {"model.modes", "'fast'", "not a list", "fast, alfven, slow"}},
        {"model: {modes: [[fast]]}\n", {"model.modes", "a list", "fast, alfven, slow"}},
        {"model: {broadening: [yl08]}\n", {"model.broadening", "a list", "yl08, gaussian, none"}},
        {"axes: {beta: 0.1}\n", {"axes.beta", "'0.1'", "section"}},
        {"axes: {beta: {values: 0.1}}\n", {"axes.beta.values", "not a list", "0.001 to 30"}},
        {"axes: {beta: {values: [0.1, x]}}\n", {"axes.beta.values", "'x'", "not a number"}},
        {"axes: {region: halo}\n", {"axes.region", "not a list", "disk, halo"}},
        {"halo: {x_c: spizter}\n", {"halo.x_c", "'spizter'", "0.001 to 1e+30, or spitzer"}},
        {"halo: {x_c: [1]}\n", {"halo.x_c", "a list"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_unknown_words(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"model:\n  modes: [fast,\n    wave]\n", {"t.yaml:3", "model.modes", "'wave'", "fast, alfven, slow"}},
        {"model: {modes: [fast, slow, fast]}\n", {"'fast'", "twice"}},
        {"model: {modes: []}\n", {"t.yaml:1", "model.modes", "empty", "fast, alfven, slow"}},
        {"model: {broadening: ly08}\n", {"model.broadening", "'ly08'", "yl08, gaussian, none"}},
        {"model: {alfven_cascade: gs}\n", {"'gs'", "gs95, b06"}},
        {"model: {confinement: box}\n", {"'box'", "zone, none"}},
        {"model: {truncation_angle: right}\n", {"'right'", "formula, published"}},
        {"model: {disk_prefactor: 1}\n", {"'1'", "formula, published"}},
        {"disk: {damping: [ohmic]}\n", {"disk.damping", "'ohmic'", "collisionless, viscous"}},
        {"disk: {beta_follows: pressure}\n", {"'pressure'", "temperature, density, magnetic_field"}},
        {"axes: {region: [bulge]}\n", {"axes.region", "'bulge'", "disk, halo"}},
        {"axes: {region: []}\n", {"axes.region", "empty", "disk, halo"}},
        {"axes: {beta: {spacing: even}}\n", {"axes.beta.spacing", "'even'", "linear, log"}},
        {"model: {energy_fraction: {fast: 0, alfven: 0}}\n", {"model.energy_fraction", "0"}},
        {"model: {modes: [slow], energy_fraction: {slow: 0}}\n", {"model.energy_fraction", "0"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_not_finite(void **state)
{
    (void)state;
    static const char *const spellings[] = {".nan", "nan", "NaN", "-nan", ".inf", "-.inf", "inf", "-Infinity", "1e999"};
    for (size_t i = 0; i < COUNT(spellings); i++) {
        char text[100];
        snprintf(text, sizeof text, "title: a\nmodel:\n  tolerance: %s\n", spellings[i]);
        const struct refusal refusal = {text, {"t.yaml:3: model.tolerance", spellings[i], "finite", "1e-08 to 0.1"}};
        assert_refused(&refusal, false);
    }
    static const struct refusal refusals[] = {
        {"axes: {beta: {values: [0.1, .nan]}}\n", {"axes.beta.values", "'.nan'", "finite"}},
        {"halo: {x_c: .inf}\n", {"halo.x_c", "'.inf'", "finite"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

/* The ends of every range in the table are allowed, and what lies beyond is not. */
static void check_end(const char *path, enum dmumu_key_kind kind, double inside, double outside)
{
    char good[160], bad[160];
    const bool list = kind == DMUMU_KEY_NUMBERS;
    snprintf(good, sizeof good, "%s=%s%.17g%s", path, list ? "[" : "", inside, list ? "]" : "");
    snprintf(bad, sizeof bad, "%s=%s%.17g%s", path, list ? "[" : "", outside, list ? "]" : "");
    struct dmumu_config config;
    struct dmumu_error error = {0};
    const char *overrides[] = {good};
    if (dmumu_config_read(NULL, overrides, 1, false, &config, &error) == DMUMU_OK)
        dmumu_config_free(&config);
    else /* it may contradict other keys, but its range is fine */
        assert_null(strstr(error.message, "out of range"));
    overrides[0] = bad;
    assert_int_equal(dmumu_config_read(NULL, overrides, 1, false, &config, &error), DMUMU_ERROR_INPUT);
    const struct refusal refusal = {bad, {"--set", path, "out of range"}};
    assert_words(&refusal, &error);
}

static void test_ranges(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; dmumu_config_key(i); i++) {
        const char *path = dmumu_config_key(i);
        const struct dmumu_key *key = dmumu_key_at_path(path);
        const bool count = key->kind == DMUMU_KEY_COUNT;
        if (!count && key->kind != DMUMU_KEY_NUMBER && key->kind != DMUMU_KEY_NUMBER_OR_SPITZER &&
            key->kind != DMUMU_KEY_NUMBERS)
            continue;
        check_end(path, key->kind, key->low, count ? key->low - 1 : key->low - 1e-9);
        check_end(path, key->kind, key->high, count ? key->high + 1 : key->high * 1.000001);
        tried++;
    }
    assert_true(tried > 30);
}

static void test_axes_that_make_no_sense(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"axes:\n  beta:\n    from: 1\n    to: 0.5\n    points: 3\n    spacing: log\n",
         {"t.yaml:4", "axes.beta.to", "'0.5'", "larger than from, which is 1"}},
        {"axes: {beta: {from: 1, to: 1, points: 3, spacing: log}}\n", {"axes.beta.to", "not ascending"}},
        {"axes: {beta: {from: 0.5, to: 1, points: 1, spacing: log}}\n", {"axes.beta.points", "'1'", "2 or more"}},
        {"axes: {beta: {from: 0.5, to: 1, points: 0, spacing: log}}\n", {"axes.beta.points", "'0'", "1 to 10000"}},
        {"axes: {beta: {from: 0.5, to: 1, points: 010, spacing: log}}\n",
         {"axes.beta.points", "'010'", "leading zero", "1 to 10000"}},
        {"axes: {beta: {from: 0.5, to: 1, points: 09, spacing: log}}\n", {"axes.beta.points", "'09'", "leading zero"}},
        {"axes: {beta: {from: 0, to: 1, points: 2, spacing: log}}\n", {"axes.beta.from", "'0'", "0.001 to 30"}},
        {"axes: {beta: {from: -1, to: 1, points: 2, spacing: log}}\n", {"axes.beta.from", "'-1'", "0.001 to 30"}},
        {"axes: {beta: {from: 1, to: 1.000000000000001, points: 99, spacing: linear}}\n",
         {"axes.beta.points", "coincide"}},
        {"axes:\n  beta: {values: [0.5,\n    0.2]}\n", {"t.yaml:3", "'0.2' comes after '0.5'", "ascending"}},
        {"axes: {beta: {values: [0.5, 0.5]}}\n", {"axes.beta.values", "'0.5' comes after '0.5'"}},
        {"axes: {beta: {values: []}}\n", {"axes.beta.values", "empty"}},
        {"axes: {beta: {from: 0.5, values: [0.5]}}\n", {"axes.beta", "both"}},
        {"axes:\n\n  beta: {from: 0.5, points: 2, spacing: log}\n", {"t.yaml:3", "axes.beta.to is missing"}},
        {"axes: {beta: {from: 0.5, to: 1, points: 2}}\n", {"axes.beta.spacing is missing", "linear, log"}},
        {"axes: {beta: {}}\n", {"axes.beta.from is missing"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_missing_axes(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"title: a\n", {"t.yaml:1", "axes.region is missing", "disk, halo"}},
        {"title: a\naxes: {region: [halo]}\n", {"t.yaml:2", "axes.alfven_mach is missing", "values"}},
    };
    for (size_t i = 0; i < COUNT(refusals); i++)
        assert_refused(&refusals[i], true);
    struct dmumu_config config = read_good("axes: {region: [halo]}\n", false);
    assert_int_equal(config.grid.axis[DMUMU_AXIS_REGION].n, 1);
    assert_int_equal(config.grid.axis[DMUMU_AXIS_BETA].n, 0);
    dmumu_config_free(&config);
}

static void test_lookup_goal(void **state)
{
    (void)state;
    struct dmumu_config config = read_good("title: t\n", false);
    assert_true(config.lookup.tolerance == 0.0 && !strstr(config.text, "lookup"));
    dmumu_config_free(&config);
    config = read_good("lookup_tolerance: 2.0e-3\nmodel: {tolerance: 1.0e-3}\n", false);
    assert_true(config.lookup.tolerance == 2e-3 && config.lookup.share == 1.0);
    assert_true(config.lookup.rounds == 20 && config.lookup.values == 1e7);
    dmumu_config_free(&config);
    const char *text = "lookup_tolerance: 0.1\nlookup_share: 0.99\nlookup_rounds: 3\nlookup_values: 5e8\n";
    config = read_good(text, false);
    struct dmumu_config again = read_good(config.text, false);
    assert_string_equal(again.text, config.text);
    assert_true(again.lookup.share == 0.99 && again.lookup.rounds == 3 && again.lookup.values == 5e8);
    dmumu_config_free(&config);
    dmumu_config_free(&again);
}

static void test_lookup_goals_that_make_no_sense(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"\nlookup_tolerance: 0.9e-4\n",
         {"t.yaml:2: lookup_tolerance", "'9e-05'", "model.tolerance", "0.0001 or more"}},
        {"lookup_tolerance: 2\n", {"t.yaml:1: lookup_tolerance", "'2'", "from 1e-08 to 1"}},
        {"lookup_tolerance: 1e-3\nlookup_share: 0.2\n", {"t.yaml:2: lookup_share", "'0.2'", "from 0.5 to 1"}},
        {"lookup_tolerance: 1e-3\nlookup_rounds: 0\n", {"t.yaml:2: lookup_rounds", "'0'", "from 1 to 99"}},
        {"lookup_rounds: 3\n", {"t.yaml:1: lookup_rounds", "'3'", "without lookup_tolerance"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

static void test_contradictory_closures(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"halo:\n  alfven_speed_km_s: 10\n  density_cm3: 1\n", {"t.yaml:3", "halo.density_cm3", "'1'", "'10'"}},
        {"halo:\n  temperature_k: 1e4\n", {"t.yaml:2", "halo.temperature_k", "'1e4'", "beta_follows: temperature"}},
        {"disk: {beta_follows: density, magnetic_field_ug: 1}\n", {"disk.temperature_k is missing", "density needs"}},
        {"disk: {beta_follows: density, temperature_k: 1e4}\n", {"disk.magnetic_field_ug is missing"}},
        {"disk: {beta_follows: density, temperature_k: 1e4, magnetic_field_ug: 1, density_cm3: 1}\n",
         {"disk.density_cm3", "'1'", "contradicts beta_follows: density"}},
        {"disk: {beta_follows: density, temperature_k: 1e4, magnetic_field_ug: 1, alfven_speed_km_s: 1}\n",
         {"disk.alfven_speed_km_s", "contradicts"}},
        {"disk: {beta_follows: magnetic_field, temperature_k: 1e4}\n", {"disk.density_cm3 is missing"}},
        {"disk: {beta_follows: magnetic_field, density_cm3: 1}\n", {"disk.temperature_k is missing"}},
        {"disk: {beta_follows: magnetic_field, density_cm3: 1, temperature_k: 1, magnetic_field_ug: 1}\n",
         {"disk.magnetic_field_ug", "contradicts beta_follows: magnetic_field"}},
        {"disk: {beta_follows: magnetic_field, density_cm3: 1, temperature_k: 1, alfven_speed_km_s: 1}\n",
         {"disk.alfven_speed_km_s", "contradicts"}},
    };
    assert_all_refused(refusals, COUNT(refusals));
}

/* ---- Overrides ---- */

static void test_overrides_change_what_the_file_says(void **state)
{
    (void)state;
    static const char *const overrides[] = {"model.harmonics=2",         "model.harmonics=5",
                                            "axes.rigidity_gv.points=5", "axes.beta.values=[0.3]",
                                            "axes.region=[halo]",        "halo.density_cm3=0.1",
                                            "disk.x_c=spitzer",          "title=Changed",
                                            "model.modes=[slow]",        "axes.alfven_mach={values: [1]}"};
    struct dmumu_config config = read_overrides("inputs/galaxy.yaml", overrides, COUNT(overrides));
    const struct dmumu_axis *axis = config.grid.axis;
    assert_int_equal(config.model.harmonics, 5);
    assert_int_equal(axis[DMUMU_AXIS_RIGIDITY].n, 5);
    assert_int_equal(axis[DMUMU_AXIS_BETA].n, 1);
    assert_false(axis[DMUMU_AXIS_BETA].log_spaced);
    assert_int_equal(axis[DMUMU_AXIS_ALFVEN_MACH].n, 1);
    assert_int_equal(axis[DMUMU_AXIS_REGION].n, 1);
    assert_true(config.model.region[DMUMU_HALO].density_cm3 == 0.1);
    assert_true(isnan(config.model.region[DMUMU_HALO].alfven_speed_km_s));
    assert_true(isnan(config.model.region[DMUMU_DISK].x_c));
    assert_string_equal(config.title, "Changed");
    assert_true(config.model.modes[DMUMU_SLOW] && !config.model.modes[DMUMU_FAST]);
    dmumu_config_free(&config);
}

static void test_null_takes_a_key_out(void **state)
{
    (void)state;
    static const char *const overrides[] = {"halo.alfven_speed_km_s=null", "halo.beta_follows=density",
                                            "halo.temperature_k=1e6", "model=null", "axes.beta=~"};
    struct dmumu_config config = read_overrides("inputs/galaxy.yaml", overrides, COUNT(overrides));
    assert_true(isnan(config.model.region[DMUMU_HALO].alfven_speed_km_s));
    assert_int_equal(config.model.region[DMUMU_HALO].beta_follows, DMUMU_BETA_DENSITY);
    assert_int_equal(config.grid.axis[DMUMU_AXIS_BETA].n, 0);
    dmumu_config_free(&config);
}

static void test_range_over_values(void **state)
{
    (void)state;
    static const char *const overrides[] = {"axes.beta.from=0.1", "axes.beta.to=1", "axes.beta.points=3",
                                            "axes.beta.spacing=linear"};
    struct dmumu_config config = read_overrides("inputs/smoke.yaml", overrides, COUNT(overrides));
    assert_int_equal(config.grid.axis[DMUMU_AXIS_BETA].n, 3);
    assert_true(fabs(config.grid.axis[DMUMU_AXIS_BETA].values[1] - 0.55) < 1e-15);
    dmumu_config_free(&config);
}

static void test_bad_overrides(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"harmonics", {"--set harmonics", "section.key=value"}},
        {"=3", {"--set =3", "section.key=value"}},
        {"model..harmonics=3", {"section.key=value"}},
        {"model.harmonics=", {"--set model.harmonics=", "no value"}},
        {"model.harmonics=99", {"--set model.harmonics=99", "'99'", "1 to 32"}},
        {"model.harmonix=9", {"--set model.harmonix=9", "did you mean 'harmonics'"}},
        {"model.harmonix=null", {"--set", "did you mean 'harmonics'"}},
        {"modle.harmonics=9", {"--set", "did you mean 'model'"}},
        {"model.modes=[fast", {"--set model.modes=[fast", "not YAML"}},
        {"title.harmonics=3", {"--set title.harmonics=3", "text"}},
        {"axes.beta.values=[0.3, 0.2]", {"--set", "'0.2' comes after '0.3'"}},
        {"axes.beta.to=1e-3", {"--set", "axes.beta.to", "larger than from"}},
        {"halo.temperature_k=1", {"--set", "halo.temperature_k", "contradicts"}},
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct dmumu_config config;
        struct dmumu_error error = {0};
        const char *overrides[] = {"model.tolerance=1e-3", refusals[i].text};
        assert_int_equal(dmumu_config_read("inputs/galaxy.yaml", overrides, 2, true, &config, &error),
                         DMUMU_ERROR_INPUT);
        assert_words(&refusals[i], &error);
    }
}

/* ---- Files ---- */

static void assert_unreadable(const char *path, enum dmumu_status expected, const char *word)
{
    struct dmumu_config config;
    struct dmumu_error error = {0};
    assert_int_equal(dmumu_config_read(path, NULL, 0, false, &config, &error), expected);
    const struct refusal refusal = {path, {path, word}};
    assert_words(&refusal, &error);
}

static void test_files(void **state)
{
    (void)state;
    const char *folder = getenv("DMUMU_TEST_DIR");
    char path[512];
    snprintf(path, sizeof path, "%s/test_config_%ld.yaml", folder ? folder : "/tmp", (long)getpid());
    assert_unreadable("/nonexistent/in.yaml", DMUMU_ERROR_FILE, "No such file");
    assert_unreadable("inputs", DMUMU_ERROR_FILE, "directory");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fclose(file);
    assert_unreadable(path, DMUMU_ERROR_INPUT, "empty");
    file = fopen(path, "wb");
    assert_non_null(file);
    fwrite("title: \x80\xff\n", 1, 10, file);
    fclose(file);
    assert_unreadable(path, DMUMU_ERROR_INPUT, "not YAML");
    file = fopen(path, "wb");
    assert_non_null(file);
    fwrite("title: a\0b\n", 1, 11, file);
    fclose(file);
    assert_unreadable(path, DMUMU_ERROR_INPUT, "not YAML");
    unlink(path);
}

static void test_inputs_of_the_project(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t curves, rigidities;
    } inputs[] = {
        {"inputs/galaxy.yaml", 1920, 61},
        {"inputs/fornieri2021.yaml", 160, 60},
        {"inputs/smoke.yaml", 16, 13},
        {"inputs/reference.yaml", 36, 13},
    };
    for (size_t i = 0; i < COUNT(inputs); i++) {
        struct dmumu_config config;
        struct dmumu_error error = {0};
        if (dmumu_config_read(inputs[i].path, NULL, 0, true, &config, &error) != DMUMU_OK)
            fail_msg("%s", error.message);
        assert_int_equal(dmumu_grid_n_curves(&config.grid), inputs[i].curves);
        assert_int_equal(config.grid.axis[DMUMU_AXIS_RIGIDITY].n, inputs[i].rigidities);
        dmumu_config_free(&config);
    }
}

/* ---- The reference and the table ---- */

enum { MAX_KEYS = 128, LINE_SIZE = 400 };

struct documented {
    char path[80];
    char comment[LINE_SIZE];
};

/* The keys of reference.yaml, also those behind a '#' without a blank, with their comments. */
static size_t read_documented(struct documented found[MAX_KEYS])
{
    FILE *file = fopen("inputs/reference.yaml", "r");
    assert_non_null(file);
    char line[LINE_SIZE], section[3][40] = {"", "", ""};
    size_t n = 0;
    while (fgets(line, sizeof line, file)) {
        assert_non_null(strchr(line, '\n'));
        const size_t depth = strspn(line, " ") / 2;
        const char *word = line + 2 * depth + (line[2 * depth] == '#');
        const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (length == 0 || word[length] != ':')
            continue;
        assert_true(depth < 3 && n < MAX_KEYS);
        snprintf(section[depth], sizeof section[depth], "%.*s", (int)length, word);
        char path[160] = "";
        for (size_t i = 0; i <= depth; i++)
            snprintf(path + strlen(path), sizeof path - strlen(path), "%s%s", i ? "." : "", section[i]);
        const char *comment = strstr(word, "  # ");
        snprintf(found[n].path, sizeof found[n].path, "%.79s", path);
        snprintf(found[n].comment, sizeof found[n].comment, "%s", comment ? comment + 4 : "");
        n++;
    }
    fclose(file);
    return n;
}

static void assert_documented(const struct documented *entry, const struct dmumu_key *key)
{
    const char *comment = entry->comment;
    char expected[120];
    if (key->unit) {
        snprintf(expected, sizeof expected, "[%s] ", key->unit);
        if (strncmp(comment, expected, strlen(expected)) != 0)
            fail_msg("%s: the comment must begin with '%s'", entry->path, expected);
        char *end = NULL;
        const double low = strtod(comment + strlen(expected), &end);
        const bool is_range = strncmp(end, " to ", 4) == 0;
        if (!is_range || low != key->low || strtod(end + 4, NULL) != key->high)
            fail_msg("%s: the range must be %g to %g", entry->path, key->low, key->high);
    }
    for (size_t i = 0; key->choice && key->choice(i); i++)
        if (!strstr(comment, key->choice(i)))
            fail_msg("%s: the choice %s is not documented", entry->path, key->choice(i));
    snprintf(expected, sizeof expected, "; %s%s. ", key->fallback ? "default " : "no default",
             key->fallback ? key->fallback : "");
    if (!strstr(comment, expected))
        fail_msg("%s: the comment must hold '%s'", entry->path, expected);
}

static void test_reference_documents_every_key_once(void **state)
{
    (void)state;
    static struct documented found[MAX_KEYS];
    const size_t n = read_documented(found);
    size_t documented_leaves = 0, keys = 0;
    for (size_t i = 0; i < n; i++) {
        const struct dmumu_key *key = dmumu_key_at_path(found[i].path);
        if (!key) {
            fail_msg("inputs/reference.yaml documents %s, which is no key", found[i].path);
            return;
        }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(found[i].path, found[j].path);
        if (key->kind == DMUMU_KEY_SECTION)
            continue;
        documented_leaves++;
        assert_documented(&found[i], key);
    }
    for (; dmumu_config_key(keys); keys++) {
        bool is_there = false;
        for (size_t i = 0; i < n; i++)
            is_there = is_there || strcmp(found[i].path, dmumu_config_key(keys)) == 0;
        if (!is_there)
            fail_msg("inputs/reference.yaml does not document %s", dmumu_config_key(keys));
    }
    assert_int_equal(documented_leaves, keys);
    assert_true(keys > 40);
}

/* dmumu_config_key lists what the nested table holds, no more and no less. */
static size_t count_leaves(const struct dmumu_key_section *section)
{
    size_t n = 0;
    for (size_t i = 0; i < section->n; i++)
        n += section->keys[i].section ? count_leaves(section->keys[i].section) : 1;
    return n;
}

static void test_paths_and_table_agree(void **state)
{
    (void)state;
    size_t n = 0;
    for (; dmumu_config_key(n); n++)
        assert_non_null(dmumu_key_at_path(dmumu_config_key(n)));
    assert_int_equal(n, count_leaves(dmumu_key_root()));
    assert_null(dmumu_key_at_path("model.nothing"));
    assert_null(dmumu_key_at_path("title.nothing"));
    assert_null(dmumu_key_at_path(""));
}

/* ---- Round trips ---- */

static uint64_t random_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 20;
}

static double random_unit(uint64_t *seed)
{
    return (double)(random_bits(seed) & 0xffffffffu) / 4294967296.0;
}

static const char *random_choice(const struct dmumu_key *key, uint64_t *seed)
{
    if (!key->choice)
        return "";
    size_t n = 0;
    while (key->choice(n))
        n++;
    return n > 0 ? key->choice(random_bits(seed) % n) : "";
}

/* A random value of one key, as YAML. */
static void random_value(const struct dmumu_key *key, uint64_t *seed, size_t size, char text[])
{
    const double number = key->low > 0 ? key->low * pow(key->high / key->low, random_unit(seed))
                                       : key->low + (key->high - key->low) * random_unit(seed);
    if (key->kind == DMUMU_KEY_COUNT)
        snprintf(text, size, "%d", (int)key->low + (int)(random_bits(seed) % 8));
    else if (key->kind == DMUMU_KEY_WORD)
        snprintf(text, size, "%s", random_choice(key, seed));
    else if (key->kind == DMUMU_KEY_WORDS)
        snprintf(text, size, "[%s]", random_choice(key, seed));
    else if (key->kind == DMUMU_KEY_NUMBER_OR_SPITZER && random_bits(seed) % 3 == 0)
        snprintf(text, size, "spitzer");
    else if (key->kind == DMUMU_KEY_NUMBERS)
        snprintf(text, size, "[%.17g, %.17g]", number, key->high);
    else if (key->kind == DMUMU_KEY_TEXT)
        snprintf(text, size, "'R\xc3\xa9gion %d: # \"x\" \\ {'", (int)(random_bits(seed) % 100));
    else
        snprintf(text, size, "%.17g", number);
}

static void assert_same_bits(const struct dmumu_config *a, const struct dmumu_config *b)
{
    char *one = dmumu_config_physics_text(&a->model), *two = dmumu_config_physics_text(&b->model);
    assert_string_equal(one, two);
    free(one);
    free(two);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->text, b->text);
    for (int i = 0; i < DMUMU_N_AXES; i++) {
        assert_int_equal(a->grid.axis[i].n, b->grid.axis[i].n);
        assert_int_equal(a->grid.axis[i].log_spaced, b->grid.axis[i].log_spaced);
        if (a->grid.axis[i].n > 0)
            assert_memory_equal(a->grid.axis[i].values, b->grid.axis[i].values, a->grid.axis[i].n * sizeof(double));
    }
    for (int mode = 0; mode < DMUMU_N_MODES; mode++)
        assert_true(a->model.energy_fraction[mode] == b->model.energy_fraction[mode]);
    for (int region = 0; region < DMUMU_N_REGIONS; region++) {
        const struct dmumu_region_spec *s = &a->model.region[region], *t = &b->model.region[region];
        assert_true(s->zone_size_pc == t->zone_size_pc);
        assert_true(s->x_c == t->x_c || (isnan(s->x_c) && isnan(t->x_c)));
    }
}

static void assert_round_trip(const struct dmumu_config *config)
{
    struct dmumu_config again = read_good(config->text, false);
    assert_same_bits(config, &again);
    dmumu_config_free(&again);
}

/* Random subsets of keys with random values; those that contradict each other are passed over. */
static void test_random_configurations_round_trip(void **state)
{
    (void)state;
    static char texts[MAX_KEYS][200];
    const int n_trials = brief(3000, 1);
    uint64_t seed = 20210114;
    size_t read = 0;
    for (int trial = 0; trial < n_trials; trial++) {
        const char *overrides[MAX_KEYS];
        size_t n = 0;
        for (size_t i = 0; dmumu_config_key(i); i++) {
            if (random_bits(&seed) % 8 != 0)
                continue;
            const int length = snprintf(texts[n], sizeof texts[n], "%s=", dmumu_config_key(i));
            random_value(dmumu_key_at_path(dmumu_config_key(i)), &seed, sizeof texts[n] - (size_t)length,
                         texts[n] + length);
            overrides[n] = texts[n];
            n++;
        }
        struct dmumu_config config;
        struct dmumu_error error = {0};
        const char *path = random_bits(&seed) % 2 ? "inputs/galaxy.yaml" : "inputs/smoke.yaml";
        if (dmumu_config_read(path, overrides, n, false, &config, &error) != DMUMU_OK) {
            assert_int_equal(error.status, DMUMU_ERROR_INPUT);
            continue;
        }
        read++;
        assert_round_trip(&config);
        dmumu_config_free(&config);
    }
    assert_true(read > (size_t)n_trials / 30);
}

static void test_inputs_round_trip(void **state)
{
    (void)state;
    static const char *const paths[] = {"inputs/galaxy.yaml", "inputs/fornieri2021.yaml", "inputs/smoke.yaml",
                                        "inputs/reference.yaml"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct dmumu_config config = read_overrides(paths[i], NULL, 0);
        assert_round_trip(&config);
        dmumu_config_free(&config);
    }
}

/* ---- The physics text ---- */

static bool changes_physics(const char *const overrides[], size_t n)
{
    struct dmumu_config before = read_overrides("inputs/smoke.yaml", overrides, n - 1);
    struct dmumu_config after = read_overrides("inputs/smoke.yaml", overrides, n);
    char *one = dmumu_config_physics_text(&before.model), *two = dmumu_config_physics_text(&after.model);
    const bool changed = strcmp(one, two) != 0;
    free(one);
    free(two);
    dmumu_config_free(&before);
    dmumu_config_free(&after);
    return changed;
}

static void test_physics_text_has_what_changes_numbers(void **state)
{
    (void)state;
    static const char *const matters[] = {"model.modes=[fast]",
                                          "model.broadening=gaussian",
                                          "model.alfven_cascade=b06",
                                          "model.harmonics=2",
                                          "model.confinement=none",
                                          "model.truncation_angle=published",
                                          "model.disk_prefactor=published",
                                          "model.tolerance=1.0000001e-4",
                                          "model.energy_fraction.fast=1.0000000000000002",
                                          "halo.magnetic_field_ug=2",
                                          "halo.alfven_speed_km_s=11",
                                          "halo.density_cm3=1",
                                          "disk.zone_size_pc=901",
                                          "disk.damping=[viscous]",
                                          "disk.x_c=spitzer",
                                          "halo={beta_follows: density, magnetic_field_ug: 1, temperature_k: 1e4}"};
    for (size_t i = 0; i < COUNT(matters); i++)
        if (!changes_physics(&matters[i], 1))
            fail_msg("%s must change the physics text", matters[i]);
    static const char *const does_not[] = {"title=other", "axes.beta.values=[0.3]", "axes.region=[disk]",
                                           "model.energy_fraction.slow=2", "halo.x_c=5"};
    for (size_t i = 0; i < COUNT(does_not); i++)
        if (changes_physics(&does_not[i], 1))
            fail_msg("%s must not change the physics text", does_not[i]);
    assert_false(changes_physics((const char *const[]){"model.confinement=none", "halo.zone_size_pc=3"}, 2));
    assert_false(changes_physics((const char *const[]){"model.modes=[fast]", "model.alfven_cascade=b06"}, 2));
}

/* ---- Scalars ---- */

static void test_numbers_are_strict(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "-1", "+2.5", ".5", "5.", "1e6", "1E-6", "1.0e+06", "1e-400"};
    static const char *const bad[] = {"",    " 1", "1 ",  "1,5",   "1_000", "0x10", "1e",  "e5",
                                      "1e+", ".",  "--1", "1.2.3", "1e5.5", "1d5",  "one", "nano"};
    static const char *const not_finite[] = {"nan", "NAN", ".nan", "-inf", "+.Inf", "infinity", "1e400", "-1e400"};
    double value = 0;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(dmumu_scalar_number(good[i], &value), DMUMU_SCALAR_NUMBER);
    value = 7;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(dmumu_scalar_number(bad[i], &value), DMUMU_SCALAR_OTHER);
    for (size_t i = 0; i < COUNT(not_finite); i++)
        assert_int_equal(dmumu_scalar_number(not_finite[i], &value), DMUMU_SCALAR_NOT_FINITE);
    assert_true(value == 7);
    long integer = 7;
    assert_true(dmumu_scalar_integer("-42", &integer) && integer == -42);
    assert_true(dmumu_scalar_integer("0", &integer) && integer == 0);
    assert_false(dmumu_scalar_integer("010", &integer));
    assert_false(dmumu_scalar_integer("-09", &integer));
    assert_false(dmumu_scalar_integer("4.0", &integer));
    assert_false(dmumu_scalar_integer("", &integer));
    assert_false(dmumu_scalar_integer("99999999999999999999", &integer));
}

static void test_numbers_written_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"}, {1e6, "1.0e+06"}, {1e-4, "0.0001"}, {2.5e-7, "2.5e-07"}, {61, "61"}, {-0.0, "-0"}};
    char text[DMUMU_SCALAR_DIGITS];
    for (size_t i = 0; i < COUNT(cases); i++) {
        dmumu_scalar_format(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
    uint64_t seed = 1;
    for (int i = 0; i < 2000; i++) {
        const double value = pow(10.0, 600 * random_unit(&seed) - 300);
        double back = 0;
        dmumu_scalar_format(text, value);
        assert_int_equal(dmumu_scalar_number(text, &back), DMUMU_SCALAR_NUMBER);
        assert_true(back == value);
    }
}

static void test_nearest_word(void **state)
{
    (void)state;
    static const char *const words[] = {"curve", "scan", "info"};
    assert_string_equal(dmumu_scalar_nearest("curv", 3, words), "curve");
    assert_string_equal(dmumu_scalar_nearest("sacn", 3, words), "scan");
    assert_string_equal(dmumu_scalar_nearest("information", 3, (const char *const[]){"inform", "information_x", "z"}),
                        "information_x");
    assert_null(dmumu_scalar_nearest("zzzzzz", 3, words));
    assert_null(dmumu_scalar_nearest("a", 0, words));
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(dmumu_scalar_nearest(longest, 3, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_the_default_model),
        cmocka_unit_test(test_fallbacks_of_the_table_are_the_defaults),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_model_and_regions),
        cmocka_unit_test(test_not_a_configuration),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_unknown_words),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_axes_that_make_no_sense),
        cmocka_unit_test(test_missing_axes),
        cmocka_unit_test(test_lookup_goal),
        cmocka_unit_test(test_lookup_goals_that_make_no_sense),
        cmocka_unit_test(test_contradictory_closures),
        cmocka_unit_test(test_overrides_change_what_the_file_says),
        cmocka_unit_test(test_null_takes_a_key_out),
        cmocka_unit_test(test_range_over_values),
        cmocka_unit_test(test_bad_overrides),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_inputs_of_the_project),
        cmocka_unit_test(test_reference_documents_every_key_once),
        cmocka_unit_test(test_paths_and_table_agree),
        cmocka_unit_test(test_random_configurations_round_trip),
        cmocka_unit_test(test_inputs_round_trip),
        cmocka_unit_test(test_physics_text_has_what_changes_numbers),
        cmocka_unit_test(test_numbers_are_strict),
        cmocka_unit_test(test_numbers_written_read_back),
        cmocka_unit_test(test_nearest_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
