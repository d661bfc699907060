/*
 * Ratios: the terms against the formula written out, against coupled equations solved exactly, and, where the reference
 * data are there, cross sections over energy and published models beside AMS-02's B/C.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "cross_table.h"
#include "dmumu.h"
#include "scan/crdata.h"

#include <string.h>

#define GAMMA 2.7

static struct dmumu_ratio_point point_of(const struct dmumu_ratio_model *model, double x)
{
    struct dmumu_ratio_point point;
    struct dmumu_error error = {DMUMU_OK, ""};
    if (dmumu_ratio_points(model, 1, &x, &point, &error) != DMUMU_OK) {
        fail_msg("%s", error.message);
    }
    return point;
}

static double per_gas(enum dmumu_isotope from, enum dmumu_isotope to)
{
    return dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_production_mb(NULL, from, to, 1000.0));
}

/* One parent: at fixed energy sigma/m, at fixed rigidity (2 Z/A)^(1 - gamma) times that. */
static void test_one_parent(void **state)
{
    (void)state;
    const struct dmumu_progenitor oxygen = {DMUMU_O16, 1.0, 0.0};
    struct dmumu_ratio_model model = {.ratio = DMUMU_RATIO_B_O,
                                      .abscissa = DMUMU_PER_ENERGY,
                                      .flux_slope = GAMMA,
                                      .n_progenitors = 1,
                                      .progenitor = &oxygen};
    struct dmumu_ratio_point point = point_of(&model, 1000.0);
    assert_close(point.term[0].gain_cm2_g, per_gas(DMUMU_O16, DMUMU_B10), 1e-12);
    assert_close(point.term[1].gain_cm2_g, per_gas(DMUMU_O16, DMUMU_B11), 1e-12);
    assert_close(point.term[1].rigidity_gv, dmumu_isotope_rigidity_gv(DMUMU_B11, 1000.0), 1e-14);
    assert_close(point.term[1].loss_cm2_g,
                 dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_inelastic_mb(DMUMU_B11, 1000.0)), 1e-12);
    model.abscissa = DMUMU_PER_RIGIDITY;
    point = point_of(&model, 2000.0);
    assert_close(point.term[0].gain_cm2_g, per_gas(DMUMU_O16, DMUMU_B10), 2e-3);
    assert_close(point.term[1].gain_cm2_g / per_gas(DMUMU_O16, DMUMU_B11), pow(10.0 / 11.0, 1.0 - GAMMA), 2e-3);
    assert_true(point.term[0].rigidity_gv == 2000.0 && point.term[1].rigidity_gv == 2000.0);
    const double grammage[2] = {2.0, 2.0};
    double expected = 0.0;
    for (int i = 0; i < 2; i++) {
        expected += point.term[i].gain_cm2_g / (1.0 / 2.0 + point.term[i].loss_cm2_g);
    }
    assert_close(dmumu_ratio_value(&point, grammage), expected, 1e-14);
}

/*
 * Modulated: boron made outside at the energy of its parents, carried in by J/p^2 over the energy, compared per
 * rigidity with derivatives of R(T) taken numerically.
 */
static double per_rigidity(enum dmumu_isotope isotope, double energy)
{
    const double step = 1e-5;
    return 2 * step * energy /
           (dmumu_isotope_rigidity_gv(isotope, energy * (1 + step)) -
            dmumu_isotope_rigidity_gv(isotope, energy * (1 - step)));
}

static void test_modulated(void **state)
{
    (void)state;
    const double phi = 0.6;
    const struct dmumu_progenitor oxygen = {DMUMU_O16, 1.0, 0.0};
    const struct dmumu_ratio_model model = {.ratio = DMUMU_RATIO_B_O,
                                            .abscissa = DMUMU_PER_RIGIDITY,
                                            .flux_slope = GAMMA,
                                            .modulation_gv = phi,
                                            .n_progenitors = 1,
                                            .progenitor = &oxygen};
    for (double r = 2.0; r < 100.0; r *= 2.5) {
        const struct dmumu_ratio_point point = point_of(&model, r);
        /* fluxes per energy at the top of the atmosphere, for X = 1 without losses, then per rigidity */
        const double here_b = dmumu_isotope_energy_gev_n(DMUMU_B11, r);
        const double here_o = dmumu_isotope_energy_gev_n(DMUMU_O16, r);
        const double there_b = here_b + phi * 5.0 / 11.0;
        const double there_o = here_o + phi * 0.5;
        const double oxygen_at_b = dmumu_isotope_rigidity_gv(DMUMU_O16, there_b);
        const double outside_b = dmumu_isotope_rigidity_gv(DMUMU_B11, there_b);
        const double outside_o = dmumu_isotope_rigidity_gv(DMUMU_O16, there_o);
        const double flux_b = per_gas(DMUMU_O16, DMUMU_B11) * pow(oxygen_at_b, -GAMMA) /
                              per_rigidity(DMUMU_O16, there_b) * (r / outside_b) * (r / outside_b);
        const double flux_o =
            pow(outside_o, -GAMMA) / per_rigidity(DMUMU_O16, there_o) * (r / outside_o) * (r / outside_o);
        assert_close(point.term[1].gain_cm2_g,
                     flux_b * per_rigidity(DMUMU_B11, here_b) / (flux_o * per_rigidity(DMUMU_O16, here_o)), 1e-7);
        assert_close(point.term[1].rigidity_gv, outside_b, 1e-13);
    }
}

