"""One cube, however it is asked for and whoever computes it.

Random small grids of random models. For each, an input file with keys and lists in another order and other notation,
part of it on the command line; blocks of any size, any ranks and threads, any epochs and buffers: all give the
data_hash and the physics_hash of one process with one thread, and data_hash is what cube/hash.h says it is. A scan of
some of the grid's curves has the bits of the whole: what a curve gives depends on no other. A single curve has the same
digits for any number of threads.

$DMUMU_SEED chooses other grids than the usual ones, $DMUMU_GRIDS their number.
"""

import hashlib
import itertools
import math
import os
import random
import subprocess

import h5py
import numpy as np
import pytest
import yaml
from scans import environment

SEED = int(os.environ.get("DMUMU_SEED", 20261122))
GRIDS = int(os.environ.get("DMUMU_GRIDS", 7))
VARIANTS = 3  # of each grid: all 20 pairs of ranks and threads come up in seven grids
MOST_CURVES = 40
TIMEOUT_S = 300

AXES = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
KEYS = {"alfven_mach": "alfven_mach", "beta": "beta", "injection_scale": "injection_scale_pc", "rigidity": "rigidity_gv"}
RANGES = {"alfven_mach": (0.1, 1.8), "beta": (0.005, 3.0), "injection_scale": (5.0, 500.0), "rigidity": (1.0, 1e6)}
HASHED = (
    "D D_fast D_alfven D_slow rel_error mu_star quality alfven_speed temperature density magnetic_field x_c"
).split()
TEAMS = list(itertools.product(range(1, 6), range(1, 5)))  # ranks, threads
random.Random(SEED).shuffle(TEAMS)


# ---- random inputs ----


def some(rng, choices):
    """A non-empty choice of the list, in its order."""
    count = rng.randint(1, len(choices))
    return [choices[i] for i in sorted(rng.sample(range(len(choices)), count))]


def random_axis(rng, name, most):
    low, high = RANGES[name]
    values = sorted(low * (high / low) ** rng.random() for _ in range(rng.randint(1, most)))
    if len(values) > 1 and rng.random() < 0.5:
        spacing = rng.choice(["log", "linear"])
        return {"from": values[0], "to": values[-1], "points": len(values), "spacing": spacing}
    return {"values": values}


def random_axes(rng):
    while True:
        most = {"alfven_mach": 3, "beta": 4, "injection_scale": 6, "rigidity": 6}
        axes = {"region": some(rng, ["disk", "halo"])}
        axes |= {KEYS[name]: random_axis(rng, name, most[name]) for name in most}
        lengths = [len(axes[KEYS[name]].get("values", range(axes[KEYS[name]].get("points", 0)))) for name in AXES[1:4]]
        if len(axes["region"]) * math.prod(lengths) <= MOST_CURVES:
            return axes


def random_region(rng):
    follows = rng.choice(["temperature", "density", "magnetic_field"])
    region = {"beta_follows": follows, "zone_size_pc": rng.uniform(300.0, 6000.0)}
    region["damping"] = rng.choice([[], ["collisionless"], ["viscous"], ["collisionless", "viscous"]])
    region["x_c"] = rng.choice([1.0e6, 3.0e4, "spitzer"])
    if follows == "temperature":
        region |= {"magnetic_field_ug": rng.uniform(0.5, 5.0), "density_cm3": rng.uniform(0.01, 0.5)}
    elif follows == "density":
        region |= {"magnetic_field_ug": rng.uniform(0.5, 5.0), "temperature_k": rng.uniform(5e3, 1e6)}
    else:
        region |= {"density_cm3": rng.uniform(0.01, 0.5), "temperature_k": rng.uniform(5e3, 1e6)}
    return region


