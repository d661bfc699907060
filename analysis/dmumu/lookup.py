"""Look-ups by numpy, for where libdmumu is not: its scheme (include/dmumu.h, src/cube/lookup_general.c), many points at once.

Coordinates  u of an axis is ln x where its axis_scale is "log", else x; interpolated is ln D, one axis after the other:
             alfven_mach, beta, injection_scale, rigidity.
Cubic        f_1 + t^2 (3 - 2t) (f_2 - f_1) + h t (1 - t) ((1 - t) m_1 - t m_2) in a cell of length h, between its values f_1
             and f_2; the slopes m are those of parabolas through a node and its neighbours, limited as de Boor & Swartz
             1977 (J. Approx. Theory 21, 411). A neighbour of the cell that is NaN is as if the axis ended there.
Linear       (1 - t) f_1 + t f_2.
Exact        at a node D is that of the cube, to the bit.
Derivatives  of the interpolation itself, carried along: a `jet` is an array [1 + k, ...] of a value and its derivatives by
             u of the k axes that it has been interpolated along. A jet of values alone is one of k = 0 throughout.

What the two do not share is the last bits: they agree to 1e-12 (tests/test_python_lookup.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dmumu import _names

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INSIDE, CLAMPED, CONTINUED, OUTSIDE = range(4)
ERROR, CLAMP, POWER_LAW = (_names.OUTSIDES.index(name) for name in ("error", "clamp", "power_law"))
ROUNDING = 1e-12  # relative: nearer to the end of an axis than this is at the end
CHUNK = 1024  # points at a time: 4^4 nodes of each are in memory


class Points(NamedTuple):
    """n points to look up; an array of one value gives all of them the same."""

    n: int
    region: NDArray[np.int32]  # [n] or [1]
    values: tuple[Floats, Floats, Floats, Floats]  # [n] or [1] each: alfven_mach, beta, injection_scale pc, rigidity GV


class Options(NamedTuple):
    """struct dmumu_cube_options without `guard`, as numbers of the enums."""

    quantity: int
    interpolation: int
    outside: tuple[int, int, int, int, int]  # by axis, region too
    partial: bool


class Values(NamedTuple):
    """One quantity of a cube."""

    axes: tuple[Floats, ...]  # of all five, ascending; of region: the numbers of the regions
    log_spaced: tuple[bool, ...]
    d: Floats  # [region, alfven_mach, beta, injection_scale, rigidity] cm2/s; NaN where it is no positive number


class Place(NamedTuple):
    """Where values lie on an axis, [n] each."""

    cell: Integers  # its nodes are cell and cell + 1; 0 on an axis of one value
    t: Floats  # 0 .. 1 from the one to the other
    beyond: Floats  # ln(x / end of the axis) where CONTINUED, else 0
    side: Integers  # INSIDE, CLAMPED, CONTINUED or OUTSIDE


def end_weights(at_end: bool, own: float, other: float, far: float) -> tuple[float, float, float]:
    """Weights of the slopes of three intervals, by their lengths, in the slope at an end of the cell `own`."""
    if not at_end:
        return other / (own + other), own / (own + other), 0.0
    if far > 0.0:  # one-sided: the parabola through this cell and the next
        return 1.0 + own / (own + far), 0.0, -own / (own + far)
    return 1.0, 0.0, 0.0


class Axis:
    """An axis but region, prepared: its coordinate, and what a cubic needs of each cell.

    The tables have an index `variant` = starts + 2 ends: the cell without a node before it, or behind it.
    """

    def __init__(self, values: Floats, in_log: bool) -> None:
        self.values, self.in_log, self.n = values, in_log, len(values)
        self.u = np.log(values) if in_log else values.copy()
        n = max(self.n - 1, 1)
        self.length = np.ones(n)
        self.starts, self.ends = np.zeros(n, bool), np.zeros(n, bool)
        self.inverse, self.left, self.right = (np.zeros((3, 4, n)) for _ in range(3))  # [interval, variant, cell]
        for i in range(self.n - 1):
            self._prepare(i)

    def _prepare(self, i: int) -> None:
        u, last = self.u, self.n - 1
        own = float(u[i + 1] - u[i])
        before = float(u[i] - u[i - 1]) if i > 0 else 0.0
        behind = float(u[i + 2] - u[i + 1]) if i + 1 < last else 0.0
        self.length[i], self.starts[i], self.ends[i] = own, i == 0, i + 1 == last
        for variant in range(4):
            low = 0.0 if variant & 1 else before
            high = 0.0 if variant & 2 else behind
            w_own, w_other, w_far = end_weights(low == 0.0, own, low, high)
            self.left[:, variant, i] = w_other, w_own, w_far
            w_own, w_other, w_far = end_weights(high == 0.0, own, high, low)
            self.right[:, variant, i] = w_far, w_own, w_other
            self.inverse[:, variant, i] = [1.0 / x if x > 0.0 else 0.0 for x in (low, own, high)]

    def place(self, x: Floats, outside: int) -> Place:
        """Where x [n] lies; `outside`: ERROR, CLAMP or POWER_LAW."""
        first, last = self.values[0], self.values[-1]
        within = (x >= first) & (x < last)
        cell, t = np.zeros(len(x), np.int64), np.zeros(len(x))
        beyond, side = np.zeros(len(x)), np.full(len(x), INSIDE)
        if within.any():
            cell[within], t[within] = self._place_within(x[within])
        if not within.all():
            y = x[~within]
            at_last = y >= last
            end = np.where(at_last, last, first)
            if self.n > 1:
                cell[~within], t[~within] = np.where(at_last, self.n - 2, 0), np.where(at_last, 1.0, 0.0)
            beyond[~within], side[~within] = _sides(y, end, outside)
        return Place(cell, t, beyond, side)

    def _place_within(self, x: Floats) -> tuple[Integers, Floats]:
        node = np.searchsorted(self.values, x, side="right") - 1
        u = np.log(x) if self.in_log else x
        u = np.where(self.values[node] == x, self.u[node], u)  # a node is at itself, however the logarithm rounds
        cell = np.clip(np.searchsorted(self.u, u, side="right") - 1, 0, self.n - 2)
        return cell, np.minimum((u - self.u[cell]) * (1.0 / (self.u[cell + 1] - self.u[cell])), 1.0)


def _sides(x: Floats, end: Floats, outside: int) -> tuple[Floats, Integers]:
    """`beyond` and `side` of values x beyond the ends of an axis, or at them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        near = (x == end) | (np.abs(x - end) <= ROUNDING * np.abs(end))
        goes_on = (outside == POWER_LAW) & (x > 0.0) & np.isfinite(x) & (end > 0.0)
        clamped = (outside == CLAMP) & ~np.isnan(x)
        side = np.where(near, INSIDE, np.where(clamped, CLAMPED, np.where(goes_on, CONTINUED, OUTSIDE)))
        return np.where(side == CONTINUED, np.log(np.where(goes_on, x / end, 1.0)), 0.0), side