/*
 * Boron's share of carbon and nitrogen, exactly: I_b (1/X + l_b) = s_b + t_b (I_1 + I_2) is two linear equations. The
 * terms take it isotope by isotope.
 */
static void test_against_coupled_equations(void **state)
{
    (void)state;
    static const struct dmumu_progenitor all[] = {
        {DMUMU_C12, 0.842, 0.631}, {DMUMU_N14, 0.090, 0.62}, {DMUMU_O16, 1.0, 0.0}};
    struct dmumu_progenitor direct[3];
    memcpy(direct, all, sizeof all);
    direct[0].per_boron = direct[1].per_boron = 0.0;
    struct dmumu_ratio_model model = {.ratio = DMUMU_RATIO_B_O,
                                      .abscissa = DMUMU_PER_RIGIDITY,
                                      .flux_slope = GAMMA,
                                      .n_progenitors = 3,
                                      .progenitor = all};
    double worst = 0.0;
    for (double x = 0.05; x < 30.0; x *= 1.5) {
        const double grammage[2] = {x, x};
        model.progenitor = all;
        const struct dmumu_ratio_point point = point_of(&model, 500.0);
        model.progenitor = direct;
        const struct dmumu_ratio_point plain = point_of(&model, 500.0);
        double top = 0.0;
        double bottom = 1.0; /* I = sum s g + I sum t g */
        for (int i = 0; i < 2; i++) {
            const enum dmumu_isotope to = i == 0 ? DMUMU_B10 : DMUMU_B11;
            const double g = 1.0 / (1.0 / x + plain.term[i].loss_cm2_g);
            /* the same kinematics as every parent with A = 2 Z */
            const double kinematics =
                plain.term[i].gain_cm2_g /
                (0.842 * per_gas(DMUMU_C12, to) + 0.090 * per_gas(DMUMU_N14, to) + per_gas(DMUMU_O16, to));
            const double t = kinematics * (0.631 * per_gas(DMUMU_C12, to) + 0.62 * per_gas(DMUMU_N14, to));
            top += plain.term[i].gain_cm2_g * g;
            bottom -= t * g;
        }
        const double got = dmumu_ratio_value(&point, grammage);
        worst = fmax(worst, fabs(got / (top / bottom) - 1.0));
    }
    print_message("boron's share, isotope by isotope: worst error %.2g\n", worst);
    assert_true(worst < 1e-3);
}

static void test_carbon_from_oxygen(void **state)
{
    (void)state;
    struct dmumu_ratio_model model = {.ratio = DMUMU_RATIO_B_O, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = GAMMA};
    const double grammage[2] = {3.0, 3.0};
    const struct dmumu_ratio_point over_o = point_of(&model, 100.0);
    model.ratio = DMUMU_RATIO_B_C;
    const struct dmumu_ratio_point over_c = point_of(&model, 100.0);
    const double y = dmumu_ratio_value(&over_o, grammage);
    assert_close(dmumu_ratio_value(&over_c, grammage), y / (0.842 + 0.631 * y), 1e-14);
}

static void test_refusals(void **state)
{
    (void)state;
    const struct dmumu_progenitor oxygen = {DMUMU_O16, 1.0, 0.0};
    const struct dmumu_ratio_model good = {
        .ratio = DMUMU_RATIO_B_C, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = GAMMA};
    struct dmumu_ratio_point point;
    const double x = 10.0, zero = 0.0;
    struct dmumu_ratio_model bad = good;
    bad.n_progenitors = 1;
    bad.progenitor = &oxygen;
    assert_int_equal(dmumu_ratio_points(&good, 1, &x, &point, NULL), DMUMU_OK);
    assert_int_equal(dmumu_ratio_points(&bad, 1, &x, &point, NULL), DMUMU_ERROR_ARGUMENT); /* B/C without carbon */
    assert_int_equal(dmumu_ratio_points(&good, 1, &zero, &point, NULL), DMUMU_ERROR_ARGUMENT);
    bad = good;
    bad.modulation_gv = -0.1;
    assert_int_equal(dmumu_ratio_points(&bad, 1, &x, &point, NULL), DMUMU_ERROR_ARGUMENT);
    bad = good;
    bad.ratio = DMUMU_N_RATIOS;
    assert_int_equal(dmumu_ratio_points(&bad, 1, &x, &point, NULL), DMUMU_ERROR_ARGUMENT);
    static const double falling[] = {2.0, 1.0};
    const struct dmumu_cross_sections table = {2, falling, 0, NULL};
    bad = good;
    bad.production = &table;
    assert_int_equal(dmumu_ratio_points(&bad, 1, &x, &point, NULL), DMUMU_ERROR_ARGUMENT);
}