def random_input(rng):
    model = {
        "modes": some(rng, ["fast", "alfven", "slow"]),
        "broadening": rng.choice(["yl08", "gaussian"]),
        "alfven_cascade": rng.choice(["gs95", "b06"]),
        "harmonics": rng.choice([1, 1, 2]),
        "confinement": rng.choice(["zone", "none"]),
        "tolerance": rng.choice([1e-2, 3e-3]),
        "energy_fraction": {mode: rng.uniform(0.2, 2.0) for mode in ("fast", "alfven", "slow")},
    }
    axes = random_axes(rng)
    return {"title": "Any order", "axes": axes, "model": model, "disk": random_region(rng), "halo": random_region(rng)}


# ---- the same input, said otherwise ----


class Dumper(yaml.SafeDumper):
    """YAML whose floats come in any notation that says the same double."""

    rng = None


def represent_float(dumper, value):
    form = dumper.rng.choice(["{!r}", "{:.17e}", "{:.20e}", "{:+.17e}"])
    text = form.format(value)
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else repr(float(value)))


Dumper.add_representer(float, represent_float)


def shuffled(rng, node):
    """The mapping with its keys in another order, at every depth, and its lists of words too."""
    if isinstance(node, dict):
        keys = rng.sample(list(node), len(node))
        return {key: shuffled(rng, node[key]) for key in keys}
    if isinstance(node, list) and node and isinstance(node[0], str):
        return rng.sample(node, len(node))
    return node


def to_set(rng, node):
    """Take some of the model's and the regions' keys out of the input, as options of the command line."""
    options = []
    for section in ("model", "disk", "halo"):
        for key in rng.sample(list(node[section]), rng.randint(0, 2)):
            value = node[section].pop(key)
            text = yaml.dump(value, Dumper=Dumper, default_flow_style=True, width=1000).split("\n")[0]
            options += ["--set", f"{section}.{key}={text}"]
    return options


def with_values(rng, axes, coordinates):
    """Some of the ranges as the lists of the values that came of them."""
    chosen = {key: axes[key] for key in axes}
    for name, key in KEYS.items():
        if "from" in chosen[key] and rng.random() < 0.5:
            chosen[key] = {"values": coordinates[name].tolist(), "spacing": chosen[key]["spacing"]}
    return chosen


def write_variant(rng, node, coordinates, path):
    """Writes the input in another order and notation; returns the options that complete it."""
    Dumper.rng = rng
    node = shuffled(rng, node | {"axes": with_values(rng, node["axes"], coordinates)})
    options = to_set(rng, node)
    style = {"default_flow_style": rng.choice([True, False, None]), "indent": rng.randint(2, 7)}
    path.write_text(yaml.dump(node, Dumper=Dumper, sort_keys=False, width=rng.choice([40, 80, 1000]), **style))
    return options


def random_options(rng, n_curves):
    options = []
    if rng.random() < 0.8:
        options += ["--block", rng.choice([1, 2, 3, rng.randint(1, n_curves + 1)])]
    if rng.random() < 0.5:
        options += ["--epoch", rng.choice([0, 0.05])]
    if rng.random() < 0.3:
        options += ["--buffer", 0.001]
    return options


# ---- scans and cubes ----


def scan(dmumu, *arguments, ranks=None, threads=1):
    """stdout of a scan that succeeds."""
    launch = ["mpirun", "-n", str(ranks), "--bind-to", "none"] if ranks else []
    command = [*launch, str(dmumu), "scan", *map(str, arguments)]
    result = subprocess.run(command, env=environment(threads), capture_output=True, text=True, timeout=TIMEOUT_S)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stderr}"
    return result.stdout


def read(path):
    """Coordinates, hashed variables and the two hashes of a cube."""
    with h5py.File(path) as file:
        coordinates = {name: file[name][...] for name in AXES}
        variables = {name: file[name][...] for name in HASHED if name in file}
        hashes = [file.attrs[name] for name in ("data_hash", "physics_hash")]
    return coordinates, variables, [text.decode() if isinstance(text, bytes) else str(text) for text in hashes]


