"""analysis/ as others use it: installed by pip without a network, and its example, which must recover the truth."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest
from python_cubes import make

SCAN = """\
title: a halo to fit
axes:
  region: [halo]
  alfven_mach: {from: 0.2, to: 0.8, points: 5, spacing: log}
  beta: {from: 0.03, to: 0.5, points: 5, spacing: log}
  injection_scale_pc: {from: 20, to: 200, points: 4, spacing: log}
  rigidity_gv: {from: 1, to: 1.0e6, points: 19, spacing: log}
"""


def need(*modules):
    for name in modules:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the Python module {name} is not installed (tools/deps.sh tests brings it)")


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """The folder that pip has installed the package into, without a network."""
    need("pip", "setuptools", "wheel")
    source, target = tmp_path_factory.mktemp("source") / "analysis", tmp_path_factory.mktemp("installed")
    shutil.copytree(root / "analysis", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    # --no-deps: with --target pip looks past what is installed, and there is no index to ask.
    options = ["--no-build-isolation", "--no-index", "--no-deps", "--quiet", "--target", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(source)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert done.returncode == 0, done.stderr
    return target


def test_pip_installs_every_module(root, installed):
    modules = sorted(path.name for path in (root / "analysis/dmumu").glob("*.py"))
    assert sorted(path.name for path in (installed / "dmumu").glob("*.py")) == modules
    assert (installed / "dmumu/py.typed").exists()
    version = re.search(r'#define DMUMU_VERSION "(.*)"', (root / "include/dmumu.h").read_text()).group(1)
    assert (installed / f"dmumu-{version}.dist-info").is_dir()


@pytest.mark.parametrize("variable", [True, False], ids=["libdmumu", "no libdmumu"])
def test_the_installed_package_looks_up(installed, tmp_path, variable):
    """Outside of a checkout there is the variable or the system's library."""
    make(tmp_path / "cube.h5")
    code = (
        "import dmumu; cube = dmumu.Cube('cube.h5'); print(dmumu.__file__); print(cube.engine); "
        "print(cube(region='halo', alfven_mach=2, beta=2, injection_scale_pc=2, rigidity_gv=2))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    if not variable:
        del environment["DMUMU_LIBRARY"]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    file, engine, d = done.stdout.splitlines()
    assert file == str(installed / "dmumu/__init__.py") and 1e26 < float(d) < 1e31
    if variable:
        assert os.environ["DMUMU_LIBRARY"] in engine
    else:
        assert engine == "numpy" or engine.endswith("(libdmumu.so.0)")


@pytest.fixture(scope="module")
def halo(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("halo")
    (folder / "in.yaml").write_text(SCAN)
    done = run("scan", folder / "in.yaml", "-o", folder / "halo.h5")
    assert done.returncode == 0, done.stderr
    return folder / "halo.h5"


def fit(root, *words):
    need("emcee")
    script = root / "analysis" / "examples" / "fit_medium.py"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(script), *map(str, words)], capture_output=True, text=True, timeout=300, env=environment, check=False
    )  # fmt: skip


def test_the_example_recovers_the_truth(root, halo, tmp_path):
    truth = (0.31, 0.11, 70.0)
    done = fit(root, halo, "--steps", 500, "--truth", *truth, "-o", tmp_path / "fit.png")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "" and "data: by the kernel" in done.stdout and "truth recovered: yes" in done.stdout
    assert (tmp_path / "fit.png").read_bytes().startswith(b"\x89PNG")
    for name, value in zip(("alfven_mach", "beta", "injection_scale_pc"), truth, strict=True):
        numbers = [float(x) for x in re.search(rf"^{name} +(.*)$", done.stdout, flags=re.M).group(1).split()]
        assert numbers[0] == pytest.approx(value, rel=1e-3) and numbers[2] < value < numbers[3]
        if name != "injection_scale_pc":
            assert numbers[4] < 0.6, f"{name} is hardly better known than before"


def test_the_example_says_no_where_the_cube_is_too_coarse(root, halo):
    """Data better than the look-ups of this cube: the fit is off by many times its own error, and says so."""
    done = fit(root, halo, "--steps", 500, "--truth", 0.31, 0.11, 70.0, "--scatter", 1e-5)
    assert done.returncode == 1 and "truth recovered: no" in done.stdout, done.stdout + done.stderr


def test_the_example_without_a_cube_is_a_sentence(root, tmp_path):
    done = fit(root, tmp_path / "none.h5")
    assert done.returncode == 1 and "none.h5" in done.stderr and "Traceback" not in done.stderr
    make(tmp_path / "one.h5", n=(1, 3, 3, 5))
    done = fit(root, tmp_path / "one.h5")
    assert done.returncode == 1 and "one.h5 has one value of alfven_mach: nothing to fit" in done.stderr
