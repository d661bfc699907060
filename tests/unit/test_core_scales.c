/* Scales: the one-line estimates against numbers worked out by hand, and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "close.h"
#include "dmumu.h"

static void test_grammage_to_time(void **state)
{
    (void)state;
    const struct dmumu_galaxy galaxy = {
        .halo_height_kpc = 4.0, .disk_height_kpc = 1.0, .gas_surface_density_mg_cm2 = 2.3};
    /* 10 g/cm^2 at 1 cm^-3 of 2.0443e-24 g: 4.8916e24 cm, 1.63167e14 s */
    assert_close(dmumu_scale_gas_time_myr(10.0, 1.0), 5.17045, 1e-4);
    /* 2 H X/(mu c) = 2 x 1.23427e22 x 10 / (2.3e-3 x 2.99792e10) = 3.58007e15 s */
    assert_close(dmumu_scale_confinement_time_myr(10.0, &galaxy), 113.446, 1e-4);
    /* the D of that grammage makes it, and keeps particles for half that time */
    const double d = dmumu_scale_d_of_grammage_cm2_s(10.0, &galaxy);
    const struct dmumu_transport transport = dmumu_transport_solve(&galaxy, 1.0, d, d);
    assert_close(transport.grammage_g_cm2, 10.0, 1e-14);
    assert_close(transport.escape_time_myr, 0.5 * dmumu_scale_confinement_time_myr(10.0, &galaxy), 1e-14);
}

static void test_quasilinear(void **state)
{
    (void)state;
    /* M_A = 0.5, r_L/L = 1e-6, q = 3/2: 0.25 x 0.5 x 1e-3 */
    const double power = dmumu_scale_resonant_power(0.5, 1e-6, 1.5);
    assert_close(power, 1.25e-4, 1e-14);
    /* (1/3) c r_L/power with r_L = 1e-4 pc */
    assert_close(dmumu_scale_quasilinear_d_cm2_s(1e-4, power), 2.99792458e10 * 3.0856775814913673e14 / 3.75e-4, 1e-14);
    /* D ~ R^(2 - q) */
    const double more = dmumu_scale_quasilinear_d_cm2_s(1e-3, dmumu_scale_resonant_power(0.5, 1e-5, 1.5));
    assert_close(more / dmumu_scale_quasilinear_d_cm2_s(1e-4, power), sqrt(10.0), 1e-14);
}

static void test_critical_balance(void **state)
{
    (void)state;
    assert_close(dmumu_scale_transition_pc(0.5, 100.0), 25.0, 1e-14);
    assert_close(dmumu_scale_transition_pc(2.0, 100.0), 12.5, 1e-14);
    assert_close(dmumu_scale_anisotropy(0.5, 100.0, 1.0), 40.0, 1e-14);
    assert_close(dmumu_scale_anisotropy(2.0, 100.0, 12.5), 1.0, 1e-14); /* isotropic at l_A */
    assert_close(dmumu_scale_anisotropy(1.0, 100.0, 100.0), 1.0, 1e-14);
    /* k_par L = M_A^4/3 (k_perp L)^2/3 */
    const double x_par = 1e4;
    const double x_perp = x_par * dmumu_scale_anisotropy(0.3, 50.0, 50.0 / x_par);
    assert_close(pow(0.3, 4.0 / 3.0) * pow(x_perp, 2.0 / 3.0), x_par, 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammage_to_time),
        cmocka_unit_test(test_quasilinear),
        cmocka_unit_test(test_critical_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
