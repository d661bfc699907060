/*
 * Transport: cosmic rays from a thin disk through two layers of diffusion to a free edge.
 *
 * The equation (e.g. Ginzburg & Syrovatskii 1964; Evoli, Aloisio & Blasi 2019, PRD 99, 103023; here without losses of
 * energy), for the density n(z) of one nucleus at one momentum,
 *
 *     d/dz [ w(z) n - D(z) dn/dz ] = 2 h_d delta(z) (q - n_gas v sigma n),    n(+-H) = 0,
 *
 * with w = +-w above and below, and D = D_disk for |z| < z_d, D_halo for z_d < |z| < H. Above the disk the flux
 * J = w n - D n' does not change with z, so that with t(z) = int_z^H w/D dz'
 *
 *     n(z) = (J/w) (1 - exp(-t(z))),    n(0) = (J/w) (1 - exp(-w H/D_eff)),    H/D_eff = z_d/D_disk + (H - z_d)/D_halo.
 *
 * D enters n(0) through D_eff alone, also with advection. What the sheet makes, S = 2 h_d q per area, leaves on two sides
 * but for what interacts, 2 J = S - n(0) v sigma mu/m with the surface density mu = 2 h_d n_gas m, so that
 *
 *     n(0) v = (S/mu) X / (1 + X sigma/m),    X = (v mu / 2 w) [1 - exp(-w H/D_eff)],  v mu H/(2 D_eff) for w -> 0:
 *
 * the grammage, which is crams' for D_disk = D_halo. The mean time from the sheet to the edge is int_0^H n dz / J.
 *
 * Not here: losses by ionisation (below 0.1 % of boron's flux above 125 GV: docs/transport.md), adiabatic losses (the
 * sheet at which w changes sign takes energy from the particles; a correction of order w H/D), reacceleration, a thick
 * disk of gas (the tests measure it).
 */
#include "core/constants.h"
#include "core/error.h"

#include "dmumu.h"

#include <math.h>

#define KPC_CM (1e3 * DMUMU_PARSEC_CM)

void dmumu_galaxy_default(struct dmumu_galaxy *galaxy)
{
    *galaxy = (struct dmumu_galaxy){
        .halo_height_kpc = 4.0, .disk_height_kpc = 0.9, .gas_surface_density_mg_cm2 = 2.3, .advection_km_s = 0.0};
}

enum dmumu_status dmumu_galaxy_check(const struct dmumu_galaxy *galaxy, struct dmumu_error *error)
{
    const double h = galaxy->halo_height_kpc;
    if (!(h > 0.0 && isfinite(h))) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "halo_height_kpc is %g; it must be finite and > 0", h);
    }
    if (!(galaxy->disk_height_kpc >= 0.0 && galaxy->disk_height_kpc <= h)) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "disk_height_kpc is %g; it must be 0 to the halo height, %g", galaxy->disk_height_kpc,
                               h);
    }
    if (!(galaxy->gas_surface_density_mg_cm2 > 0.0 && isfinite(galaxy->gas_surface_density_mg_cm2))) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT,
                               "gas_surface_density_mg_cm2 is %g; it must be finite and > 0",
                               galaxy->gas_surface_density_mg_cm2);
    }
    if (!(galaxy->advection_km_s >= 0.0 && isfinite(galaxy->advection_km_s))) {
        return dmumu_error_set(error, DMUMU_ERROR_ARGUMENT, "advection_km_s is %g; it must be finite and >= 0",
                               galaxy->advection_km_s);
    }
    return DMUMU_OK;
}

/* (1 - e^-x)/x: 1 at 0. */
static double leave(double x)
{
    return x > 0.0 ? -expm1(-x) / x : 1.0;
}

/* (x - 1 + e^-x)/x^2: 1/2 at 0; a series where the difference would cancel. */
static double linger(double x)
{
    if (x < 1e-2) {
        return 0.5 - x / 6.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0)));
    }
    return (x + expm1(-x)) / (x * x);
}

/* The two layers: thickness and the time-like ratio thickness/D of each. */
struct layers {
    double disk_cm, halo_cm;
    double disk_s_cm, halo_s_cm; /* z_d/D_disk and (H - z_d)/D_halo, s/cm */
    double wind_cm_s;
};

