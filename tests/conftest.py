"""What the Python tests share: where the project, the program and the reference data are."""

import os
import pathlib
import subprocess
import sys

import pytest
from scans import OPEN_MPI

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analysis"))
# The library under test is that of the build under test, for subprocesses too.
os.environ.setdefault("DMUMU_LIBRARY", str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve() / "libdmumu.so"))


@pytest.fixture(scope="session")
def root():
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def dmumu():
    """The program under test, from $DMUMU (set by tools/run_tests.sh) or build/dmumu."""
    path = pathlib.Path(os.environ.get("DMUMU", ROOT / "build" / "dmumu"))
    if not path.exists():
        pytest.fail(f"{path} does not exist: run `make` first, or `make check`")
    return path


@pytest.fixture(scope="session")
def library():
    """libdmumu as analysis/dmumu has loaded it."""
    from dmumu import _library

    if not pathlib.Path(os.environ["DMUMU_LIBRARY"]).exists():
        pytest.fail(f"{os.environ['DMUMU_LIBRARY']} does not exist: run `make` first, or `make check`")
    return _library.need()


@pytest.fixture(scope="session")
def mpi_environment():
    """The environment for mpirun: as root and with more ranks than cores, except inside Slurm."""
    environment = dict(os.environ)
    if "SLURM_JOB_ID" not in environment:
        environment.update(OPEN_MPI)
    environment.setdefault("OMP_NUM_THREADS", "1")
    return environment


@pytest.fixture(scope="session")
def run(dmumu, mpi_environment):
    """run("curve", "--help", ranks=2) -> CompletedProcess with text output; ranks=None starts it without mpirun."""

    def run_dmumu(*arguments, ranks=None, timeout=300, **keywords):
        launcher = [] if ranks is None else ["mpirun", "--bind-to", "none", "-np", str(ranks)]
        command = [*launcher, str(dmumu), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=mpi_environment, check=False, **keywords
        )

    return run_dmumu


@pytest.fixture(scope="session")
def reference_data():
    """The folder of published curves: $DMUMU_REFERENCE_DATA, or ../shared/data; skips where there is none."""
    path = pathlib.Path(os.environ.get("DMUMU_REFERENCE_DATA", ROOT.parent / "shared" / "data"))
    if not (path / "published").is_dir():
        pytest.skip(f"no reference data in {path} (set DMUMU_REFERENCE_DATA)")
    return path
