"""One quantity of a cube from its file by h5py, for look-ups without libdmumu: the same checks, the same refusals.

Each curve is compared with its checksum, and axes and configuration with their hash, where the file has them.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib

import h5py
import numpy as np

from dmumu import _names
from dmumu.lookup import POWER_LAW, Options, Values

# Every variable but the ledger in the order of their checksum (src/cube/fields.h); those of single modes may be absent.
CHECKED = (
    *_names.QUANTITIES,
    *("rel_error", "mu_star", "quality", "alfven_speed", "temperature", "density", "magnetic_field", "x_c", "cost"),
)
OPTIONAL = _names.QUANTITIES[1:]
PENDING, DONE = 0, 1
UNFINISHED = "unfinished"  # data_hash of a .part


class CubeError(ValueError):
    """A file that is not a cube, is damaged or not complete, or has not what is asked for."""


def text(attributes: h5py.AttributeManager, name: str) -> str:
    """A text attribute; "" where there is none."""
    value = attributes.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


def read(path: str | os.PathLike[str], options: Options) -> Values:
    """The quantity; CubeError, naming the file, where it cannot be had."""
    try:
        with h5py.File(path, "r") as file:
            return _read(file, options)
    except (OSError, KeyError, CubeError) as problem:
        raise CubeError(f"{os.fspath(path)}: {problem}") from problem


def _read(file: h5py.File, options: Options) -> Values:
    quantity = _names.QUANTITIES[options.quantity]
    for name in (*_names.AXES, *CHECKED, "state"):
        if name not in file and name not in OPTIONAL:
            raise CubeError(f"not a cube: it has no {'axis' if name in _names.AXES else 'variable'} {name}")
    if quantity not in file:
        raise CubeError(f"it has no variable {quantity}: its model is without that mode")
    axes = tuple(np.asarray(file[name][()], dtype=float) for name in _names.AXES)
    log_spaced = tuple(text(file[name].attrs, "axis_scale") == "log" for name in _names.AXES)
    shape = tuple(len(axis) for axis in axes)
    for name, axis, in_log in zip(_names.AXES, axes, log_spaced, strict=True):
        if axis.ndim != 1 or not np.all(np.isfinite(axis)) or not np.all(np.diff(axis) > 0):
            raise CubeError(f"not a cube: axis {name} has values that are not ascending or not meaningful")
        if in_log and not axis[0] > 0:
            raise CubeError(f"not a cube to look up: axis {name} is logarithmic, and begins at {axis[0]:g}")
    if options.outside[-1] == POWER_LAW and shape[-1] < 2:
        raise CubeError("it has one rigidity: no power law to go on with")
    for name in (*CHECKED, "state"):
        if name in file and file[name].shape not in (shape, shape[:-1]):
            raise CubeError(f"not a cube: {name} is not over its axes")
    state = file["state"][()]
    if state.max() > DONE:
        curve = int(np.argmax(state.reshape(-1) > DONE))
        raise CubeError(f"damaged: the state of curve {curve} is {state.reshape(-1)[curve]}, which is none")
    _check_integrity(file, axes, log_spaced, state)
    n_pending = int(np.count_nonzero(state == PENDING))
    finished = text(file.attrs, "data_hash") not in ("", UNFINISHED)
    if n_pending and finished:
        raise CubeError(f"damaged: a complete cube, but {n_pending} of its curves are pending")
    if n_pending and not options.partial:
        raise CubeError(
            f"not complete: {n_pending} of {state.size} curves are pending (the option `partial` looks up the others)"
        )
    d = np.asarray(file[quantity][()], dtype=float)
    with np.errstate(invalid="ignore"):
        d[~((d > 0) & np.isfinite(d) & (state == DONE)[..., None])] = np.nan
    return Values(axes, log_spaced, d)


def _check_integrity(
    file: h5py.File, axes: tuple[np.ndarray, ...], log_spaced: tuple[bool, ...], state: np.ndarray
) -> None:
    """Checksums of the curves that are done, and header_hash; a cube that another program has written has neither."""
    if "integrity/checksum" not in file:
        return
    digest = hashlib.sha256(b"dmumu header_hash 1\n")
    for name, axis, in_log in zip(_names.AXES, axes, log_spaced, strict=True):
        digest.update(name.encode() + b"\0" + struct.pack("<Q", len(axis)) + axis.astype("<f8").tobytes())
        digest.update((b"log" if in_log else b"linear") + b"\0")
    for name in ("configuration", "physics"):
        digest.update(text(file.attrs, name).encode() + b"\0")
    if digest.hexdigest() != text(file["integrity"].attrs, "header_hash"):
        raise CubeError(
            "damaged, or changed by another program: axes, configuration or physics are not those of its header_hash"
        )
    stored, done = file["integrity/checksum"][()].reshape(-1), state.reshape(-1) == DONE
    sums = [0] * len(stored)
    for name in (name for name in CHECKED if name in file):
        rows = file[name][()]
        rows = np.ascontiguousarray(rows, dtype=rows.dtype.newbyteorder("<")).reshape(len(stored), -1)
        sums = [zlib.crc32(row, total) for row, total in zip(rows, sums, strict=True)]
    wrong = np.flatnonzero((np.array(sums) != stored) & done)
    if len(wrong):
        raise CubeError(
            f"damaged, or changed by another program: the values of curve {wrong[0]} do not have the checksum that was "
            "written with them"
        )