def canonical_bytes(values):
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.float64("nan"), values).astype(values.dtype)
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()


def data_hash(coordinates, variables):
    """As cube/hash.h says, from what is in the file; for cubes of one block (256 KiB of doubles)."""
    assert math.prod(len(axis) for axis in coordinates.values()) * 8 <= 2**18
    block, root = hashlib.sha256(), hashlib.sha256(b"dmumu data_hash 1\n")
    for name, values in variables.items():
        block.update(name.encode() + b"\0" + canonical_bytes(values))
    for name, values in coordinates.items():
        root.update(name.encode() + b"\0" + len(values).to_bytes(8, "little") + canonical_bytes(values.astype("f8")))
    for name in variables:
        root.update(name.encode() + b"\0")
    root.update(block.digest())
    return root.hexdigest()


@pytest.mark.parametrize("grid", range(GRIDS), ids=lambda grid: f"seed {SEED}, grid {grid}")
def test_one_cube_however_it_is_computed(dmumu, tmp_path, grid):
    rng = random.Random(f"{SEED} {grid}")
    node = random_input(rng)
    whole = tmp_path / "whole.yaml"
    whole.write_text(yaml.safe_dump(node, sort_keys=False))
    print(whole.read_text())
    scan(dmumu, whole, "-o", tmp_path / "whole.h5")
    coordinates, variables, hashes = read(tmp_path / "whole.h5")
    assert data_hash(coordinates, variables) == hashes[0]
    assert np.isfinite(variables["D"]).any() or (variables["quality"] != 0).all()

    for variant in range(VARIANTS):
        ranks, threads = TEAMS[(grid * VARIANTS + variant) % len(TEAMS)]
        path, cube = tmp_path / f"variant{variant}.yaml", tmp_path / f"variant{variant}.h5"
        options = write_variant(rng, node, coordinates, path)
        options += random_options(rng, variables["x_c"].size)
        print(f"variant {variant}: {ranks} ranks x {threads} threads, {' '.join(map(str, options))}")
        printed = scan(dmumu, path, "-o", cube, *options, ranks=ranks, threads=threads)
        assert f"data_hash: {hashes[0]}" in printed.splitlines()
        assert read(cube)[2] == hashes

    index = [some(rng, range(len(coordinates[name]))) for name in AXES[:4]]
    index.append(range(len(coordinates["rigidity"])))
    part = {KEYS[name]: {"values": coordinates[name][list(at)].tolist()} for name, at in zip(AXES[1:], index[1:])}
    part["region"] = [("disk", "halo")[int(coordinates["region"][i])] for i in index[0]]
    path, cube = tmp_path / "part.yaml", tmp_path / "part.h5"
    path.write_text(yaml.safe_dump(node | {"axes": part}, sort_keys=False))
    scan(dmumu, path, "-o", cube)
    _, found, part_hashes = read(cube)
    assert part_hashes[1] == hashes[1]
    for name, values in variables.items():
        expected = values[np.ix_(*index[: values.ndim])]
        assert canonical_bytes(found[name]) == canonical_bytes(expected), f"{name} of a part of the grid: {part}"


@pytest.mark.parametrize("region", ["disk", "halo"])
@pytest.mark.parametrize("table", ["D(R)", "D_mumu"])
def test_one_curve_for_any_threads(dmumu, region, table):
    command = [dmumu, "curve", "--region", region, "--alfven-mach=0.6", "--beta=0.2", "--injection-scale=80"]
    command += ["--rigidity=1:1e7:23", "--set=model.tolerance=1e-3", "--set=model.modes=[fast, alfven, slow]"]
    command += ["--pitch=9"] if table == "D_mumu" else []
    printed = {
        subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": str(threads)}, capture_output=True, check=True).stdout
        for threads in (1, 2, 3, 5, 24)
    }
    assert len(printed) == 1
