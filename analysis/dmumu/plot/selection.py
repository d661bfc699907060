"""What a figure takes from a cube: complete cubes only, named quantities, one value of each axis that is held.

Everything that a user can get wrong about a cube ends here in a `PlotError` that names the file, the option, what was asked
for and what would be right.
"""

import pathlib

import numpy

from dmumu import flag_names, nearest, open_cube

from . import derived

__all__ = ["AXES", "PlotError", "describe", "hold", "name_of", "open_complete", "option", "quantity", "regions"]

AXES = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
NUMERIC = AXES[1:]
ROUNDING = 1e-9  # a value may be this much outside of an axis, relatively: it came through text


class PlotError(ValueError):
    """A figure that cannot be drawn as asked; the message is a sentence for the user."""


def option(axis):
    """The option of the command line that holds an axis."""
    return "--" + axis.replace("_", "-")


def open_complete(path):
    """The cube at `path` as `dmumu.open_cube` gives it; PlotError where there is none or where it is not complete."""
    path = pathlib.Path(path)
    part = path.with_name(path.name + ".part")
    if not path.exists():
        if part.exists():
            raise PlotError(
                f"{path} does not exist, but {part.name} does: its scan is not complete; go on with "
                f"`dmumu scan INPUT.yaml -o {path} --resume`"
            )
        raise PlotError(f"{path} does not exist; `dmumu scan INPUT.yaml -o {path.name}` writes a cube")
    try:
        cube = open_cube(path)
    except (OSError, ValueError) as problem:
        reason = str(problem).splitlines()[0]
        raise PlotError(reason if str(path) in reason else f"{path} is not a dmumu cube: {reason}") from problem
    missing = [name for name in AXES if name not in cube.dims]
    if missing:
        raise PlotError(f"{path} is not a dmumu cube: it has no axis {missing[0]}")
    refuse_pending(cube, path)
    cube.attrs["path"] = str(path)
    return cube


def name_of(cube):
    """The file of a cube, for messages."""
    return cube.attrs.get("path") or cube.encoding.get("source") or "the cube"


def refuse_pending(cube, path):
    """PlotError where the ledger of the scan has points that are still to come."""
    if "state" not in cube:
        return
    done = next(value for value, name in flag_names(cube["state"]).items() if name == "done")
    pending = int((cube["state"] != done).sum())
    if pending:
        name = str(path)
        name = name[: -len(".part")] if name.endswith(".part") else name
        raise PlotError(
            f"{path} is not complete: {pending} of {cube['state'].size} points are pending; go on with "
            f"`dmumu scan INPUT.yaml -o {name} --resume`, or wait for its end"
        )


def quantity(cube, name, along=()):
    """The variable of the cube, or what is derived from it, called `name`; it must vary along the axes `along`."""
    over_axes = [key for key in cube.data_vars if set(cube[key].dims) <= set(AXES) and cube[key].dims]
    known = sorted(over_axes) + sorted(derived.QUANTITIES)
    if name in over_axes:
        variable = cube[name]
    elif name in derived.QUANTITIES:
        try:
            variable = derived.QUANTITIES[name](cube)
        except ValueError as problem:
            raise PlotError(f"{name_of(cube)}: {problem}") from problem
    else:
        raise PlotError(f"{name_of(cube)} has no variable '{name}'; it has {', '.join(known)}")
    for axis in along:
        if axis not in variable.dims:
            raise PlotError(f"{name_of(cube)}: {name} does not vary with {axis}, but with {', '.join(variable.dims)}")
    return variable


def some(values):
    """The values of an axis as text: all of a few, the ends and the number of many."""
    texts = [value if isinstance(value, str) else f"{float(value):.6g}" for value in values]
    return ", ".join(texts) if len(texts) <= 12 else f"{texts[0]} to {texts[-1]} ({len(texts)} values)"


def regions(cube, wanted=None):
    """The regions asked for, in the order given; all of the cube by default."""
    present = [str(name) for name in cube["region"].values]
    for name in wanted or ():
        if name not in present:
            raise PlotError(f"{name_of(cube)} has no region '{name}' (--region); it has {', '.join(present)}")
    return list(dict.fromkeys(wanted or present))


def check_inside(cube, axis, value):
    """PlotError where a value is not within the axis."""
    values = cube[axis].values
    slack = ROUNDING * abs(value)
    if not values[0] - slack <= value <= values[-1] + slack:  # also where value is NaN
        raise PlotError(
            f"{name_of(cube)}: {option(axis)} {value:g} is outside of the axis {axis}, which has {some(values)}"
        )


def check_axis(cube, axis, asked_by):
    """PlotError where a figure cannot vary `axis`, because there is none or it has but one value."""
    if axis not in AXES:
        raise PlotError(f"{asked_by} {axis}: no such parameter; there are {', '.join(AXES)}")
    if cube.sizes[axis] < 2:
        raise PlotError(
            f"{name_of(cube)}: {asked_by} {axis}: that axis has one value only ({some(cube[axis].values)}), and two at "
            f"least are needed"
        )


def hold(cube, variable, free, fixed, reduce=None):
    """`variable` at one value of each numeric axis that is not in `free`, and these values as {axis: value}.

    fixed[axis] is the value asked for or None; the nearest one of the axis is taken. Without a value an axis of length 1
    is no question; one of more is reduced by `reduce` (a function of a DataArray and a list of its axes) or is a PlotError.
    """
    held, open_axes = {}, []
    for axis in NUMERIC:
        value = fixed.get(axis)
        if value is not None and axis in free:
            raise PlotError(f"{option(axis)} {value:g} holds an axis that the figure varies; leave it out")
        if axis in free or axis not in variable.dims:
            continue
        if value is None and cube.sizes[axis] > 1:
            open_axes.append(axis)
            continue
        if value is None:
            value = float(cube[axis].values[0])
        check_inside(cube, axis, value)
        held[axis] = value
    if open_axes and reduce is None:
        axis = open_axes[0]
        raise PlotError(
            f"{name_of(cube)}: {axis} has {cube.sizes[axis]} values and the figure needs one: give {option(axis)}, one "
            f"of {some(cube[axis].values)}"
        )
    part = nearest(variable, **held)
    taken = {axis: float(part[axis]) for axis in held}
    return (reduce(part, open_axes) if open_axes else part), taken


def members(cube, axis, values=None):
    """Indices on an axis of the values asked for, each once and ascending; of all by default."""
    if axis == "region":
        return list(range(cube.sizes[axis]))
    chosen = set()
    for value in values or ():
        check_inside(cube, axis, value)
        chosen.add(int(numpy.flatnonzero(cube[axis].values == float(nearest(cube[axis], **{axis: value})))[0]))
    return sorted(chosen) if values else list(range(cube.sizes[axis]))


def describe(cube, held):
    """'beta = 0.1, L = 100 pc' of what is held, for the title of a panel."""
    from .style import SYMBOLS, unit_text

    return ", ".join(f"{SYMBOLS[name]} = {value:.4g}{unit_text(cube[name], ' {}')}" for name, value in held.items())
