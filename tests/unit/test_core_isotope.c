/* Isotopes: rigidity, energy and speed; masses and cross sections against numbers worked out by hand or published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

#include <string.h>

static void test_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < DMUMU_N_ISOTOPES; i++) {
        const enum dmumu_isotope isotope = (enum dmumu_isotope)i;
        for (double rigidity_gv = 1e-3; rigidity_gv < 1e7; rigidity_gv *= 3.7) {
            const double energy = dmumu_isotope_energy_gev_n(isotope, rigidity_gv);
            assert_close(dmumu_isotope_rigidity_gv(isotope, energy), rigidity_gv, 1e-14);
            /* b = p/E, with E = T A + m */
            const struct dmumu_nuclide *nuclide = dmumu_isotope_nuclide(isotope);
            const double total = nuclide->mass_number * energy + nuclide->mass_gev;
            assert_close(dmumu_isotope_velocity(isotope, rigidity_gv), nuclide->charge * rigidity_gv / total, 1e-14);
        }
    }
}

static void test_known_values(void **state)
{
    (void)state;
    assert_close(dmumu_isotope_nuclide(DMUMU_H1)->mass_gev, 0.938272088, 1e-7);
    assert_close(dmumu_isotope_nuclide(DMUMU_HE4)->mass_gev, 3.727379407, 1e-7); /* CODATA 2018: the alpha particle */
    /* T = 1 GeV: p = (1 + 2 x 0.938272)^1/2 = 1.696037 GeV */
    assert_close(dmumu_isotope_rigidity_gv(DMUMU_H1, 1.0), 1.696037, 1e-6);
    /* high energies: R = (A/Z)(T + m/A), to m^2/2p^2 */
    assert_close(dmumu_isotope_rigidity_gv(DMUMU_C12, 1000.0), 2.0 * 1000.9312, 1e-6);
    assert_close(dmumu_isotope_rigidity_gv(DMUMU_B11, 1000.0), 2.2 * 1000.9321, 1e-6);
    assert_int_equal(dmumu_isotope_find("B11"), DMUMU_B11);
    assert_int_equal(dmumu_isotope_find("B12"), DMUMU_N_ISOTOPES);
    assert_null(dmumu_isotope_nuclide(DMUMU_N_ISOTOPES));
}

/* Sums over the boron isotopes at >= 10 GeV/n as quoted by others, mb; inelastic ones, mb. */
static void test_constant_cross_sections(void **state)
{
    (void)state;
    static const struct {
        enum dmumu_isotope from;
        double sum_mb;
    } sums[] = {{DMUMU_C12, 70.6}, {DMUMU_O16, 37.2}, {DMUMU_N14, 39.4}, {DMUMU_NE20, 21.9}};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const double sum = dmumu_cross_section_production_mb(NULL, sums[i].from, DMUMU_B10, 10.0) +
                           dmumu_cross_section_production_mb(NULL, sums[i].from, DMUMU_B11, 10.0);
        assert_close(sum, sums[i].sum_mb, 0.006);
    }
    assert_true(dmumu_cross_section_production_mb(NULL, DMUMU_B10, DMUMU_C12, 10.0) == 0.0);
    assert_close(dmumu_cross_section_inelastic_mb(DMUMU_C12, 20.0), 251.0, 0.01);
    assert_close(dmumu_cross_section_inelastic_mb(DMUMU_O16, 20.0), 306.0, 0.015);
    const double boron = 0.3 * dmumu_cross_section_inelastic_mb(DMUMU_B10, 20.0) +
                         0.7 * dmumu_cross_section_inelastic_mb(DMUMU_B11, 20.0);
    assert_close(boron, 240.0, 0.035);
    /* protons at 1 TeV: 34.3 mb, and L of the proton's mass more */
    assert_close(dmumu_cross_section_inelastic_mb(DMUMU_H1, 1000.0), 34.3, 1e-3);
    assert_true(dmumu_cross_section_inelastic_mb(DMUMU_H1, 0.2) == 0.0);
    /* 100 mb on H: x (1 + 2.5198 x 0.08)/1.08 / (1.2222 m_p) */
    assert_close(dmumu_cross_section_per_gas_cm2_g(100.0), 1e-25 * 1.112581 / 2.044316e-24, 1e-5);
}