static struct layers layers_of(const struct dmumu_galaxy *galaxy, double d_disk_cm2_s, double d_halo_cm2_s)
{
    const double disk_cm = galaxy->disk_height_kpc * KPC_CM;
    const double halo_cm = (galaxy->halo_height_kpc - galaxy->disk_height_kpc) * KPC_CM;
    return (struct layers){.disk_cm = disk_cm,
                           .halo_cm = halo_cm,
                           .disk_s_cm = disk_cm > 0.0 ? disk_cm / d_disk_cm2_s : 0.0,
                           .halo_s_cm = halo_cm > 0.0 ? halo_cm / d_halo_cm2_s : 0.0,
                           .wind_cm_s = galaxy->advection_km_s * 1e5};
}

/*
 * int_0^H n dz / J = (1/w) int_0^H (1 - e^-t) dz, layer by layer: with x = w thickness/D of each, the halo gives
 * (L^2/D) linger(x_h), the disk (z_d L_h/D_h) leave(x_h) + e^-x_h (z_d^2/D_d) linger(x_d). Without advection
 * z_d^2/(2 D_disk) + (H^2 - z_d^2)/(2 D_halo).
 */
static double escape_time_s(const struct layers *layers)
{
    const double x_halo = layers->wind_cm_s * layers->halo_s_cm;
    const double x_disk = layers->wind_cm_s * layers->disk_s_cm;
    return layers->halo_cm * layers->halo_s_cm * linger(x_halo) + layers->disk_cm * layers->halo_s_cm * leave(x_halo) +
           exp(-x_halo) * layers->disk_cm * layers->disk_s_cm * linger(x_disk);
}

struct dmumu_transport dmumu_transport_solve(const struct dmumu_galaxy *galaxy, double velocity, double d_disk_cm2_s,
                                             double d_halo_cm2_s)
{
    const struct layers layers = layers_of(galaxy, d_disk_cm2_s, d_halo_cm2_s);
    const bool disk_good = d_disk_cm2_s > 0.0 || !(layers.disk_cm > 0.0);
    const bool halo_good = d_halo_cm2_s > 0.0 || !(layers.halo_cm > 0.0);
    if (!(disk_good && halo_good)) {
        return (struct dmumu_transport){(double)NAN, (double)NAN, (double)NAN};
    }
    const double path_s_cm = layers.disk_s_cm + layers.halo_s_cm; /* H/D_eff */
    const double gas_g_cm2 = galaxy->gas_surface_density_mg_cm2 * 1e-3;
    return (struct dmumu_transport){
        .d_eff_cm2_s = galaxy->halo_height_kpc * KPC_CM / path_s_cm,
        .grammage_g_cm2 =
            0.5 * velocity * DMUMU_SPEED_OF_LIGHT_CM_S * gas_g_cm2 * path_s_cm * leave(layers.wind_cm_s * path_s_cm),
        .escape_time_myr = escape_time_s(&layers) / DMUMU_MYR_S,
    };
}

void dmumu_transport_profile(const struct dmumu_galaxy *galaxy, double d_disk_cm2_s, double d_halo_cm2_s, size_t n,
                             const double z_kpc[], double density[])
{
    const struct layers layers = layers_of(galaxy, d_disk_cm2_s, d_halo_cm2_s);
    const double whole_s_cm = layers.disk_s_cm + layers.halo_s_cm;
    for (size_t i = 0; i < n; i++) {
        const double in_disk_cm = fmax(galaxy->disk_height_kpc - z_kpc[i], 0.0) * KPC_CM;
        const double in_halo_cm = (galaxy->halo_height_kpc - fmax(z_kpc[i], galaxy->disk_height_kpc)) * KPC_CM;
        const double left_s_cm =
            (in_disk_cm > 0.0 ? in_disk_cm / d_disk_cm2_s : 0.0) + (in_halo_cm > 0.0 ? in_halo_cm / d_halo_cm2_s : 0.0);
        density[i] =
            left_s_cm * leave(layers.wind_cm_s * left_s_cm) / (whole_s_cm * leave(layers.wind_cm_s * whole_s_cm));
    }
}
