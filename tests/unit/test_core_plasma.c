/*
 * Plasma: how beta, B, n, T and v_A close, and where units enter. Expected numbers were worked out by hand from the
 * relations beta = 3.3 (3 uG/B)^2 (n/cm^-3)(T/10^4 K) and v_A = 6.27e5 (B/3 uG)(n/cm^-3)^-1/2 cm/s.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/constants.h"
#include "core/state.h"

#include <math.h>
#include <string.h>

#define NOT_GIVEN ((double)NAN)

static void assert_close(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected))) {
        fail_msg("%.17g is not %.17g to %g", value, expected, relative);
    }
}

static const struct dmumu_point halo_point = {
    .region = DMUMU_HALO, .alfven_mach = 0.5, .beta = 0.14, .injection_scale_pc = 100.0};

static struct dmumu_model default_model(void)
{
    struct dmumu_model model;
    dmumu_model_default(&model);
    return model;
}

static struct dmumu_medium medium_of(const struct dmumu_model *model, const struct dmumu_point *point)
{
    struct dmumu_medium medium;
    struct dmumu_error error = {DMUMU_OK, ""};
    assert_int_equal(dmumu_model_check(model, &error), DMUMU_OK);
    assert_int_equal(dmumu_medium_of_point(model, point, &medium, &error), DMUMU_OK);
    return medium;
}

/* What every closure must satisfy, whatever was given. */
static void assert_closed(const struct dmumu_medium *medium, double beta)
{
    const double b = medium->magnetic_field_ug / 3.0;
    assert_close(3.3 / (b * b) * medium->density_cm3 * medium->temperature_k / 1e4, beta, 1e-14);
    assert_close(medium->alfven_speed_km_s, 6.27 * b / sqrt(medium->density_cm3), 1e-14);
}

/* ---- closure ----------------------------------------------------------------------------------------------------- */

static void test_published_medium(void **state)
{
    (void)state;
    const struct dmumu_model model = default_model();
    for (int region = 0; region < DMUMU_N_REGIONS; region++) {
        struct dmumu_point point = halo_point;
        point.region = (enum dmumu_region)region;
        const struct dmumu_medium medium = medium_of(&model, &point);
        assert_true(medium.magnetic_field_ug == 1.0);
        assert_true(medium.alfven_speed_km_s == 10.0);
        assert_close(medium.density_cm3, 0.043681, 1e-14);
        assert_close(medium.temperature_k, 1079.143040178731, 1e-12);
        assert_true(medium.zone_size_pc == (region == DMUMU_DISK ? 900.0 : 5100.0));
        assert_closed(&medium, 0.14);
        if (region == DMUMU_DISK) {
            assert_true(medium.x_c == 1e6);
        } else {
            assert_true(isnan(medium.x_c));
        }
    }
}

static void test_temperature_follows(void **state)
{
    (void)state;
    static const double betas[] = {1e-3, 0.14, 1.0, 30.0};
    struct dmumu_model model = default_model();
    struct dmumu_region_spec *spec = &model.region[DMUMU_HALO];
    struct dmumu_point point = halo_point;
    for (size_t i = 0; i < sizeof betas / sizeof *betas; i++) {
        point.beta = betas[i];
        spec->alfven_speed_km_s = NOT_GIVEN;
        spec->density_cm3 = 0.25;
        spec->magnetic_field_ug = 3.0;
        struct dmumu_medium medium = medium_of(&model, &point);
        assert_close(medium.alfven_speed_km_s, 12.54, 1e-14);
        assert_close(medium.temperature_k, betas[i] * 1e4 / (3.3 * 0.25), 1e-14);
        assert_closed(&medium, betas[i]);
        spec->alfven_speed_km_s = 12.54;
        spec->density_cm3 = NOT_GIVEN;
        medium = medium_of(&model, &point);
        assert_close(medium.density_cm3, 0.25, 1e-14);
        assert_closed(&medium, betas[i]);
    }
}

static void test_density_follows(void **state)
{
    (void)state;
    struct dmumu_model model = default_model();
    struct dmumu_region_spec *spec = &model.region[DMUMU_HALO];
    spec->beta_follows = DMUMU_BETA_DENSITY;
    spec->magnetic_field_ug = 6.0;
    spec->alfven_speed_km_s = NOT_GIVEN;
    spec->temperature_k = 8000.0;
    struct dmumu_point point = halo_point;
    point.beta = 0.33;
    const struct dmumu_medium medium = medium_of(&model, &point);
    assert_close(medium.density_cm3, 0.5, 1e-14); /* 0.33 = 3.3 / 4 x 0.5 x 0.8 */
    assert_close(medium.alfven_speed_km_s, 12.54 * sqrt(2.0), 1e-14);
    assert_true(medium.magnetic_field_ug == 6.0 && medium.temperature_k == 8000.0);
    assert_closed(&medium, 0.33);
}

