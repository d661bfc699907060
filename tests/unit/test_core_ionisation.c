/*
 * Ionisation, and what it would do to the fluxes of the transport, which leaves it out: against stopping powers of the
 * literature, and against the weighted-slab equation with losses, solved on a fine grid. docs/transport.md has the
 * numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

#include <math.h>

/* The Particle Data Group's minima: 4.103 MeV cm^2/g in H2, 1.937 in He, at beta gamma about 3.5. */
static void least_loss_of_protons(void **state)
{
    (void)state;
    const double helium_mass = 4.0 * 0.08 / (1.0 + 4.0 * 0.08);
    double least = INFINITY;
    for (double energy_gev = 0.1; energy_gev < 100.0; energy_gev *= 1.01) {
        least = fmin(least, dmumu_ionisation_mev_cm2_g(DMUMU_H1, energy_gev));
    }
    assert_close(least, (1.0 - helium_mass) * 4.103 + helium_mass * 1.937, 0.01);
}

static void nuclei_lose_as_charge_squared_per_nucleon(void **state)
{
    (void)state;
    const double proton = dmumu_ionisation_mev_cm2_g(DMUMU_H1, 10.0);
    assert_close(dmumu_ionisation_mev_cm2_g(DMUMU_C12, 10.0), 3.0 * proton,
                 1e-3); /* 36/12; masses per nucleon differ */
    assert_close(dmumu_ionisation_mev_cm2_g(DMUMU_B11, 10.0), 25.0 / 11.0 * proton, 1e-3);
}

/* Grammage of crams' D in its galaxy, without advection. */
static double grammage(enum dmumu_isotope isotope, double rigidity_gv)
{
    struct dmumu_parametrisation model = *dmumu_parametrisation_find("crams2021");
    const struct dmumu_galaxy galaxy = {.halo_height_kpc = model.halo_height_kpc, .gas_surface_density_mg_cm2 = 2.3};
    double d = 0.0;
    model.adds_advection = false;
    dmumu_parametrisation_d(&model, isotope, 1, &rigidity_gv, &d);
    return dmumu_transport_solve(&galaxy, dmumu_isotope_velocity(isotope, rigidity_gv), d, d).grammage_g_cm2;
}

enum { GAMMA_10 = 31 }; /* of a secondary: 2.7 for its parents, and what the grammage adds */

/* The fraction of a flux E^-gamma that losses take, to first order. */
static double first_order(enum dmumu_isotope isotope, double rigidity_gv)
{
    const double energy = dmumu_isotope_energy_gev_n(isotope, rigidity_gv);
    const double x = grammage(isotope, rigidity_gv);
    const double sigma = dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_inelastic_mb(isotope, energy));
    const double lost = 1e-3 * dmumu_ionisation_mev_cm2_g(isotope, energy) * x;
    return 0.1 * GAMMA_10 * lost / energy / (1.0 + x * sigma);
}

/*
 * The same, solved: I/X + sigma I/m - d(b I)/dE = q with b = dE/dx, q = E^-s, from high energy down, where y = b I comes
 * to its own solution; implicit Euler in ln E, since the rate is large. *slope: of the flux without losses.
 */
static double solved(enum dmumu_isotope isotope, double rigidity_gv, double source_slope, double *slope)
{
    enum { STEPS = 20000 };
    const double end = dmumu_isotope_energy_gev_n(isotope, rigidity_gv);
    const double step = log(1e3) / STEPS;
    double y = 0.0, left = 1.0, before = 0.0;
    for (int i = 0; i <= STEPS; i++) {
        const double energy = end * exp(step * (STEPS - i));
        const double rigidity = dmumu_isotope_rigidity_gv(isotope, energy);
        const double x = grammage(isotope, rigidity);
        const double sigma = dmumu_cross_section_per_gas_cm2_g(dmumu_cross_section_inelastic_mb(isotope, energy));
        const double rate = 1.0 / x + sigma;
        const double b = 1e-3 * dmumu_ionisation_mev_cm2_g(isotope, energy);
        const double q = pow(energy, -source_slope);
        y = i == 0 ? b * q / rate : (y + step * energy * q) / (1.0 + step * energy * rate / b);
        *slope = log(q / rate / before) / step;
        before = q / rate;
        left = y / b / before;
    }
    return 1.0 - left;
}

static void first_order_is_the_solution(void **state)
{
    (void)state;
    static const double rigidities_gv[] = {20.0, 60.0, 200.0};
    for (size_t i = 0; i < 3; i++) {
        double slope = 0.0;
        const double exact = solved(DMUMU_B11, rigidities_gv[i], 2.7, &slope);
        const double estimate = first_order(DMUMU_B11, rigidities_gv[i]) * slope / (0.1 * GAMMA_10);
        print_message("B11 at %g GV: losses take %.2e of the flux, slope %.2f; to first order %.2e\n", rigidities_gv[i],
                      exact, slope, estimate);
        assert_close(exact, estimate, 0.1);
    }
}

/* What docs/transport.md says: rigidities from which losses take less than 1 %, 0.1 % of the flux. */
static void losses_can_be_left_out_above(void **state)
{
    (void)state;
    static const struct {
        enum dmumu_isotope isotope;
        double percent_gv, permille_gv;
    } cases[] = {{DMUMU_H1, 10.0, 50.0}, {DMUMU_B11, 25.0, 125.0}, {DMUMU_O16, 30.0, 175.0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s: %.2e at %g GV, %.2e at %g GV, %.2e at 200 GV\n",
                      dmumu_isotope_nuclide(cases[i].isotope)->name, first_order(cases[i].isotope, cases[i].percent_gv),
                      cases[i].percent_gv, first_order(cases[i].isotope, cases[i].permille_gv), cases[i].permille_gv,
                      first_order(cases[i].isotope, 200.0));
        assert_true(first_order(cases[i].isotope, cases[i].percent_gv) < 1e-2);
        assert_true(first_order(cases[i].isotope, cases[i].permille_gv) < 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_loss_of_protons),
        cmocka_unit_test(nuclei_lose_as_charge_squared_per_nucleon),
        cmocka_unit_test(first_order_is_the_solution),
        cmocka_unit_test(losses_can_be_left_out_above),
    };
    return cmocka_run_group_tests_name("core_ionisation", tests, NULL, NULL);
}
