"""Numbers as the program reads them from files, and the nearest word to a mistyped one: src/scan/config_scalar.c again."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NOT_FINITE = re.compile(r"[+-]?\.?(?:nan|inf|infinity)", re.IGNORECASE)
LONGEST_WORD = 64


def number(text: str) -> float | str:
    """The number, or what the text is instead."""
    if NOT_FINITE.fullmatch(text):
        return "not a finite number"
    if not NUMBER.fullmatch(text):
        return "not a number"
    value = float(text)
    return value if math.isfinite(value) else "not a finite number"


def _distance(a: str, b: str) -> int:
    """Levenshtein's."""
    if max(len(a), len(b)) > LONGEST_WORD:
        return LONGEST_WORD
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(last + (letter != other), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def nearest(word: str, words: Sequence[str]) -> str | None:
    """The one that was probably meant."""
    best, found = LONGEST_WORD, None
    for other in words:
        is_prefix = len(word) >= 3 and other.startswith(word)
        distance = _distance(word, other)
        if distance < best and distance <= (LONGEST_WORD if is_prefix else 1 + len(other) // 3):
            best, found = distance, other
    return found