static void test_magnetic_field_follows(void **state)
{
    (void)state;
    struct dmumu_model model = default_model();
    struct dmumu_region_spec *spec = &model.region[DMUMU_HALO];
    spec->beta_follows = DMUMU_BETA_MAGNETIC_FIELD;
    spec->magnetic_field_ug = NOT_GIVEN;
    spec->alfven_speed_km_s = NOT_GIVEN;
    spec->density_cm3 = 1.0;
    spec->temperature_k = 1e4;
    struct dmumu_point point = halo_point;
    point.beta = 13.2;
    const struct dmumu_medium medium = medium_of(&model, &point);
    assert_close(medium.magnetic_field_ug, 1.5, 1e-14);
    assert_close(medium.alfven_speed_km_s, 3.135, 1e-14);
    assert_closed(&medium, 13.2);
    /* and R follows B: twice the field at a quarter of the beta, half the radius */
    double ratio[2];
    const double rigidity_gv = 5.0;
    assert_int_equal(dmumu_state_larmor_ratio(&model, &point, 1, &rigidity_gv, &ratio[0], NULL), DMUMU_OK);
    point.beta = 3.3;
    assert_int_equal(dmumu_state_larmor_ratio(&model, &point, 1, &rigidity_gv, &ratio[1], NULL), DMUMU_OK);
    assert_close(ratio[0], 2.0 * ratio[1], 1e-14);
}

static void test_slow_speed_between_its_limits(void **state)
{
    (void)state;
    const struct dmumu_model model = default_model();
    struct dmumu_point point = halo_point;
    point.beta = 1.2; /* c_s = v_A */
    assert_close(medium_of(&model, &point).slow_speed_km_s, 10.0 / sqrt(2.0), 1e-14);
    point.beta = 1e-3; /* c_s << v_A: the sound speed */
    assert_close(medium_of(&model, &point).slow_speed_km_s, 10.0 * sqrt(1e-3 * 5.0 / 6.0), 1e-3);
    point.beta = 30.0;
    const double fastest = medium_of(&model, &point).slow_speed_km_s;
    assert_true(fastest > 9.7 && fastest < 10.0);
}

/* ---- lengths and viscosity --------------------------------------------------------------------------------------- */

static void test_larmor_radius(void **state)
{
    (void)state;
    assert_close(dmumu_larmor_radius_pc(1.0, 1.0) * 3.0856775814913673e18, 3.3356409519815204e12, 1e-14);
    assert_close(dmumu_larmor_radius_pc(1e6, 3.0), 1e6 / 3.0 * dmumu_larmor_radius_pc(1.0, 1.0), 1e-14);
}

/*
 * By hand for the published medium (n = 0.043681, T = 1079.14 K, M_A = 0.5, L = 100 pc): rho = B^2/(4 pi v_A^2) =
 * 7.95775e-26 g/cm^3, ln Lambda = 20.19640, eta_0 = 4.20510e-9 g/cm/s, x_c = 4249165; and a second one with
 * B = 3 uG, n = 1, T = 10^4 K (beta 3.3), M_A = 1, L = 50 pc: 1.82179e-24, 21.97061, 1.01044e-6, 1030743.6.
 */
static void test_spitzer_cut_off(void **state)
{
    (void)state;
    struct dmumu_model model = default_model();
    struct dmumu_region_spec *spec = &model.region[DMUMU_DISK];
    spec->x_c = NOT_GIVEN;
    struct dmumu_point point = halo_point;
    point.region = DMUMU_DISK;
    assert_close(medium_of(&model, &point).x_c, 4249164.99452, 1e-10);
    spec->magnetic_field_ug = 3.0;
    spec->alfven_speed_km_s = NOT_GIVEN;
    spec->density_cm3 = 1.0;
    point = (struct dmumu_point){.region = DMUMU_DISK, .alfven_mach = 1.0, .beta = 3.3, .injection_scale_pc = 50.0};
    const struct dmumu_medium medium = medium_of(&model, &point);
    assert_close(medium.temperature_k, 1e4, 1e-13);
    assert_close(medium.x_c, 1030743.58303, 1e-10);
    /* x_c ~ (M_A^2 L)^2/3 at a fixed medium */
    point.alfven_mach = 0.5;
    point.injection_scale_pc = 400.0;
    assert_close(medium_of(&model, &point).x_c, 1030743.58303 * pow(2.0, 2.0 / 3.0), 1e-10);
}

