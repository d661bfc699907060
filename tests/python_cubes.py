"""Made-up cubes for the tests of analysis/dmumu: every variable that a cube must have, D from a formula, holes on request."""

import h5py
import numpy as np

NUMERIC = ("alfven_mach", "beta", "injection_scale", "rigidity")
ARGUMENTS = ("alfven_mach", "beta", "injection_scale_pc", "rigidity_gv")
UNITS = {"region": "1", "alfven_mach": "1", "beta": "1", "injection_scale": "pc", "rigidity": "GV"}
SINGLE = ("D_fast", "D_alfven")


def axes_of(n=(5, 4, 3, 9), seed=0):
    """Four uneven axes of n values between 1 and 3."""
    rng = np.random.default_rng(seed)
    axes = {}
    for name, length in zip(NUMERIC, n, strict=True):
        steps = np.cumsum(rng.uniform(0.5, 1.5, length))
        axes[name] = 1 + 2 * (steps - steps[0]) / (steps[-1] - steps[0]) if length > 1 else np.array([2.0])
    return axes


def wavy(u):
    """ln D that goes up and down along every axis, of both regions: u [4, ...]."""
    return 65 + 0.8 * np.sin(5 * u[0] + u[3]) - 1.5 * u[1] * u[2] + 0.4 * u[3] + np.cos(7 * u[3]) * np.sin(6 * u[2])


def straight(u):
    """ln D linear in every u: what every interpolation has exactly."""
    return 65 - 2.5 * u[0] + 0.3 * u[1] + 0.5 * u[2] + 0.4 * u[3]


def values_of(axes, linear, formula, regions=(0, 1)):
    """D of all the axes; that of the halo ten times that of the disk."""
    grids = np.meshgrid(*(axes[name] if name in linear else np.log(axes[name]) for name in NUMERIC), indexing="ij")
    return np.stack([np.exp(formula(np.array(grids))) * 10.0**region for region in regions])


def write(path, axes, d, *, linear=(), regions=(0, 1), state=None, attributes=None):
    """A cube of D as `dmumu scan` lays it out, without checksums."""
    state = np.ones(d.shape[:4], "u1") if state is None else state
    variables = {"D": d, **{name: d * factor for name, factor in zip(SINGLE, (2, 3), strict=True)}}
    variables |= {name: np.zeros(d.shape, "f4") for name in ("rel_error", "mu_star")}
    variables["quality"] = np.isnan(d).astype("u1")
    for name in ("alfven_speed", "temperature", "density", "magnetic_field", "x_c"):
        variables[name] = np.ones(d.shape[:4])
    variables |= {"state": state, "cost": np.zeros(d.shape[:4], "f4")}
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["title"] = "Made up"
        for name, value in (attributes or {}).items():
            file.attrs[name] = value
        for name, values in {"region": np.array(regions, "u1"), **axes}.items():
            axis = file.create_dataset(name, data=values, track_order=True)
            axis.make_scale(name)
            axis.attrs["units"] = UNITS[name]
            if name == "region":
                axis.attrs["flag_values"], axis.attrs["flag_meanings"] = np.array([0, 1], "u1"), "disk halo"
            else:
                axis.attrs["axis_scale"] = "linear" if name in linear else "log"
        for name, values in variables.items():
            variable = file.create_dataset(name, data=values, track_order=True)
            for i, axis in enumerate(UNITS):
                if i < values.ndim:
                    variable.dims[i].attach_scale(file[axis])
        file["D"].attrs["units"] = "cm2 s-1"
        file["quality"].attrs["flag_values"] = np.arange(4, dtype="u1")
        file["quality"].attrs["flag_meanings"] = "ok not_confined not_converged failed"
    return path


def make(path, *, n=(5, 4, 3, 9), linear=(), formula=wavy, holes=0.0, seed=0, **options):
    """The cube of a formula, a part `holes` of its values NaN; returns axes and D."""
    axes = axes_of(n, seed)
    d = values_of(axes, linear, formula, options.get("regions", (0, 1)))
    d[np.random.default_rng(seed + 1).random(d.shape) < holes] = np.nan
    write(path, axes, d, linear=linear, **options)
    return axes, d


def random_points(axes, n, seed=2, beyond=0.0, at_nodes=0.3):
    """n points as the arguments of a Cube: some values at nodes, others up to a factor 1 + beyond outside."""
    rng = np.random.default_rng(seed)
    where = {"region": rng.choice(["disk", "halo"], n)}
    for name, argument in zip(NUMERIC, ARGUMENTS, strict=True):
        low, high = axes[name][0] / (1 + beyond), axes[name][-1] * (1 + beyond)
        values = rng.uniform(low, high, n)
        node = rng.random(n) < at_nodes
        where[argument] = np.where(node | (low == high), rng.choice(axes[name], n), values)
    return where
