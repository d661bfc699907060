"""The enums of include/dmumu.h: what each number is called, in the order of the numbers."""

from __future__ import annotations

REGIONS = ("disk", "halo")
MODES = ("fast", "alfven", "slow")
BROADENINGS = ("yl08", "gaussian", "none")
CASCADES = ("gs95", "b06")
CONFINEMENTS = ("zone", "none")
VARIANTS = ("formula", "published")
BETA_FOLLOWS = ("temperature", "density", "magnetic_field")
KERNELS = ("fast", "ref")
QUALITIES = ("ok", "not_confined", "not_converged", "failed")
AXES = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
AXIS_UNITS = ("1", "1", "1", "pc", "GV")
QUANTITIES = ("D", "D_fast", "D_alfven", "D_slow")
INTERPOLATIONS = ("cubic", "linear")
OUTSIDES = ("error", "clamp", "power_law")

# What a function calls an axis: with its unit.
ARGUMENTS = ("region", "alfven_mach", "beta", "injection_scale_pc", "rigidity_gv")


def number_of(key: str, value: str, names: tuple[str, ...]) -> int:
    """The number of a name; ValueError, naming key, value and choices, where it is none of them."""
    if value not in names:
        raise ValueError(f"{key}: {value!r} is none of {', '.join(names)}")
    return names.index(value)
