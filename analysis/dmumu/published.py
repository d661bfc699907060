"""Published D(R), from libdmumu's registry: `published()` gives all of them by name, `published("mine.yaml")` yours too.

What each is, its formula and its source: `dmumu models NAME`, and struct dmumu_parametrisation of include/dmumu.h.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from ctypes import pointer

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmumu import _data_structs, _library, _models_file


@dataclasses.dataclass(frozen=True)
class Published:
    """One published D(R). NaN stands for 'not stated'."""

    name: str
    title: str
    source: str
    halo_height_kpc: float
    alfven_speed_km_s: float
    from_gv: float
    to_gv: float
    _struct: _data_structs.Parametrisation = dataclasses.field(repr=False, compare=False)

    def __call__(self, rigidity_gv: ArrayLike, nucleus: str = "H1") -> NDArray[np.float64]:
        """D of a nucleus.

        Args:
            rigidity_gv: any shape, GV, > 0.
            nucleus: as `dmumu models --nucleus` spells it, "H1" or "B11".

        Returns:
            The shape of rigidity_gv, cm2/s.
        """
        rigidity = np.ascontiguousarray(rigidity_gv, dtype=np.float64)
        if not np.all(rigidity > 0.0):
            raise ValueError(f"rigidity_gv: {rigidity[~(rigidity > 0.0)].flat[0]!r} is not a rigidity > 0")
        handle = _library.need().handle
        isotope = handle.dmumu_isotope_find(nucleus.encode())
        if isotope == handle.dmumu_isotope_find(b""):  # that is none
            raise ValueError(f"nucleus: {nucleus!r} is not one that the library knows")
        d_cm2_s = np.empty_like(rigidity)
        handle.dmumu_parametrisation_d(
            pointer(self._struct),
            isotope,
            rigidity.size,
            rigidity.ctypes.data_as(_library.DOUBLES),
            d_cm2_s.ctypes.data_as(_library.DOUBLES),
        )
        return d_cm2_s


def _of(struct: _data_structs.Parametrisation) -> Published:
    return Published(
        struct.name.decode(),
        struct.title.decode(),
        struct.source.decode(),
        struct.halo_height_kpc,
        struct.alfven_speed_km_s,
        struct.from_gv,
        struct.to_gv,
        struct,
    )


def published(models: str | os.PathLike[str] | None = None) -> dict[str, Published]:
    """All models of the registry by name, in its order, and behind them those of a file of your own.

    Args:
        models: YAML as `dmumu models --models` takes it, with the same keys and the same complaints; needs PyYAML.

    Raises:
        LibraryError: without libdmumu; OSError, ValueError: a file that cannot be read, or is wrong, and where.
    """
    handle = _library.need().handle
    found = {}
    for i in itertools.count():
        at = handle.dmumu_parametrisation_at(i)
        if not at:
            break
        found[at.contents.name.decode()] = _of(at.contents)
    if models is not None:
        found |= {name: _of(struct) for name, struct in _models_file.read(models, found).items()}
    return found