static void test_table_of_cross_sections(void **state)
{
    (void)state;
    static const double energy[] = {1.0, 10.0, 1000.0};
    static const double sigma[] = {0.0, 20.0, 80.0};
    const struct dmumu_channel channel = {DMUMU_C12, DMUMU_B10, sigma};
    const struct dmumu_cross_sections table = {3, energy, 1, &channel};
    assert_close(dmumu_cross_section_production_mb(&table, DMUMU_C12, DMUMU_B10, 100.0), 40.0, 1e-14);
    assert_close(dmumu_cross_section_production_mb(&table, DMUMU_C12, DMUMU_B10, 10.0), 20.0, 1e-14);
    assert_close(dmumu_cross_section_production_mb(&table, DMUMU_C12, DMUMU_B10, 1e6), 80.0, 1e-14);
    assert_close(dmumu_cross_section_production_mb(&table, DMUMU_C12, DMUMU_B10, sqrt(10.0)), 10.0, 1e-14);
    assert_true(dmumu_cross_section_production_mb(&table, DMUMU_C12, DMUMU_B10, 0.1) == 0.0);
    assert_true(dmumu_cross_section_production_mb(&table, DMUMU_O16, DMUMU_B10, 100.0) == 0.0);
}

/* J(T)/p^2 is the same on both sides, with the fluxes turned to energies by a numerical derivative of R(T). */
static void test_modulation(void **state)
{
    (void)state;
    const double phi = 0.5;
    for (double rigidity = 0.5; rigidity < 500.0; rigidity *= 2.3) {
        double outside = 0.0;
        double factor = 0.0;
        dmumu_modulation_shift(DMUMU_B11, phi, 1, &rigidity, &outside, &factor);
        const double here_t = dmumu_isotope_energy_gev_n(DMUMU_B11, rigidity);
        const double there_t = dmumu_isotope_energy_gev_n(DMUMU_B11, outside);
        assert_close(there_t - here_t, phi * 5.0 / 11.0, 1e-9);
        const double step = 1e-5;
        const double here_slope = (dmumu_isotope_rigidity_gv(DMUMU_B11, here_t * (1 + step)) -
                                   dmumu_isotope_rigidity_gv(DMUMU_B11, here_t * (1 - step))) /
                                  (2 * step * here_t);
        const double there_slope = (dmumu_isotope_rigidity_gv(DMUMU_B11, there_t * (1 + step)) -
                                    dmumu_isotope_rigidity_gv(DMUMU_B11, there_t * (1 - step))) /
                                   (2 * step * there_t);
        /* J_R dR/dT = J_T */
        assert_close(factor * here_slope / there_slope, rigidity * rigidity / (outside * outside), 1e-8);
    }
    const double rigidity = 3.0;
    double outside = 0.0;
    double factor = 0.0;
    dmumu_modulation_shift(DMUMU_H1, 0.0, 1, &rigidity, &outside, &factor);
    assert_true(outside == 3.0 && factor == 1.0);
}

/* Little gas: R^-gamma X; much: R^-gamma m/sigma. */
static void test_primaries(void **state)
{
    (void)state;
    static const double rigidity[] = {100.0, 1000.0};
    static const double little[] = {1e-6, 5e-7};
    static const double much[] = {1e9, 1e9};
    static const enum dmumu_isotope primaries[] = {DMUMU_H1, DMUMU_HE4, DMUMU_C12, DMUMU_O16};
    for (size_t i = 0; i < 4; i++) {
        double flux[2];
        dmumu_primary_flux(primaries[i], 3.0, 2.4, 2, rigidity, little, flux);
        assert_close(flux[0], 3e-6, 1e-6);
        assert_close(flux[1] / flux[0], 0.5 * pow(10.0, -2.4), 1e-6);
        dmumu_primary_flux(primaries[i], 3.0, 2.4, 2, rigidity, much, flux);
        const double energy = dmumu_isotope_energy_gev_n(primaries[i], 100.0);
        const double sigma = dmumu_cross_section_inelastic_mb(primaries[i], energy);
        assert_close(flux[0], 3.0 / dmumu_cross_section_per_gas_cm2_g(sigma), 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_constant_cross_sections),
        cmocka_unit_test(test_table_of_cross_sections),
        cmocka_unit_test(test_modulation),
        cmocka_unit_test(test_primaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
