#!/usr/bin/python3
"""D(R) by uniform grids in plain NumPy: what a user would write from the formulas, and the baseline of `make bench`.

Purpose  (1) The time to beat: one curve of fast and Alfven modes (GS95), Yan & Lazarian 2008 broadening, collisionless
         damping in the halo and the smaller of collisionless and viscous damping in the disk, every integral a
         trapezoid on a uniform (angles) or logarithmic (wavenumbers) grid. (2) The proof of the formulas: with the grids
         and constants of the 2021 scripts (`--grids published`) it reproduces two published tables to 4e-6 or better.
Logic    D_hat = D_mumu L / v depends on (R, M_A, beta, x_c, v_A/v) only. For one rigidity the fast modes are a loop over
         the wave angle xi with arrays over (pitch angle, wavenumber); the Alfven integrand factorises into what depends
         on k_par, on k_perp, and the cascade that couples them: a matrix product. `curve` then integrates over the
         pitch angles whose mean free path fits the zone. Arrays over pitch angle are [n_mu].
Source   Fornieri et al. 2021, MNRAS 502, 5821 (F21); Yan & Lazarian 2008, ApJ 673, 942 (YL08); Cho, Lazarian & Vishniac
         2002, ApJ 564, 291 (CLV02).
Not here Slow modes, harmonics above 1, M_A > 1, other cascades, error estimates. The grids are too coarse at low
         rigidity, where only waves almost along the field survive: this is the baseline, not an oracle.
"""

import argparse
import dataclasses
import sys
import time

import numpy as np
from scipy.special import j0, j1

trapezoid = getattr(np, "trapezoid", None) or np.trapz


@dataclasses.dataclass(frozen=True)
class Constants:
    """Where units enter; cgs. The defaults are CODATA 2018 and IAU 2015."""

    speed_of_light_cm_s: float = 2.99792458e10
    parsec_cm: float = 3.0856775814913673e18
    larmor_radius_cm: float = 1e15 / 299.79245800  # r_L of 1 GV in 1 microgauss
    proton_electron_mass_ratio: float = 1836.15267343


# The digits of the 2021 scripts.
PUBLISHED_CONSTANTS = Constants(2.99e10, 3.0857e18, 3.37e12, 0.939 / 0.000510998918)


@dataclasses.dataclass(frozen=True)
class Medium:
    """One point of a scan. `x_c` is None where there is no viscous damping (the halo)."""

    alfven_mach: float
    beta: float
    injection_scale_pc: float
    zone_size_pc: float
    magnetic_field_ug: float = 1.0
    alfven_speed_km_s: float = 10.0
    x_c: float | None = None


@dataclasses.dataclass(frozen=True)
class Grids:
    """How the integrals are discretised. `wavenumbers` None: `per_decade` points in each decade of each range."""

    wave_angles: int = 100
    pitch_angles: int = 100
    pitch_max: float = 0.999  # D_mumu vanishes at 1
    wavenumbers: int | None = None
    per_decade: int = 10
    published_angle: bool = False  # x_max at wave angle arccos(sin(pi xi/2)) instead of arccos(xi)


NOTEBOOK_GRIDS = Grids()
PUBLISHED_GRIDS = Grids(wave_angles=500, pitch_angles=30, wavenumbers=100, published_angle=True)


def log_grid(low, high, grids):
    """Wavenumbers from low to high, evenly spaced in the logarithm."""
    n = grids.wavenumbers or max(2, round(grids.per_decade * np.log10(high / low)) + 1)
    return np.geomspace(low, high, n)


def weights(x):
    """The weights of the trapezoid on x, so that integral = f @ weights(x)."""
    half = np.diff(x) / 2
    return np.concatenate((half, [0])) + np.concatenate(([0], half))


