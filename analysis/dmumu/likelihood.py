"""B/C and B/O from two D(R), disk and halo, and their likelihood: what `dmumu fit` computes, for samplers such as emcee.

    import emcee
    from dmumu import open_cube
    from dmumu.likelihood import Posterior, Ratios

    ratios = Ratios(["AMS-02_B_C_rigidity.txt", "AMS-02_B_O_rigidity.txt"], range_gv=(200, 1e5))
    posterior = Posterior(ratios, open_cube("galaxy.h5"))
    start = posterior.start(32)                       # inside the cube
    sampler = emcee.EnsembleSampler(32, posterior.n, posterior)
    sampler.run_mcmc(start, 5000)                     # posterior.names says what the columns are

Files are KISS's, CRDB's or USINE's, as `dmumu fit --data` takes them (crdata.py), FILE@B_C too. The formulas are those of
src/core/{isotope,cross_section,ratio,modulation,transport,fit}.c, written here again in NumPy, so that each checks the
other (tests/test_fit.py). `Ratios.chi2` is chi^2 with the normalisations profiled; `Posterior` has flat
priors in the logarithms of the cube's axes, within the cube.
"""

import dataclasses
import math
import os

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from . import crdata

__all__ = ["Posterior", "Ratios", "curve", "energy_gev_n", "rigidity_gv"]

C_CM_S = 2.99792458e10
KPC_CM = 3.0856775814913673e21
PROTON_G = 1.67262192369e-24
HELIUM = 0.08
GAS_G = PROTON_G * (1 + 4 * HELIUM) / (1 + HELIUM)

# charge, mass number, atomic mass in u (AME2020); the nuclear mass is less Z electrons
NUCLIDES = {
    "B10": (5, 10, 10.012936862),
    "B11": (5, 11, 11.009305166),
    "C12": (6, 12, 12.0),
    "N14": (7, 14, 14.003074004),
    "O16": (8, 16, 15.994914619),
    "Ne20": (10, 20, 19.992440176),
    "Mg24": (12, 24, 23.98504170),
    "Si28": (14, 28, 27.976926535),
}
BORON = ("B10", "B11")
# parent: (flux per oxygen's, per boron's), cross sections to B10 and B11 in mb on H; sources in the C files
PARENTS = {
    "C12": (0.842, 0.631, 18.12, 52.72),
    "N14": (0.090, 0.62, 10.16, 29.17),
    "O16": (1.0, 0.0, 10.46, 26.80),
    "Ne20": (0.161, 0.0, 6.653, 15.34),
    "Mg24": (0.195, 0.0, 6.264, 14.08),
    "Si28": (0.172, 0.0, 2.841, 8.369),
}


def _mass_gev(name):
    charge, _, mass_u = NUCLIDES[name]
    return mass_u * 0.93149410242 - charge * 0.00051099895


def rigidity_gv(name, energy):
    """GV from kinetic energy per nucleon in GeV."""
    charge, number, _ = NUCLIDES[name]
    kinetic = number * np.asarray(energy, float)
    return np.sqrt(kinetic * (kinetic + 2 * _mass_gev(name))) / charge


def energy_gev_n(name, rigidity):
    """GeV per nucleon from GV."""
    charge, number, _ = NUCLIDES[name]
    momentum, mass = charge * np.asarray(rigidity, float), _mass_gev(name)
    return momentum * (momentum / (np.hypot(momentum, mass) + mass)) / number


def _velocity(name, rigidity):
    momentum = NUCLIDES[name][0] * np.asarray(rigidity, float)
    return momentum / np.hypot(momentum, _mass_gev(name))


def _per_energy(name, rigidity):
    """dR/dT, GV per GeV/n."""
    charge, number, _ = NUCLIDES[name]
    return number / charge / _velocity(name, rigidity)