static void test_mean_free_path_and_perpendicular(void **state)
{
    (void)state;
    /* 3 x 1e28 / 2.99792458e10 cm = 1.0006923e18 cm */
    assert_close(dmumu_mean_free_path_pc(1e28), 0.3243022834, 1e-9);
    assert_true(isnan(dmumu_mean_free_path_pc((double)NAN)));
    assert_close(dmumu_d_perpendicular_cm2_s(1e28, 0.5), 6.25e26, 1e-14);
    assert_close(dmumu_d_perpendicular_cm2_s(1e28, 0.05), 6.25e22, 1e-13);
    assert_true(isnan(dmumu_d_perpendicular_cm2_s(1e28, 1.0)));
    assert_true(isnan(dmumu_d_perpendicular_cm2_s(1e28, 3.0)));
    assert_true(isnan(dmumu_d_perpendicular_cm2_s((double)NAN, 0.5)));
}

static void test_dimensionless_state(void **state)
{
    (void)state;
    struct dmumu_model model = default_model();
    struct dmumu_state dimensionless;
    assert_int_equal(dmumu_state_of_point(&model, &halo_point, &dimensionless, NULL), DMUMU_OK);
    assert_close(dimensionless.alfven_speed_v, 1e6 / 2.99792458e10, 1e-15);
    assert_true(dimensionless.zone_l == 51.0);
    assert_true(dimensionless.kappa == 1.0 && dimensionless.d_prefactor == 0.25);
    assert_close(dmumu_state_d_unit_cm2_s(&halo_point), 2.99792458e10 * 3.0856775814913673e20, 1e-14);
    assert_close(dmumu_state_rate_unit_per_s(&halo_point), 2.99792458e10 / 3.0856775814913673e20, 1e-14);
    model.broadening = DMUMU_BROADENING_GAUSSIAN;
    model.confinement = DMUMU_CONFINEMENT_NONE;
    model.disk_prefactor = DMUMU_VARIANT_PUBLISHED;
    assert_int_equal(dmumu_state_of_point(&model, &halo_point, &dimensionless, NULL), DMUMU_OK);
    assert_true(dimensionless.kappa == 2.0 && isinf(dimensionless.zone_l));
    assert_true(dimensionless.d_prefactor == 0.25); /* the slip is the disk's alone */
    struct dmumu_point disk = halo_point;
    disk.region = DMUMU_DISK;
    model.broadening = DMUMU_BROADENING_NONE;
    assert_int_equal(dmumu_state_of_point(&model, &disk, &dimensionless, NULL), DMUMU_OK);
    assert_true(dimensionless.kappa == 0.0 && dimensionless.d_prefactor == 0.125 && dimensionless.x_c == 1e6);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* The model is refused, in words that hold `word`; and without a place for the words too. */
static void assert_model_refused(const struct dmumu_model *model, const char *word)
{
    struct dmumu_error error = {DMUMU_OK, ""};
    assert_int_equal(dmumu_model_check(model, &error), DMUMU_ERROR_MODEL);
    assert_int_equal(error.status, DMUMU_ERROR_MODEL);
    if (!strstr(error.message, word)) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, word);
    }
    assert_int_equal(dmumu_model_check(model, NULL), DMUMU_ERROR_MODEL);
}

/* Every choice of what is given of (B, v_A, n, T) with every beta_follows: exactly the right ones pass. */
static void test_contradictory_closures(void **state)
{
    (void)state;
    enum { B = 1, V = 2, N = 4, T = 8 };
    for (int follows = 0; follows < 3; follows++) {
        for (int given = 0; given < 16; given++) {
            struct dmumu_model model = default_model();
            struct dmumu_region_spec *spec = &model.region[DMUMU_HALO];
            spec->beta_follows = (enum dmumu_beta_follows)follows;
            spec->magnetic_field_ug = given & B ? 1.0 : NOT_GIVEN;
            spec->alfven_speed_km_s = given & V ? 10.0 : NOT_GIVEN;
            spec->density_cm3 = given & N ? 0.1 : NOT_GIVEN;
            spec->temperature_k = given & T ? 1e4 : NOT_GIVEN;
            const bool good = (follows == DMUMU_BETA_TEMPERATURE && (given == (B | V) || given == (B | N))) ||
                              (follows == DMUMU_BETA_DENSITY && given == (B | T)) ||
                              (follows == DMUMU_BETA_MAGNETIC_FIELD && given == (N | T));
            if (good) {
                struct dmumu_medium medium = medium_of(&model, &halo_point);
                assert_closed(&medium, 0.14);
            } else {
                assert_model_refused(&model, "halo: with beta_follows");
            }
        }
    }
    struct dmumu_model model = default_model();
    model.region[DMUMU_DISK].temperature_k = 1e4;
    assert_model_refused(&model, "disk: with beta_follows: temperature");
}