def limit(plain: Floats, own: Floats, other: Floats) -> Floats:
    """A slope limited by that of the cell and that on its other side; jets all three."""
    p, a, b = plain[0], np.abs(own[0]), np.abs(other[0])
    turns = (p * own[0] <= 0.0) | (other[0] * own[0] <= 0.0)
    over = ~turns & (np.abs(p) > 3.0 * np.where(a < b, a, b))
    if over.any():
        plain = np.where(over, 3.0 * np.where(a < b, own, other), plain)
    return np.where(turns & (p != 0.0), 0.0, plain)


def hermite(axis: Axis, place: Place, f: list[Floats]) -> dict[str, Floats]:
    """The cubic of each cell: the slope of the cell, the limited ones at its ends (jets).

    f: jets at the four nodes, of which the outer ones may be NaN or not there.
    """
    starts, ends = axis.starts[place.cell], axis.ends[place.cell]
    no_first, no_last = np.isnan(f[0][0]), np.isnan(f[3][0])
    if no_first.any():
        starts = starts | no_first
    if no_last.any():
        ends = ends | no_last
    variant = starts + 2 * ends
    nodes = [np.where(starts, f[1], f[0]), f[1], f[2], np.where(ends, f[2], f[3])]
    inverse, left, right = (table[:, variant, place.cell] for table in (axis.inverse, axis.left, axis.right))
    s = [inverse[i] * nodes[i + 1] - inverse[i] * nodes[i] for i in range(3)]
    m_1 = limit(left[0] * s[0] + left[1] * s[1] + left[2] * s[2], s[1], np.where(starts, s[1], s[0]))
    m_2 = limit(right[0] * s[0] + right[1] * s[1] + right[2] * s[2], s[1], np.where(ends, s[1], s[2]))
    return {"cell": s[1], "low": m_1, "high": m_2}