def _inelastic_mb(name, energy):
    """Letaw, Silberberg & Tsao 1983."""
    a, mev = NUCLIDES[name][1], 1e3 * energy
    high = 45 * a**0.7 * (1 + 0.016 * math.sin(5.3 - 2.63 * math.log(a)))
    return high * (1 - 0.62 * np.exp(-mev / 200) * np.sin(10.9 * mev**-0.28))


def _per_gas(sigma_mb):
    return sigma_mb * 1e-27 * (1 + 16 ** (1 / 3) * HELIUM) / (1 + HELIUM) / GAS_G


def read_ratio(file, range_gv):
    """A measured ratio within the range, from PATH or PATH@QUANTITY, as `dmumu fit` takes them."""
    path, at, quantity = os.fspath(file).rpartition("@")
    if not at or "/" in quantity:  # none, or of a folder's name
        path, quantity = os.fspath(file), None
    data = crdata.read(path, quantity)
    if data.quantity.upper() not in ("B_C", "B_O") or data.axis == "kineticEnergy":
        raise ValueError(
            f"{file}: {data.quantity[:40]} over {data.axis} is no ratio that can be fitted; it must be B_C or B_O over rigidity or "
            "kineticEnergyPerNucleon"
        )
    x = data.rows[:, 0]
    carbon = x if data.axis == "rigidity" else rigidity_gv("C12", x)
    kept = data.rows[(carbon >= range_gv[0]) & (carbon <= range_gv[1])]
    if len(kept) == 0:
        raise ValueError(f"{file}: none of its {len(x)} points lies between {range_gv[0]:g} and {range_gv[1]:g} GV")
    return dataclasses.replace(data, rows=kept)


def sigma_of(data, errors, file):
    """Errors of the points: statistical and systematic ones joined as asked, each the mean of its two sides."""
    stat, syst = data.rows[:, 2:4].mean(axis=1), data.rows[:, 4:6].mean(axis=1)
    kinds = {"quadrature": np.hypot(stat, syst), "linear": stat + syst, "stat": stat}
    if errors not in kinds:
        raise ValueError(f"errors: '{errors}' is unknown; it must be quadrature, linear or stat")
    sigma = kinds[errors]
    if not np.all(sigma > 0):
        x = data.rows[np.argmax(~(sigma > 0)), 0]
        raise ValueError(f"{file}: the point at x = {x:g} has no error of the kind asked for; it must be > 0")
    return sigma


class _Points:
    """One ratio at some abscissae: what it takes to make it of grammages."""

    def __init__(self, quantity, axis, x, flux_slope, modulation_gv):
        per_energy = axis == "kineticEnergyPerNucleon"

        def place(name):
            here = rigidity_gv(name, x) if per_energy else np.asarray(x, float)
            charge, number, _ = NUCLIDES[name]
            shift = modulation_gv * charge / number
            outside = rigidity_gv(name, energy_gev_n(name, here) + shift) if shift > 0 else here
            factor = (here / outside) ** 2
            return outside, factor if per_energy else factor * _velocity(name, here) / _velocity(name, outside)

        oxygen, oxygen_factor = place("O16")
        outside, oxygen_made, boron_made = [], [], []
        for i, name in enumerate(BORON):
            here, factor = place(name)
            energy = energy_gev_n(name, here)
            unit = _per_energy("O16", oxygen) if per_energy else _per_energy(name, here)
            made = np.zeros((2, len(here)))
            for parent, values in PARENTS.items():
                at = rigidity_gv(parent, energy)
                flux = (at / oxygen) ** -flux_slope * _per_energy(parent, at) / unit * factor / oxygen_factor
                made += np.outer(values[:2], _per_gas(values[2 + i]) * flux)
            outside.append(here)
            oxygen_made.append(made[0])
            boron_made.append(made[1])
        self.rigidity_gv = np.array(outside)  # [isotope, point]
        self.velocity = np.array([_velocity(name, here) for name, here in zip(BORON, outside, strict=True)])
        self.gain = np.array(oxygen_made)
        loss = [_per_gas(_inelastic_mb(name, energy_gev_n(name, r))) for name, r in zip(BORON, outside, strict=True)]
        self.loss = np.array(loss) - np.array(boron_made) * self.gain.sum(axis=0) / self.gain
        self.a, self.b = PARENTS["C12"][:2] if quantity.replace("/", "_").upper() == "B_C" else (1.0, 0.0)

    def ratio(self, grammage):
        """From X [g/cm^2] over (isotope, point)."""
        per_oxygen = (self.gain * grammage / (1 + self.loss * grammage)).sum(axis=0)
        return per_oxygen / (self.a + self.b * per_oxygen)