static void test_media_that_are_no_media(void **state)
{
    (void)state;
    static const double bad[] = {0.0, -1.0, (double)INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dmumu_model model = default_model();
        model.region[DMUMU_HALO].magnetic_field_ug = bad[i];
        assert_model_refused(&model, "halo.magnetic_field_ug");
        model = default_model();
        model.region[DMUMU_HALO].alfven_speed_km_s = bad[i];
        assert_model_refused(&model, "halo.alfven_speed_km_s");
        model.region[DMUMU_HALO].alfven_speed_km_s = NOT_GIVEN;
        model.region[DMUMU_HALO].density_cm3 = bad[i];
        assert_model_refused(&model, "halo.density_cm3");
        model = default_model();
        model.region[DMUMU_HALO].beta_follows = DMUMU_BETA_DENSITY;
        model.region[DMUMU_HALO].alfven_speed_km_s = NOT_GIVEN;
        model.region[DMUMU_HALO].temperature_k = bad[i];
        assert_model_refused(&model, "halo.temperature_k");
        model = default_model();
        model.region[DMUMU_DISK].zone_size_pc = bad[i];
        assert_model_refused(&model, "disk.zone_size_pc");
        model = default_model();
        model.region[DMUMU_DISK].x_c = bad[i];
        assert_model_refused(&model, "disk.x_c");
        model.region[DMUMU_DISK].viscous = false; /* then x_c does not matter */
        assert_int_equal(dmumu_model_check(&model, NULL), DMUMU_OK);
    }
    struct dmumu_model model = default_model();
    model.region[DMUMU_HALO].zone_size_pc = NOT_GIVEN;
    assert_model_refused(&model, "halo.zone_size_pc");
    model = default_model();
    model.region[DMUMU_HALO].beta_follows = (enum dmumu_beta_follows)7;
    assert_model_refused(&model, "halo.beta_follows");
}

static void test_models_out_of_range(void **state)
{
    (void)state;
    struct dmumu_model model = default_model();
    model.modes[DMUMU_FAST] = model.modes[DMUMU_ALFVEN] = false;
    assert_model_refused(&model, "no mode");
    model = default_model();
    model.energy_fraction[DMUMU_FAST] = model.energy_fraction[DMUMU_ALFVEN] = 0.0; /* slow has energy, but is off */
    assert_model_refused(&model, "no mode");
    static const double fractions[] = {-0.1, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < 3; i++) {
        model = default_model();
        model.energy_fraction[DMUMU_SLOW] = fractions[i];
        assert_model_refused(&model, "energy_fraction.slow");
    }
    static const int harmonics[] = {0, -1, 33};
    for (size_t i = 0; i < 3; i++) {
        model = default_model();
        model.harmonics = harmonics[i];
        assert_model_refused(&model, "harmonics");
    }
    static const double tolerances[] = {0.0, -1e-4, 9e-9, 0.2, (double)NAN};
    for (size_t i = 0; i < 5; i++) {
        model = default_model();
        model.tolerance = tolerances[i];
        assert_model_refused(&model, "tolerance");
    }
    model = default_model();
    model.broadening = (enum dmumu_broadening)3;
    assert_model_refused(&model, "broadening");
    model = default_model();
    model.truncation_angle = (enum dmumu_variant)2;
    assert_model_refused(&model, "variant");
    model = default_model();
    model.harmonics = 32;
    model.tolerance = 1e-8;
    assert_int_equal(dmumu_model_check(&model, NULL), DMUMU_OK);
}

static void assert_point_refused(const struct dmumu_point *point, const char *word)
{
    const struct dmumu_model model = default_model();
    struct dmumu_medium medium;
    struct dmumu_state dimensionless;
    struct dmumu_error error = {DMUMU_OK, ""};
    assert_int_equal(dmumu_medium_of_point(&model, point, &medium, &error), DMUMU_ERROR_ARGUMENT);
    assert_int_equal(error.status, DMUMU_ERROR_ARGUMENT);
    if (!strstr(error.message, word)) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, word);
    }
    assert_int_equal(dmumu_medium_of_point(&model, point, &medium, NULL), DMUMU_ERROR_ARGUMENT);
    assert_int_equal(dmumu_state_of_point(&model, point, &dimensionless, NULL), DMUMU_ERROR_ARGUMENT);
}