def truncation_scale(xi, medium, grids, constants, cap):
    """x_max(xi) where damping ends the fast cascade: YL08; never above `cap`, where it is infinite at both ends."""
    gamma = constants.proton_electron_mass_ratio
    cosine = np.sin(np.pi * xi / 2) if grids.published_angle else xi
    sine2 = np.cos(np.pi * xi / 2) ** 2 if grids.published_angle else 1 - xi**2
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        x_max = (
            4 * medium.alfven_mach**4 * gamma * cosine**2 / (np.pi * medium.beta * sine2**2)
            * np.exp(2 / (medium.beta * gamma * cosine**2))
        )  # fmt: skip
        if medium.x_c is not None:
            x_max = np.fmin(x_max, medium.x_c * sine2 ** (-2 / 3))
    return np.fmin(np.where(np.isnan(x_max), np.inf, x_max), cap)


def gyro_resonance(mu, u, width2):
    """exp(-(mu + u)^2 / Delta^2) + exp(-(mu - u)^2 / Delta^2), the harmonics -1 and 1, u = 1/(x_par R)."""
    return np.exp(-((mu + u) ** 2) / width2) + np.exp(-((mu - u) ** 2) / width2)


def fast_modes(larmor_ratio, mu, medium, grids, constants, cap):
    """D_hat of the fast modes, transit-time damping and gyro-resonance (F21 with YL08), [n_mu]."""
    xi_grid = np.linspace(0, 1, grids.wave_angles)
    x_max = truncation_scale(xi_grid, medium, grids, constants, cap)
    slowness = medium.alfven_speed_km_s * 1e5 / constants.speed_of_light_cm_s
    mu = mu[:, None]
    sine = np.sqrt(1 - mu**2)
    width2 = medium.alfven_mach * sine**2
    over_x = np.zeros((mu.shape[0], xi_grid.size))
    for i, xi in enumerate(xi_grid):
        if xi == 0 or x_max[i] <= 1:  # the factor xi; a cascade damped before it starts
            continue
        x = log_grid(1, x_max[i], grids)
        w = larmor_ratio * x * np.sqrt(1 - xi**2) * sine
        bessel = j1(w)
        slope = j0(w) - np.divide(bessel, w, out=np.full_like(w, 0.5), where=w > 0)  # J_1' = J_0 - J_1/w
        transit_time = bessel**2 * np.exp(-((mu - slowness / xi) ** 2) / width2)
        gyro = slope**2 * gyro_resonance(mu, 1 / (x * xi * larmor_ratio), width2)
        over_x[:, i] = xi * ((transit_time + gyro) @ (x**-2.5 * weights(x)))
    prefactor = medium.alfven_mach**1.5 * np.sqrt(np.pi) * sine[:, 0] / (2 * larmor_ratio**2)
    return prefactor * trapezoid(over_x, xi_grid, axis=1)


def alfven_modes(larmor_ratio, mu, medium, grids, cap):
    """D_hat of the Alfven modes, gyro-resonance on the GS95 cascade (CLV02, M_A <= 1), [n_mu]."""
    strength = medium.alfven_mach ** (4 / 3)
    x_par = log_grid(1, cap ** (2 / 3), grids)
    x_perp = log_grid(medium.alfven_mach**-2, cap, grids)
    mu = mu[:, None]
    sine = np.sqrt(1 - mu**2)
    width2 = medium.alfven_mach * sine**2
    resonance = np.sqrt(np.pi / width2) / x_par * gyro_resonance(mu, 1 / (x_par * larmor_ratio), width2)
    w = larmor_ratio * x_perp * sine
    scattering = x_perp * (j1(w) / w) ** 2
    cascade = strength / (6 * np.pi) * x_perp ** (-10 / 3) * np.exp(-x_par[:, None] / (strength * x_perp ** (2 / 3)))
    integral = np.sum(((resonance * weights(x_par)) @ cascade) * scattering * weights(x_perp), axis=1)
    return 4 * np.pi * sine[:, 0] ** 2 / larmor_ratio**2 * integral


