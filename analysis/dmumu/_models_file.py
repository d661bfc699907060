"""Models of a user's own from YAML: what src/scan/models_file.c reads, with the same keys, ranges and complaints."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dmumu import _data_structs, _library, _scalar

# kind, low, high, unit of each key; rows as in models_file.c
BREAK_KEYS = {
    "rigidity_gv": ("number", 1e-3, 1e9, "GV"),
    "slope": ("number", -10, 10, ""),
    "smoothness": ("number", 0, 100, ""),
}
MODEL_KEYS: dict[str, tuple[Any, ...]] = {
    "title": ("text",),
    "source": ("text",),
    "d0_cm2_s": ("number", 1e15, 1e45, "cm^2/s"),
    "rigidity_gv": ("number", 1e-3, 1e9, "GV"),
    "velocity_power": ("number", -10, 10, ""),
    "slope": ("number", -10, 10, ""),
    "halo_height_kpc": ("number", 1e-3, 1e3, "kpc"),
    "alfven_speed_km_s": ("number", 0, 1e5, "km/s"),
    "adds_advection": ("truth",),
    "from_gv": ("number", 1e-3, 1e9, "GV"),
    "to_gv": ("number", 1e-3, 1e9, "GV"),
    "low": ("section", BREAK_KEYS),
    "high": ("section", BREAK_KEYS),
}
NEEDED = ("d0_cm2_s", "slope")
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def _describe(key: tuple[Any, ...]) -> str:
    """What would be right."""
    kind = key[0]
    if kind == "number":
        return f"a number from {key[1]:g} to {key[2]:g} {key[3]}".rstrip()
    return {"text": "text", "truth": "one of: false, true", "section": "a section with keys of its own"}[kind]


class _Reader:
    """One file. Nodes are those of PyYAML, which know their lines."""

    def __init__(self, path: str, taken: Collection[str]) -> None:
        import yaml

        self.yaml, self.path, self.taken = yaml, path, taken

    def refuse(self, line: int, says: str) -> ValueError:
        return ValueError(f"{self.path}:{line}: {says}")

    def shown(self, node: Any) -> str:
        """A value as a person would recognise it."""
        if isinstance(node, self.yaml.MappingNode):
            return "a section"
        if isinstance(node, self.yaml.SequenceNode):
            return "a list"
        if node.style is not None:
            return f"the text '{node.value[:40]}'"
        return f"'{node.value[:40]}'" if node.value else "nothing"

    def bad(self, line: int, path: str, node: Any, what: str, key: tuple[Any, ...]) -> ValueError:
        return self.refuse(line, f"{path}: {self.shown(node)} is {what}; it must be {_describe(key)}")

    def members(self, mapping: Any) -> Iterator[tuple[str, int, Any]]:
        """Key, line and node of each; a key that is there twice is refused."""
        first: dict[str, int] = {}
        for name, value in mapping.value:
            line = name.start_mark.line + 1
            if not isinstance(name, self.yaml.ScalarNode):
                raise self.refuse(line, "a key must be a plain word, not a list")
            if name.value in first:
                raise self.refuse(
                    line,
                    f"the key '{name.value[:60]}' is given twice (first on line {first[name.value]}); keep one of the two",
                )
            first[name.value] = line
            yield name.value, line, value

    def value(self, line: int, path: str, node: Any, key: tuple[Any, ...]) -> Any:
        """A checked value: a number, a text, a truth, or the values of a section."""
        kind = key[0]
        if kind == "section":
            if not isinstance(node, self.yaml.MappingNode):
                raise self.bad(line, path, node, "given", key)
            return self.section(node, path, key[1])
        if not isinstance(node, self.yaml.ScalarNode) or (kind == "text" and not node.value):
            raise self.bad(line, path, node, "given", key)
        if kind == "text":
            return node.value
        if kind == "truth":
            if node.value not in ("false", "true"):
                raise self.bad(line, path, node, "unknown", key)
            return node.value == "true"
        number = "not a number" if node.style is not None else _scalar.number(node.value)
        if isinstance(number, str):
            raise self.bad(line, path, node, number, key)
        if not key[1] <= number <= key[2]:
            raise self.bad(line, path, node, "out of range", key)
        return number

    def section(self, mapping: Any, path: str, keys: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        found = {}
        for name, line, node in self.members(mapping):
            here = f"{path}.{name[:60]}"
            if name not in keys:
                meant = _scalar.nearest(name, list(keys))
                says = f"did you mean '{meant}'?" if meant else f"known here: {', '.join(keys)}"
                raise self.refuse(line, f"{here}: unknown key '{name[:60]}'; {says}")
            found[name] = (line, self.value(line, here, node, keys[name]))
        return found

    def check_complete(self, line: int, name: str, found: Mapping[str, Any]) -> None:
        """The keys without which there is no model, and no break."""
        for key in NEEDED:
            if key not in found:
                raise self.refuse(line, f"{name}.{key} is missing; it must be {_describe(MODEL_KEYS[key])}")
        for side in ("low", "high"):
            at, values = found.get(side, (0, BREAK_KEYS))
            for key, row in BREAK_KEYS.items():
                if key not in values:
                    raise self.refuse(at, f"{name}.{side}.{key} is missing; it must be {_describe(row)}")

    def model(self, name: str, line: int, node: Any) -> _data_structs.Parametrisation:
        if not NAME.fullmatch(name):
            raise self.refuse(
                line, f"'{name[:60]}' is no name for a model; it must be 1 to 32 letters, digits, - or _"
            )
        if name in self.taken:
            raise self.refuse(line, f"'{name}' is a published model; a model of your own needs another name")
        if not isinstance(node, self.yaml.MappingNode):
            raise self.refuse(line, f"{name} is no section; it must hold keys such as d0_cm2_s and slope")
        found = self.section(node, name, MODEL_KEYS)
        self.check_complete(line, name, found)
        struct = _struct(name, self.path, found)
        status, says = _library.need().call("dmumu_parametrisation_check", struct)
        if status:
            raise self.refuse(line, says)
        return struct

    def models(self) -> dict[str, _data_structs.Parametrisation]:
        try:
            with open(self.path, encoding="utf-8") as file:
                root = self.yaml.compose(file, Loader=self.yaml.SafeLoader)
        except self.yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            line, says = (mark.line + 1 if mark else 1), getattr(problem, "problem", None) or "unreadable text"
            raise self.refuse(line, f"not YAML: {says}") from problem
        if not isinstance(root, self.yaml.MappingNode) or not root.value:
            raise self.refuse(1, "no models; it must be a mapping from names to keys such as d0_cm2_s and slope")
        return {name: self.model(name, line, node) for name, line, node in list(self.members(root))}


def _struct(name: str, path: str, found: Mapping[str, Any]) -> _data_structs.Parametrisation:
    def given(key: str, fallback: Any) -> Any:
        return found[key][1] if key in found else fallback

    def break_of(side: str) -> _data_structs.Break:
        values = given(side, None)
        if values is None:
            return _data_structs.Break(math.nan, 0.0, 0.0)
        return _data_structs.Break(*(values[key][1] for key in BREAK_KEYS))

    return _data_structs.Parametrisation(
        name=name.encode(), title=given("title", name).encode(), source=given("source", path).encode(),
        d0_cm2_s=given("d0_cm2_s", math.nan), rigidity_gv=given("rigidity_gv", 1.0),
        velocity_power=given("velocity_power", 1.0), slope=given("slope", math.nan), low=break_of("low"),
        high=break_of("high"), halo_height_kpc=given("halo_height_kpc", math.nan),
        alfven_speed_km_s=given("alfven_speed_km_s", math.nan), adds_advection=given("adds_advection", False),
        from_gv=given("from_gv", math.nan), to_gv=given("to_gv", math.nan),
    )  # fmt: skip


def read(path: str | os.PathLike[str], taken: Collection[str]) -> dict[str, _data_structs.Parametrisation]:
    """The models of a file by name, none of them one of `taken`; needs PyYAML and libdmumu.

    Raises:
        OSError; ImportError without PyYAML; ValueError that names file, line, key and value.
    """
    return _Reader(os.fspath(path), taken).models()