def grammage(velocity, d_disk, d_halo, disk_size_kpc, halo_height_kpc, advection_km_s=0.0, gas_mg_cm2=2.3):
    """X [g/cm^2] of a thin sheet below a disk and a halo; src/core/transport.c derives it."""
    path = (disk_size_kpc / d_disk if disk_size_kpc > 0 else 0.0) * KPC_CM
    if halo_height_kpc > disk_size_kpc:
        path = path + (halo_height_kpc - disk_size_kpc) / d_halo * KPC_CM
    x = 1e5 * advection_km_s * path
    leave = -np.expm1(-x) / x if advection_km_s > 0 else 1.0
    return 0.5 * velocity * C_CM_S * 1e-3 * gas_mg_cm2 * path * leave


def curve(rigidity, d):
    """A function of R with ln D linear in ln R between the values given, NaN outside."""
    log_r, log_d = np.log(rigidity), np.log(d)
    return lambda at: np.exp(np.interp(np.log(at), log_r, log_d, left=np.nan, right=np.nan))


class Ratios:
    """Measured ratios, and chi^2 of a pair of curves with them. Options as of `dmumu fit`."""

    def __init__(
        self, files, *, range_gv=(200, 1e5), errors="quadrature", normalisation=0.1, modulation_gv=0.5, flux_slope=2.7,
        advection_km_s=0.0, gas_mg_cm2=2.3,
    ):  # fmt: skip
        self.advection_km_s, self.gas_mg_cm2, self.normalisation = advection_km_s, gas_mg_cm2, normalisation
        self.kinematics = {"flux_slope": flux_slope, "modulation_gv": modulation_gv}
        self.sets = []
        for file in files:
            data = read_ratio(file, range_gv)
            points = _Points(data.quantity, data.axis, data.rows[:, 0], **self.kinematics)
            sigma = sigma_of(data, errors, file)
            self.sets.append((f"{data.experiment} {data.quantity}", data.rows[:, 0], data.rows[:, 1], sigma, points))

    @property
    def n_points(self):
        """Points of all sets."""
        return sum(len(s[1]) for s in self.sets)

    @property
    def rigidities_gv(self):
        """All rigidities at which D is wanted."""
        return np.concatenate([s[4].rigidity_gv.ravel() for s in self.sets])

    def model(self, points, d_disk, d_halo, disk_size_kpc, halo_height_kpc):
        """The ratio at `points` from two functions of R."""
        x = grammage(
            points.velocity, d_disk(points.rigidity_gv), d_halo(points.rigidity_gv), disk_size_kpc, halo_height_kpc,
            self.advection_km_s, self.gas_mg_cm2,
        )  # fmt: skip
        return points.ratio(x)

    def smooth(self, quantity, axis, x, d_disk, d_halo, disk_size_kpc, halo_height_kpc):
        """The ratio at any abscissae, for drawing."""
        points = _Points(quantity, axis, np.asarray(x, float), **self.kinematics)
        return self.model(points, d_disk, d_halo, disk_size_kpc, halo_height_kpc)

    def parts(self, d_disk, d_halo, disk_size_kpc=0.9, halo_height_kpc=6.0):
        """[(chi^2, k)] of each set: its part, the penalty included, at its best factor k on the model."""
        found = []
        for _, _, value, sigma, points in self.sets:
            model = self.model(points, d_disk, d_halo, disk_size_kpc, halo_height_kpc)
            k, extra = 1.0, 0.0
            if self.normalisation > 0:
                penalty = 1 / self.normalisation**2  # 0 where it is free
                k = ((value * model / sigma**2).sum() + penalty) / ((model**2 / sigma**2).sum() + penalty)
                extra = penalty * (k - 1) ** 2
            found.append((float((((value - k * model) / sigma) ** 2).sum() + extra), float(k)))
        return found

    def chi2(self, d_disk, d_halo, disk_size_kpc=0.9, halo_height_kpc=6.0):
        """chi^2 with the normalisations profiled; NaN where a D is missing."""
        return sum(part for part, _ in self.parts(d_disk, d_halo, disk_size_kpc, halo_height_kpc))