def curve(rigidity_gv, medium, grids=NOTEBOOK_GRIDS, constants=Constants(), prefactor=0.25):
    """D(R) in cm^2/s at each rigidity [n] in GV; NaN where no pitch angle is confined to the zone.

    `prefactor` is 1/4 in the formula; the 2021 script of the disk has 1/8.
    """
    scale_cm = medium.injection_scale_pc * constants.parsec_cm
    larmor_ratio = constants.larmor_radius_cm * np.asarray(rigidity_gv) / medium.magnetic_field_ug / scale_cm
    # The largest wavenumber considered: 100 times what resonates with 0.01 GV (F21).
    cap = 100 * scale_cm * medium.magnetic_field_ug / (constants.larmor_radius_cm * 0.01)
    mu = np.linspace(0, grids.pitch_max, grids.pitch_angles)
    d_cm2_s = np.full(larmor_ratio.shape, np.nan)
    for i, ratio in enumerate(larmor_ratio):
        d_hat = fast_modes(ratio, mu, medium, grids, constants, cap) + alfven_modes(ratio, mu, medium, grids, cap)
        with np.errstate(divide="ignore"):
            free_path_pc = medium.injection_scale_pc * (1 - mu**2) / (2 * d_hat)
        confined = free_path_pc <= medium.zone_size_pc
        if np.any(confined):
            integral = trapezoid(((1 - mu**2) ** 2 / np.where(confined, d_hat, 1))[confined], mu[confined])
            d_cm2_s[i] = prefactor * constants.speed_of_light_cm_s * scale_cm * integral
    return d_cm2_s


def rigidities(text):
    """'from:to:points' (logarithmic) or a comma list, in GV."""
    if ":" in text:
        low, high, points = text.split(":")
        return np.geomspace(float(low), float(high), int(points))
    return np.array([float(value) for value in text.split(",")])


def main(arguments=None):
    parser = argparse.ArgumentParser(description="D(R) on uniform grids, the NumPy baseline; prints seconds per curve.")
    parser.add_argument("--region", choices=("disk", "halo"), default="halo")
    parser.add_argument("--alfven-mach", type=float, default=0.5)
    parser.add_argument("--beta", type=float, default=0.14)
    parser.add_argument("--injection-scale", type=float, default=100, help="pc")
    parser.add_argument("--rigidity", type=rigidities, default="1:1e6:61", help="GV, from:to:points or a comma list")
    parser.add_argument("--grids", choices=("notebook", "published"), default="notebook",
                        help="100 wave angles, 100 pitch angles, 10 wavenumbers per decade; or the 2021 scripts' "
                        "grids, constants and slips")  # fmt: skip
    parser.add_argument("--seconds-only", action="store_true", help="print the seconds of one curve and nothing else")
    options = parser.parse_args(arguments)
    disk, published = options.region == "disk", options.grids == "published"
    medium = Medium(options.alfven_mach, options.beta, options.injection_scale, 900 if disk else 5100,
                    x_c=1e6 if disk else None)  # fmt: skip
    start = time.perf_counter()
    d_cm2_s = curve(
        options.rigidity,
        medium,
        PUBLISHED_GRIDS if published else NOTEBOOK_GRIDS,
        PUBLISHED_CONSTANTS if published else Constants(),
        prefactor=1 / 8 if published and disk else 1 / 4,
    )
    seconds = time.perf_counter() - start
    if options.seconds_only:
        print(f"{seconds:.4f}")
        return 0
    print(f"# {medium}")
    print(f"# {seconds:.2f} seconds for one curve of {d_cm2_s.size} rigidities, {options.grids} grids")
    print("# rigidity_gv D_cm2_s")
    np.savetxt(sys.stdout, np.column_stack((options.rigidity, d_cm2_s)), fmt="%.6e")
    return 0


if __name__ == "__main__":
    sys.exit(main())