static void test_points_out_of_range(void **state)
{
    (void)state;
    static const double bad[][3] = {{0.049, 9e-4, 0.09}, {3.01, 30.1, 1001.0}, {(double)NAN, (double)NAN, (double)NAN}};
    for (size_t i = 0; i < 3; i++) {
        struct dmumu_point point = halo_point;
        point.alfven_mach = bad[i][0];
        assert_point_refused(&point, "Mach");
        point = halo_point;
        point.beta = bad[i][1];
        assert_point_refused(&point, "beta");
        point = halo_point;
        point.injection_scale_pc = bad[i][2];
        assert_point_refused(&point, "injection scale");
    }
    struct dmumu_point point = halo_point;
    point.region = (enum dmumu_region)DMUMU_N_REGIONS;
    assert_point_refused(&point, "region");
    static const double ends[][3] = {{0.05, 1e-3, 0.1}, {3.0, 30.0, 1000.0}};
    for (size_t i = 0; i < 2; i++) { /* the ends themselves are within */
        const struct dmumu_model model = default_model();
        point = (struct dmumu_point){DMUMU_DISK, ends[i][0], ends[i][1], ends[i][2]};
        struct dmumu_medium medium = medium_of(&model, &point);
        assert_closed(&medium, ends[i][1]);
    }
}

static void test_media_beyond_the_relations(void **state)
{
    (void)state;
    struct dmumu_error error = {DMUMU_OK, ""};
    struct dmumu_medium medium;
    struct dmumu_model model = default_model();
    model.region[DMUMU_HALO].alfven_speed_km_s = 3e5; /* above c */
    assert_int_equal(dmumu_medium_of_point(&model, &halo_point, &medium, &error), DMUMU_ERROR_MODEL);
    assert_non_null(strstr(error.message, "speed of light"));
    /* so dense and cold that no Coulomb logarithm is left */
    model = default_model();
    struct dmumu_region_spec *spec = &model.region[DMUMU_DISK];
    spec->x_c = NOT_GIVEN;
    spec->alfven_speed_km_s = NOT_GIVEN;
    spec->density_cm3 = 1e6;
    const struct dmumu_point point = {DMUMU_DISK, 0.5, 1e-3, 100.0};
    assert_int_equal(dmumu_model_check(&model, &error), DMUMU_OK);
    assert_int_equal(dmumu_medium_of_point(&model, &point, &medium, &error), DMUMU_ERROR_MODEL);
    assert_non_null(strstr(error.message, "Spitzer"));
}

static void test_texts_and_names(void **state)
{
    (void)state;
    for (int status = 0; status < DMUMU_STATUS_COUNT; status++) {
        assert_true(strlen(dmumu_status_text((enum dmumu_status)status)) > 0);
    }
    assert_string_equal(dmumu_status_text((enum dmumu_status)99), "unknown status");
    assert_string_equal(dmumu_region_name(DMUMU_HALO), "halo");
    assert_string_equal(dmumu_mode_name(DMUMU_SLOW), "slow");
    assert_string_equal(dmumu_quality_name(DMUMU_QUALITY_NOT_CONFINED), "not_confined");
    assert_string_equal(dmumu_beta_follows_name(DMUMU_BETA_MAGNETIC_FIELD), "magnetic_field");
    assert_null(dmumu_mode_name(DMUMU_N_MODES));
    assert_null(dmumu_region_name(DMUMU_N_REGIONS));
    assert_null(dmumu_quality_name(DMUMU_N_QUALITIES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_medium),
        cmocka_unit_test(test_temperature_follows),
        cmocka_unit_test(test_density_follows),
        cmocka_unit_test(test_magnetic_field_follows),
        cmocka_unit_test(test_slow_speed_between_its_limits),
        cmocka_unit_test(test_larmor_radius),
        cmocka_unit_test(test_spitzer_cut_off),
        cmocka_unit_test(test_mean_free_path_and_perpendicular),
        cmocka_unit_test(test_dimensionless_state),
        cmocka_unit_test(test_contradictory_closures),
        cmocka_unit_test(test_media_that_are_no_media),
        cmocka_unit_test(test_models_out_of_range),
        cmocka_unit_test(test_points_out_of_range),
        cmocka_unit_test(test_media_beyond_the_relations),
        cmocka_unit_test(test_texts_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
