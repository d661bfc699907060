"""Measured ratios from text files as KISS, CRDB and USINE have them: what src/scan/crdata.c reads, with the same complaints.

KISS and CRDB: rows of six columns, and '#Y Quantity: B_C', '#X Quantity: rigidity' in the header. USINE: rows of eleven
columns or more, quantity and axis in each; upper limits are left out.
"""

from __future__ import annotations

import dataclasses
import os

import numpy as np
from numpy.typing import NDArray

from dmumu import _scalar

__all__ = ["CrData", "read"]

KISS_COLUMNS = "x, y, stat-, stat+, sys-, sys+"
USINE_COLUMNS = "quantity, experiment, axis, <E>, E_low, E_high, y, stat-, stat+, sys-, sys+"
N_COLUMNS, USINE_ENOUGH, USINE_X, USINE_FIRST, USINE_LIMIT, MOST_WORDS = 6, 11, 3, 6, 15, 24
AXES = {
    "rigidity": "rigidity", "r": "rigidity", "kineticenergypernucleon": "kineticEnergyPerNucleon",
    "ekn": "kineticEnergyPerNucleon", "kineticenergy": "kineticEnergy", "ek": "kineticEnergy",
}  # fmt: skip
RIGHT = (
    "the abscissa, a number > 0", "the measured value, a number", "the lower statistical error, a number >= 0",
    "the upper statistical error, a number >= 0", "the lower systematic error, a number >= 0",
    "the upper systematic error, a number >= 0",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class CrData:
    """The points of one quantity: rows of x, y, stat-, stat+, sys-, sys+."""

    quantity: str  # B_C: '/' is written '_'
    axis: str  # rigidity (GV), kineticEnergyPerNucleon (GeV/n) or kineticEnergy (GeV)
    experiment: str
    reference: str
    rows: NDArray[np.float64]
    n_limits: int  # upper limits that were left out


def _plain(quantity: str) -> str:
    return quantity.replace("/", "_")


class _Reading:
    """What a reading knows: where it is, what was asked for, and what has come in."""

    def __init__(self, path: str, quantity: str | None, axis: str | None) -> None:
        self.path, self.line, self.asked_quantity, self.asked_axis = path, 0, quantity, axis
        self.quantity: str | None = None
        self.axis: str | None = None
        self.experiment, self.reference = "", ""
        self.usine: bool | None = None  # not known before the first row
        self.rows: list[list[float]] = []
        self.n_limits = 0

    def refuse(self, says: str) -> ValueError:
        return ValueError(f"{self.path}:{self.line}: {says}")

    def bad_word(self, column: int, word: str, wrong: str, right: str) -> ValueError:
        return self.refuse(f"column {column}: '{word[:40]}' is {wrong}; it must be {right}")

    def take_header(self, line: str) -> None:
        key, colon, value = line.lstrip("# \t").partition(":")
        key, value = key.lower() if colon else "", value.strip()
        if key == "experiment":
            self.experiment = value
        elif key == "ref":
            self.reference = value
        elif key == "y quantity" and value:
            self.quantity = _plain(value)
        elif key == "x quantity":
            self.axis = AXES.get(value.lower())
            if self.axis is None and self.asked_axis is None:
                raise self.refuse(
                    f"X Quantity: '{value[:40]}' is unknown; it must be rigidity, kineticEnergyPerNucleon or kineticEnergy"
                )

    def number(self, kind: int, column: int, word: str) -> float:
        value = _scalar.number(word)
        if isinstance(value, str):
            raise self.bad_word(column, word, value, RIGHT[kind])
        if (kind == 0 and not value > 0) or (kind > 1 and value < 0):
            raise self.bad_word(column, word, "out of range", RIGHT[kind])
        return value

    def wrong_count(self, words: list[str], wanted: int, columns: str) -> ValueError:
        many = len(words) > MOST_WORDS
        had = f"{min(len(words), MOST_WORDS + 1)} columns{' or more' if many else ''}"
        return self.refuse(f"the row has {had}; it must have {wanted}{' or more' if wanted > N_COLUMNS else ''}: {columns}")

    def take_kiss(self, words: list[str]) -> None:
        if len(words) != N_COLUMNS:
            raise self.wrong_count(words, N_COLUMNS, KISS_COLUMNS)
        self.rows.append([self.number(i, i + 1, word) for i, word in enumerate(words)])

    def is_wanted(self, words: list[str], axis: str | None) -> bool:
        """Quantity and axis of a USINE row against what was asked for, or against the rows before."""
        asked = self.asked_quantity
        if asked is not None and _plain(asked).lower() != _plain(words[0]).lower():
            return False
        if self.asked_axis is not None and self.asked_axis != axis:
            return False
        if axis is None:
            raise self.bad_word(3, words[2], "unknown", "R, EKN or EK")
        same = "the same in every row, or one must be asked for"
        if not self.rows and self.n_limits == 0:
            self.axis, self.experiment, self.quantity = axis, words[1], _plain(words[0])
        elif self.quantity is None or self.quantity.lower() != _plain(words[0]).lower():
            raise self.bad_word(1, words[0], "another quantity than in the rows before", same)
        elif self.axis != axis:
            raise self.bad_word(3, words[2], "another axis than in the rows before", same)
        return True

    def take_usine(self, words: list[str]) -> None:
        if len(words) < USINE_ENOUGH:
            raise self.wrong_count(words, USINE_ENOUGH, USINE_COLUMNS)
        if not self.is_wanted(words, AXES.get(words[2].lower())):
            return
        row = [self.number(0, USINE_X + 1, words[USINE_X])]
        for kind in range(1, N_COLUMNS):
            column = USINE_FIRST + kind - 1
            row.append(self.number(kind, column + 1, words[column]))
        if USINE_LIMIT < len(words) <= MOST_WORDS and words[USINE_LIMIT] == "1":
            self.n_limits += 1
        else:
            self.rows.append(row)

    def take(self, line: str) -> None:
        self.line += 1
        if "\0" in line:
            raise self.refuse("not a text file of data")
        if line.lstrip(" \t").startswith("#"):
            self.take_header(line)
            return
        words = line.replace(",", " ").split()
        if not words:
            return
        if self.usine is None:
            self.usine = _scalar.number(words[0]) == "not a number" and len(words) > N_COLUMNS
        (self.take_usine if self.usine else self.take_kiss)(words)

    def settle(self) -> CrData:
        """What was asked for against what the header says; what neither says is an error."""
        if not self.rows:
            of = f" of {self.asked_quantity[:40]}" if self.asked_quantity else ""
            limits = ", only upper limits" if self.n_limits else ""
            columns = USINE_COLUMNS if self.usine else KISS_COLUMNS
            raise ValueError(f"{self.path}: no points{of}{limits}; rows must be {columns}")
        if not self.usine and self.asked_quantity:
            self.quantity = _plain(self.asked_quantity)
        axis = self.asked_axis or self.axis
        if self.quantity is None:
            raise ValueError(
                f"{self.path}: nothing says what was measured; a line '#Y Quantity: B_C' would, or the option"
            )
        if axis is None:
            raise ValueError(
                f"{self.path}: nothing says what x is; a line '#X Quantity: rigidity' (or kineticEnergyPerNucleon, "
                "kineticEnergy) would, or the option"
            )
        return CrData(self.quantity, axis, self.experiment, self.reference, np.array(self.rows), self.n_limits)


def read(path: str | os.PathLike[str], quantity: str | None = None, axis: str | None = None) -> CrData:
    """One quantity of a file.

    Args:
        path: KISS, CRDB or USINE.
        quantity: B_C or B/C, for a file of several or one that does not say; case does not count.
        axis: what x is, for a file that does not say.

    Raises:
        OSError, or ValueError that names file, line, column and value.
    """
    if axis is not None and axis.lower() not in AXES:
        raise ValueError(f"axis: '{axis}' is unknown; it must be rigidity, kineticEnergyPerNucleon or kineticEnergy")
    reading = _Reading(os.fspath(path), quantity, AXES[axis.lower()] if axis else None)
    with open(path, encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            reading.take(line)
    return reading.settle()