static void test_constants_against_the_table(void **state)
{
    (void)state;
    static struct cross_table table;
    if (!cross_table_read(&table)) {
        skip();
    }
    assert_int_equal(table.sections.n_channels, 12); /* C12, N14, O16, Ne20, Mg24, Si28 to B10 and B11 */
    for (size_t i = 0; i < table.sections.n_channels; i++) {
        const struct dmumu_channel *channel = &table.channel[i];
        const double constant = dmumu_cross_section_production_mb(NULL, channel->from, channel->to, 10.0);
        assert_close(constant, dmumu_cross_section_production_mb(&table.sections, channel->from, channel->to, 9.715),
                     1e-3);
        for (double energy = 10.0; energy < 1e5; energy *= 1.3) {
            assert_close(dmumu_cross_section_production_mb(&table.sections, channel->from, channel->to, energy),
                         constant, 0.01);
        }
    }
    /* in a ratio, above 20 GV, the same to a per cent */
    struct dmumu_ratio_model model = {.ratio = DMUMU_RATIO_B_C, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = GAMMA};
    const double grammage[2] = {5.0, 5.0};
    for (double r = 25.0; r < 5000.0; r *= 1.5) {
        model.production = NULL;
        const struct dmumu_ratio_point plain = point_of(&model, r);
        model.production = &table.sections;
        const struct dmumu_ratio_point point = point_of(&model, r);
        assert_close(dmumu_ratio_value(&point, grammage), dmumu_ratio_value(&plain, grammage), 0.01);
    }
}

/* B/C of a published model, one zone, over that of AMS-02 at its points from 20 to 1000 GV: mean and spread. */
static void compare_with_ams02(const char *name, double mean[static 1], double spread[static 1])
{
    char path[4096];
    struct dmumu_crdata data;
    cross_table_path("cr/AMS-02_B_C_rigidity.txt", sizeof path, path);
    assert_int_equal(dmumu_crdata_read(path, NULL, DMUMU_CRDATA_UNKNOWN, &data, NULL), DMUMU_OK);
    dmumu_crdata_cut(&data, 20.0, 1000.0);
    const struct dmumu_parametrisation *published = dmumu_parametrisation_find(name);
    struct dmumu_galaxy galaxy = {.halo_height_kpc = published->halo_height_kpc, .gas_surface_density_mg_cm2 = 2.3};
    galaxy.advection_km_s = published->adds_advection ? published->alfven_speed_km_s : 0.0;
    const struct dmumu_ratio_model model = {
        .ratio = DMUMU_RATIO_B_C, .abscissa = DMUMU_PER_RIGIDITY, .flux_slope = GAMMA};
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < data.n; i++) {
        const struct dmumu_ratio_point point = point_of(&model, data.point[i].column[DMUMU_CRDATA_X]);
        double grammage[2];
        for (int t = 0; t < 2; t++) {
            double d = 0.0;
            dmumu_parametrisation_d(published, DMUMU_B11, 1, &point.term[t].rigidity_gv, &d);
            grammage[t] = dmumu_transport_solve(&galaxy, point.term[t].velocity, d, d).grammage_g_cm2;
        }
        const double ratio = dmumu_ratio_value(&point, grammage) / data.point[i].column[DMUMU_CRDATA_Y];
        sum += ratio;
        square += ratio * ratio;
    }
    *mean = sum / (double)data.n;
    *spread = sqrt(square / (double)data.n - *mean * *mean);
    dmumu_crdata_free(&data);
}

/*
 * Made with other codes, gas and cross sections. crams' default was fitted to these data by the same equation, with
 * losses of energy; the others' numbers are the defaults of codes, and agree to a factor.
 */
static void test_published_models_beside_ams02(void **state)
{
    (void)state;
    static struct cross_table table;
    if (!cross_table_read(&table)) {
        skip();
    }
    static const struct {
        const char *name;
        double mean, spread; /* allowed */
    } models[] = {{"crams2021", 0.1, 0.05}, {"evoli2019", 0.5, 0.1}, {"luque2021-diffusion", 0.5, 0.1}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        double mean = 0.0, spread = 0.0;
        compare_with_ams02(models[i].name, &mean, &spread);
        print_message("%s: B/C over AMS-02's, 20 to 1000 GV: %.3f, spread %.3f\n", models[i].name, mean, spread);
        assert_true(fabs(mean - 1.0) < models[i].mean);
        assert_true(spread < models[i].spread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_parent),
        cmocka_unit_test(test_modulated),
        cmocka_unit_test(test_against_coupled_equations),
        cmocka_unit_test(test_carbon_from_oxygen),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_constants_against_the_table),
        cmocka_unit_test(test_published_models_beside_ams02),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