class Posterior:
    """ln of the posterior over a cube's axes, for disk and halo, by interpolation: posterior(theta).

    theta holds ln M_A, ln beta, ln L of the disk, the same of the halo, less those axes that have one value, and, where
    `disk_size_kpc` or `halo_height_kpc` is a pair (low, high), its logarithm. Priors are flat between the ends. ln D is
    linear between the points of the cube; where a neighbour has no value the answer is -inf.
    """

    AXES = ("alfven_mach", "beta", "injection_scale")

    def __init__(self, ratios, cube, disk_size_kpc=0.9, halo_height_kpc=6.0):
        self.ratios = ratios
        self.rigidity = cube["rigidity"].values
        axes = [np.log(cube[name].values) for name in self.AXES]
        self.varies = [len(values) > 1 for values in axes]
        self.fixed = [values[0] for values in axes]
        self.names, self.low, self.high = [], [], []
        self.tables = {}
        used = [values for values, varies in zip(axes, self.varies, strict=True) if varies]
        for region in ("disk", "halo"):
            d = np.log(cube["D"].sel(region=region).transpose(*self.AXES, "rigidity").values)
            d = d.reshape(*(len(values) for values in used), len(self.rigidity))
            self.tables[region] = RegularGridInterpolator(used, d, bounds_error=False) if used else d
            for name, values, varies in zip(self.AXES, axes, self.varies, strict=True):
                if varies:
                    self._add(f"ln_{region}_{name}", values[0], values[-1])
        self.sizes = {"ln_disk_size": disk_size_kpc, "ln_halo_height": halo_height_kpc}
        for name, size in self.sizes.items():
            if np.ndim(size):
                self._add(name, *np.log(size))
        self.low, self.high = np.array(self.low), np.array(self.high)
        self.n = len(self.names)

    def _add(self, name, low, high):
        self.names.append(name)
        self.low.append(low)
        self.high.append(high)

    def start(self, walkers, seed=1):
        """Positions with a finite posterior, drawn from the prior."""
        random, found = np.random.default_rng(seed), []
        for _ in range(1000 * walkers):
            theta = random.uniform(self.low, self.high)
            if np.isfinite(self(theta)):
                found.append(theta)
            if len(found) == walkers:
                return np.array(found)
        raise ValueError("hardly any point of the cube has D at the rigidities of the data")

    def curves(self, theta):
        """D(R) of disk and halo there, as functions."""
        n = sum(self.varies)
        d = [self.tables[r](theta[i * n : (i + 1) * n])[0] if n else self.tables[r] for i, r in enumerate(self.tables)]
        return [curve(self.rigidity, np.exp(values)) for values in d]

    def __call__(self, theta):
        theta = np.asarray(theta, float)
        if np.any(theta < self.low) or np.any(theta > self.high):
            return -np.inf
        at = dict(zip(self.names, theta, strict=True))
        size, height = (np.exp(at[name]) if name in at else self.sizes[name] for name in self.sizes)
        if size > height:
            return -np.inf
        chi2 = self.ratios.chi2(*self.curves(theta), size, height)
        return -0.5 * chi2 if np.isfinite(chi2) else -np.inf