def straight(axis: Axis, place: Place, f: list[Floats]) -> dict[str, Floats]:
    """The same of a linear interpolation."""
    inverse = axis.inverse[1, 0, place.cell]
    slope = inverse * f[2] - inverse * f[1]
    return {"cell": slope, "low": slope, "high": slope}


def with_slope(jet: Floats, slope: Floats) -> Floats:
    """A jet with one derivative more."""
    return np.concatenate([jet, np.broadcast_to(slope, jet.shape[1:])[None]])


class Interpolator:
    """What dmumu_cube_open makes: one quantity of a cube, ready to be looked up."""

    def __init__(self, values: Values, options: Options) -> None:
        self.options = options
        self.axes = [Axis(x, log) for x, log in zip(values.axes[1:], values.log_spaced[1:], strict=True)]
        self.names, self.cubic = _names.AXES[1:], options.interpolation == _names.INTERPOLATIONS.index("cubic")
        self.region_index = {int(number): i for i, number in enumerate(values.axes[0])}
        shape = values.d.shape
        self.strides = [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]
        self.d = np.ascontiguousarray(values.d).reshape(-1)
        with np.errstate(invalid="ignore"):
            self.ln_d = np.log(self.d)

    def eval(self, points: Points) -> tuple[Floats, str]:
        """D [n] cm2/s, NaN where there is none; and what is wrong with the first point that is outside, or ""."""
        d, _, complaint = self._all(points, False)
        return d, complaint

    def gradient(self, points: Points) -> tuple[Floats, Floats, str]:
        """The same, and d ln D / d ln x [n, 4] along alfven_mach, beta, injection_scale, rigidity."""
        return self._all(points, True)

    def _all(self, points: Points, derive: bool) -> tuple[Floats, Floats, str]:
        d, gradient, complaint = np.empty(points.n), np.empty((points.n, 4)), ""
        for first in range(0, points.n, CHUNK):
            here = slice(first, min(first + CHUNK, points.n))
            n = here.stop - first
            region = np.broadcast_to(points.region if len(points.region) == 1 else points.region[here], n)
            x = [np.broadcast_to(v if len(v) == 1 else v[here], n) for v in points.values]
            places = [a.place(v, o) for a, v, o in zip(self.axes, x, self.options.outside[1:], strict=True)]
            index = np.array([self.region_index.get(int(number), -1) for number in region], np.int64)
            bad = np.array([index < 0] + [place.side == OUTSIDE for place in places])
            if bad.any() and not complaint:
                point = int(np.argmax(bad.any(axis=0)))
                complaint = self._complaint(first + point, int(np.argmax(bad[:, point])), region[point], x, point)
            with np.errstate(invalid="ignore", over="ignore"):
                jet = self._interpolate(np.maximum(index, 0), places, derive)
                d[here] = np.where(bad.any(axis=0), np.nan, self._finish(np.maximum(index, 0), places, jet[0]))
                if derive:
                    jet[:, bad.any(axis=0)] = np.nan
                    gradient[here] = self._logarithmic(jet, places, x)
        return d, gradient, complaint

    def _complaint(self, point: int, axis: int, region: int, x: list[Floats], at: int) -> str:
        if axis == 0:
            known = 0 <= region < len(_names.REGIONS)
            return f"point {point}: region {region} ({_names.REGIONS[region] if known else 'unknown'}) is not in the cube"
        values, unit = self.axes[axis - 1].values, _names.AXIS_UNITS[axis]
        said = f"{x[axis - 1][at]:.9g}{'' if unit == '1' else ' ' + unit}"
        return f"point {point}: {_names.AXES[axis]} {said} is outside of the cube: {values[0]:.9g} to {values[-1]:.9g}"

    def _interpolate(self, region: Integers, places: list[Place], derive: bool) -> Floats:
        """ln D and, if asked for, its derivatives: a jet [1 or 5, n]."""
        continued = any((place.side == CONTINUED).any() for place in places)
        wide = self.cubic or derive or continued  # else the ends of the cells are enough
        index = region * self.strides[0]
        for i, (axis, place) in enumerate(zip(self.axes, places, strict=True)):
            nodes = np.arange(-1, 3) if wide else np.arange(2)
            node = np.clip(place.cell + nodes[:, None], 0, axis.n - 1) * self.strides[i + 1]
            index = index + node.reshape(len(nodes), *[1] * i, -1)  # the axis that comes last is the first
        jet = self.ln_d[index][None]
        for axis, place in zip(self.axes, places, strict=True):
            jet = self._reduce(axis, place, jet, derive) if wide else self._reduce_narrow(axis, place, jet)
        return jet

    @staticmethod
    def _reduce_narrow(axis: Axis, place: Place, jet: Floats) -> Floats:
        """From the two ends of each cell to the place between them, linearly: [..., 2, n] to [..., n]."""
        low, high, t = jet[..., 0, :], jet[..., 1, :], place.t
        if axis.n == 1:
            return low
        return np.where(t == 0.0, low, np.where(t == 1.0, high, (1.0 - t) * low + t * high))

    def _reduce(self, axis: Axis, place: Place, jet: Floats, derive: bool) -> Floats:
        """From the four nodes about each cell to the place in it: [1 + k, ..., 4, n] to [1 + k (+ 1), ..., n]."""
        f, t = [jet[..., i, :] for i in range(4)], place.t
        if axis.n == 1:
            return with_slope(f[1], np.where(place.side == CLAMPED, 0.0, np.nan)) if derive else f[1]
        slope = (hermite if self.cubic else straight)(axis, place, f)
        result = self._between(axis, place, f, slope, derive)
        at_node = (t == 0.0) | (t == 1.0)
        return np.where(at_node, self._at_node(axis, place, f, slope, derive), result) if at_node.any() else result

    def _between(self, axis: Axis, place: Place, f: list[Floats], slope: dict[str, Floats], derive: bool) -> Floats:
        t = place.t
        if not self.cubic:
            value = (1.0 - t) * f[1] + t * f[2]
            return with_slope(value, slope["cell"][0]) if derive else value
        step, bow = t * t * (3.0 - 2.0 * t), axis.length[place.cell] * (t * (1.0 - t))
        value = (1.0 - step) * f[1] + step * f[2] + (bow * (1.0 - t) * slope["low"] - bow * t * slope["high"])
        if not derive:
            return value
        own = 6.0 * t * (1.0 - t) * slope["cell"][0] + (1.0 - t) * (1.0 - 3.0 * t) * slope["low"][0]
        return with_slope(value, own - t * (2.0 - 3.0 * t) * slope["high"][0])

    @staticmethod
    def _at_node(axis: Axis, place: Place, f: list[Floats], slope: dict[str, Floats], derive: bool) -> Floats:
        last, inverse = place.t == 1.0, axis.inverse[:, 0, place.cell]
        value = np.where(last, f[2], f[1])
        # The slope of the cell on the one side, or where that has none of the interval on the other.
        other = np.where(last, inverse[2] * f[3] - inverse[2] * f[2], inverse[0] * f[1] - inverse[0] * f[0])
        is_there = np.where(last, ~axis.ends[place.cell], ~axis.starts[place.cell])
        far_is_nan = np.isnan(np.where(last, f[1][0], f[2][0]))
        own = np.where(far_is_nan, np.where(is_there, other, np.nan), np.where(last, slope["high"], slope["low"]))
        continued = place.side == CONTINUED
        if continued.any():
            scale = 1.0 if axis.in_log else np.where(last, axis.values[-1], axis.values[0])
            own = np.where(continued, scale * own, own)
            value = np.where(continued, value + place.beyond * own, value)
        return with_slope(value, np.where(place.side == CLAMPED, 0.0, own[0])) if derive else value

    def _finish(self, region: Integers, places: list[Place], ln_d: Floats) -> Floats:
        """D from ln D; at nodes that of the cube."""
        is_node, index = np.ones(len(ln_d), bool), region * self.strides[0]
        for i, place in enumerate(places):
            is_node &= ((place.t == 0.0) | (place.t == 1.0)) & (place.side != CONTINUED)
            index = index + (place.cell + (place.t == 1.0)) * self.strides[i + 1]
        return np.where(is_node, self.d[np.where(is_node, index, 0)], np.exp(ln_d))

    def _logarithmic(self, jet: Floats, places: list[Place], x: list[Floats]) -> Floats:
        """d ln D / d ln x [n, 4] from d ln D / d u."""
        columns = []
        for i, (axis, place) in enumerate(zip(self.axes, places, strict=True)):
            scale = np.where(axis.in_log | (place.side != INSIDE), 1.0, x[i])
            columns.append(np.where(np.isnan(jet[0]), np.nan, jet[1 + i] * scale))
        return np.stack(columns, axis=1)
