"""`dmumu scan` end to end: the same cube for any ranks and threads, the command's manners, and what can go wrong."""

import math
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from scans import (
    BINARY, ROOT, TIMEOUT_S, Running, command, data_hash, environment, qualities, report, scan, small_disk, state_of
)  # fmt: skip

INPUT = """\
title: Test scan
axes:
  region: [disk, halo]
  alfven_mach: {from: 0.3, to: 0.9, points: 3, spacing: log}
  beta: {from: 0.05, to: 0.5, points: 2, spacing: log}
  injection_scale_pc: {from: 30, to: 100, points: 5, spacing: log}
  rigidity_gv: {from: 10, to: 1.0e5, points: 5, spacing: log}
model:
  tolerance: 1.0e-2
"""
SHAPE = (2, 3, 2, 5, 5)  # runs of five L: long enough for a thread to take over half of another's
ONE_CURVE = [
    "--set", "axes.region=[halo]", "--set", "axes.alfven_mach={values: [0.5]}",
    "--set", "axes.beta={values: [0.1]}", "--set", "axes.injection_scale_pc={values: [100]}",
]  # fmt: skip
LONG = [
    "--set", "axes.alfven_mach.points=40", "--set", "axes.beta.points=40",
    "--set", "axes.injection_scale_pc.points=20", "--set", "axes.rigidity_gv.points=61",
]  # fmt: skip


@pytest.fixture(scope="module")
def yaml(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "scan.yaml"
    path.write_text(INPUT)
    return path


@pytest.fixture(scope="module")
def reference(yaml, tmp_path_factory):
    """One process, one thread: what every other scan must equal."""
    cube = tmp_path_factory.mktemp("reference") / "cube.h5"
    result = scan(yaml, "-o", cube)
    assert result.returncode == 0, result.stderr
    return cube, result


# ---- the work ----


def test_one_process(reference):
    cube, result = reference
    lines = result.stdout.splitlines()
    assert re.match(r"60 curves in [\d.]+ s: \S+ curves/s, \S+ per thread$", lines[0])
    assert sum(qualities(result).values()) == math.prod(SHAPE)
    assert f"cube: {cube}" in lines
    launch = r"^dmumu scan: 1 host, 1 rank, 1 thread per rank, \d+ cores? each; .*MPI.* \d.*, HDF5 1\..*; output on \w+$"
    assert len(re.findall(launch, result.stderr, re.M)) == 1, result.stderr
    assert not cube.with_name("cube.h5.part").exists()
    with h5py.File(cube) as file:
        assert file["D"].shape == SHAPE
        assert (file["state"][...] == 1).all()
        assert (file["cost"][...] > 0).all()
        quality = file["quality"][...]
        d = file["D"][...]
        assert np.isfinite(d[quality == 0]).all() and (d[quality == 0] > 0).all()
        for i, name in enumerate(["ok", "not_confined", "not_converged", "failed"]):
            assert qualities(result)[name] == (quality == i).sum()


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_same_bits_for_any_ranks_and_threads(yaml, reference, tmp_path, ranks, threads):
    result = scan(yaml, "-o", tmp_path / "cube.h5", ranks=ranks, threads=threads)
    assert data_hash(result) == data_hash(reference[1])
    assert f"{ranks} rank" in result.stderr
    assert result.stdout.count("data_hash") == 1


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_epoch_at_every_chance(yaml, reference, tmp_path, ranks):
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--epoch", 0, ranks=ranks, threads=2)
    assert data_hash(result) == data_hash(reference[1])


@pytest.mark.parametrize("ranks", [1, 3])
def test_full_buffers_force_epochs(yaml, reference, tmp_path, ranks):
    """With room for a curve or two per rank the scan would stop for ever, did full buffers not ask for a write."""
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--epoch", 1e6, "--buffer", 0.001, ranks=ranks, threads=2)
    assert data_hash(result) == data_hash(reference[1])


def test_more_ranks_than_curves(yaml, tmp_path):
    alone = scan(yaml, "-o", tmp_path / "alone.h5", *ONE_CURVE)
    many = scan(yaml, "-o", tmp_path / "many.h5", *ONE_CURVE, ranks=5, threads=2)
    assert data_hash(alone) == data_hash(many)
    assert many.stdout.startswith("1 curves in ")


def test_other_physics_gives_another_hash(yaml, reference, tmp_path):
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--set", "model.energy_fraction.fast=0.5")
    assert data_hash(result) != data_hash(reference[1])


def test_values_are_those_of_the_curve_command(yaml, reference):
    with h5py.File(reference[0]) as file:
        machs, betas, scales = (file[name][...] for name in ("alfven_mach", "beta", "injection_scale"))
        rigidities, d, quality = (file[name][...] for name in ("rigidity", "D", "quality"))
    names = ["ok", "not_confined", "not_converged", "failed"]
    for region, i, j, k in [(0, 0, 0, 0), (1, 1, 1, 0), (1, 2, 0, 1), (0, 2, 1, 1)]:
        result = subprocess.run(
            command("curve", "--config", yaml, "--region", ["disk", "halo"][region], "--alfven-mach", repr(machs[i]),
                    "--beta", repr(betas[j]), "--injection-scale", repr(scales[k]),
                    "--rigidity", ",".join(map(repr, rigidities.tolist()))),
            env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        rows = [line.split() for line in result.stdout.splitlines() if line and not line.startswith("#")]
        assert len(rows) == len(rigidities)
        for n, row in enumerate(rows):
            printed, value = row[2], d[region, i, j, k, n]
            digits = len(re.sub(r"e.*", "", printed, flags=re.I).replace(".", "").lstrip("+-0"))
            if math.isnan(value):
                assert math.isnan(float(printed))
            else:
                assert digits >= 4
                assert float(f"{value:.{digits - 1}e}") == float(printed)
            assert names[quality[region, i, j, k, n]] in row


def test_values_outside_the_model_are_flagged_and_the_scan_goes_on(yaml, tmp_path):
    """At 1e9 GV the Larmor radius is larger than any injection scale of the grid: R > 1."""
    cube = tmp_path / "cube.h5"
    result = scan(yaml, "-o", cube, "--set", "axes.rigidity_gv={values: [100, 1.0e9]}", ranks=2)
    assert result.returncode == 0, result.stderr
    assert qualities(result)["failed"] == math.prod(SHAPE[:4])
    with h5py.File(cube) as file:
        assert np.isnan(file["D"][..., 1]).all()
        assert (file["quality"][..., 1] == 3).all()
        assert (file["quality"][..., 0] != 3).all()


# ---- manners ----


def test_help():
    result = scan("--help")
    assert result.returncode == 0
    for option in ("--output", "--overwrite", "--set", "--dry-run", "--epoch", "--block", "--buffer"):
        assert option in result.stdout


@pytest.mark.parametrize(
    "ranks, arguments, message",
    [
        (None, [], "input file"),
        (None, ["INPUT", "second.yaml", "-o", "x.h5"], "second.yaml"),
        (3, ["INPUT"], "-o CUBE.h5"),
        (None, ["INPUT", "-o", "x.h5", "--epoch", "soon"], "--epoch"),
        (None, ["INPUT", "-o", "x.h5", "--epoch", "-1"], "--epoch"),
        (None, ["INPUT", "-o", "x.h5", "--buffer", "0"], "--buffer"),
        (None, ["INPUT", "-o", "x.h5", "--block", "0"], "--block"),
        (None, ["INPUT", "-o", "x.h5", "--block", "2.5"], "whole number"),
        (None, ["INPUT", "-o", "x.h5", "--nonsense"], "nonsense"),
        (3, ["INPUT", "-o", "x.h5", "--nonsense"], "nonsense"),
        (None, ["INPUT", "-o"], "-o"),
        (None, ["missing.yaml", "-o", "x.h5"], "missing.yaml"),
        (3, ["missing.yaml", "-o", "x.h5"], "missing.yaml"),
        (None, ["INPUT", "-o", "x.h5", "--set", "model.toleranz=1"], "toleranz"),
        (3, ["INPUT", "-o", "x.h5", "--set", "model.toleranz=1"], "toleranz"),
    ],
)
def test_bad_usage_is_said_once_with_status_2(yaml, tmp_path, monkeypatch, ranks, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = scan(*[yaml if item == "INPUT" else item for item in arguments], ranks=ranks)
    assert result.returncode == 2, report(result)
    complaints = [line for line in report(result).splitlines() if line.startswith("dmumu scan: ")]
    assert len(complaints) == 1 and message in complaints[0], report(result)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ranks", [None, 2])
@pytest.mark.parametrize("existing", ["cube.h5", "cube.h5.part"])
def test_existing_output_is_refused_unless_overwritten(yaml, tmp_path, ranks, existing):
    old = tmp_path / existing
    old.write_text("precious")
    result = scan(yaml, "-o", tmp_path / "cube.h5", *ONE_CURVE, ranks=ranks)
    assert result.returncode == 2
    assert result.stderr.count("--overwrite") == 1 and existing in result.stderr
    assert old.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    result = scan(yaml, "-o", tmp_path / "cube.h5", "--overwrite", *ONE_CURVE, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cube.h5"]
    assert h5py.is_hdf5(tmp_path / "cube.h5")


@pytest.mark.parametrize("output", ["missing/cube.h5", "file/cube.h5", "folder", "folder/"])
def test_impossible_output(yaml, tmp_path, output):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    result = scan(yaml, "-o", f"{tmp_path}/{output}", "--overwrite", ranks=2)
    assert result.returncode == 2
    assert len(re.findall(r"^dmumu scan: .*(file|folder|missing).*", result.stderr, re.M)) == 1
    assert not list((tmp_path / "folder").iterdir())


def test_full_disk_is_noticed_before_the_work(yaml, tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        result = scan(yaml, "-o", disk / "cube.h5", *LONG, ranks=2)
        assert result.returncode == 2, report(result)
        assert len(re.findall(r"the cube takes .* free", result.stderr)) == 1
        assert not list(disk.iterdir())


FAULTY_DISK = r"""
/* Preloaded into one rank: once the file $FAULT exists, every write fails as on a full disk. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
static int full(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *fault = getenv("FAULT");
    return rank && fault && rank[0] == getenv("FAULTY_RANK")[0] && access(fault, F_OK) == 0;
}
ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
    if (full()) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwritev, fd, iov, n, at, 0);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    if (full()) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwrite64, fd, data, n, at);
}
ssize_t pwritev64(int fd, const struct iovec *iov, int n, off_t at) { return pwritev(fd, iov, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at) { return pwrite(fd, data, n, at); }
"""


def has_begun(part):
    """Has an epoch been written?"""
    try:
        return bool(state_of(part).any())
    except (OSError, KeyError):
        return False


def test_a_failing_disk_ends_the_scan_on_all_ranks(yaml, tmp_path):
    """With ROMIO, which tells of the failure at once on every rank; Open MPI's own ompio leaves the others waiting."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler for the faulty disk")
    if not shutil.which("ompi_info") or b"romio321" not in subprocess.run(["ompi_info"], capture_output=True).stdout:
        pytest.skip("this MPI has no romio321")
    source, library, fault, folder = (tmp_path / name for name in ("faulty.c", "faulty.so", "fault", "out"))
    source.write_text(FAULTY_DISK)
    folder.mkdir()
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    extra = {"LD_PRELOAD": library, "FAULT": fault, "FAULTY_RANK": 0, "OMPI_MCA_io": "romio321"}
    with Running(yaml, "-o", folder / "cube.h5", *LONG, "--epoch", 0.2, ranks=3, **extra) as running:
        running.run_until(lambda: has_begun(folder / "cube.h5.part"))
        fault.touch()
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert result.returncode == 1, report(result)
    assert len(re.findall(r"^dmumu scan: .*cube\.h5\.part", result.stderr, re.M)) == 1, result.stderr
    assert [path.name for path in folder.iterdir()] == ["cube.h5.part"]


@pytest.mark.parametrize("ranks", [None, 2])
def test_dry_run_writes_nothing(yaml, reference, tmp_path, monkeypatch, ranks):
    monkeypatch.chdir(tmp_path)
    result = scan(yaml, "-o", "cube.h5", "--dry-run", ranks=ranks, threads=2)
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.iterdir())
    for line in (
        r"^region +2  disk, halo$",
        r"^alfven_mach +3  0\.3 to 0\.9, logarithmic$",
        r"^rigidity_gv +5  10 to 100000, logarithmic$",
        r"^curves +60$",
        r"^values +300$",
        r"^size on disk +[\d.]+ kB$",
        rf"^estimated time +about .* on 1 host, {ranks or 1} ranks?, 2 threads per rank$",
        r"^estimated from +72 curves at 3 M_A were timed",
    ):
        assert len(re.findall(line, result.stdout, re.M)) == 1, (line, result.stdout)
    size = float(re.search(r"^size on disk +([\d.]+) kB", result.stdout, re.M).group(1)) * 1e3
    written = reference[0].stat().st_size
    assert written <= size <= written + 100e3  # attributes and metadata are counted generously


@pytest.mark.parametrize(
    "extra",
    [
        {"OMPI_COMM_WORLD_SIZE": 4, "OMPI_COMM_WORLD_RANK": 0},
        {"PMI_SIZE": 4, "PMI_RANK": 0},
        {"SLURM_STEP_NUM_TASKS": 4, "SLURM_NTASKS": 4, "SLURM_PROCID": 0},
    ],
)
def test_unconnected_processes_are_refused(yaml, tmp_path, extra):
    result = scan(yaml, "-o", tmp_path / "cube.h5", **extra)
    assert result.returncode == 2, report(result)
    assert "4 processes were launched" in result.stderr
    assert not list(tmp_path.iterdir())


def test_of_unconnected_processes_only_the_first_speaks(yaml, tmp_path):
    result = scan(yaml, "-o", tmp_path / "cube.h5", PMI_SIZE=4, PMI_RANK=2)
    assert result.returncode == 2
    assert "dmumu scan" not in result.stderr


def test_lone_process_in_an_allocation_is_warned(yaml, tmp_path):
    result = scan(yaml, "-o", tmp_path / "cube.h5", *ONE_CURVE, SLURM_NTASKS=4)
    assert result.returncode == 0
    assert "warning: Slurm allocated 4 tasks" in result.stderr


def test_too_many_threads_are_warned_about(yaml, tmp_path):
    result = scan(yaml, "-o", tmp_path / "cube.h5", *ONE_CURVE, threads=4 * os.cpu_count())
    assert result.returncode == 0
    assert re.search(r"warning: rank 0 runs \d+ threads on \d+ core", result.stderr)


def test_another_library_than_compiled_with_is_warned_about(yaml, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler for another library")
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("int H5get_libversion(unsigned *a, unsigned *b, unsigned *c) { *a = 1, *b = 99, *c = 3; return 0; }")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    result = scan(yaml, "-o", tmp_path / "cube.h5", *ONE_CURVE, LD_PRELOAD=library)
    assert result.returncode == 0, report(result)
    assert re.search(r"warning: compiled with HDF5 1\.\d+\.\d+, and running with HDF5 1\.99\.3: ", result.stderr)


def test_a_killed_rank_ends_the_scan(yaml, tmp_path):
    with Running(yaml, "-o", tmp_path / "cube.h5", *LONG, "--epoch", 0.2, ranks=3) as running:
        running.run_until(lambda: has_begun(tmp_path / "cube.h5.part"))
        running.send(signal.SIGKILL, "one rank")
        running.send(signal.SIGCONT, "all ranks")
        result = running.end()
    assert result.returncode != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cube.h5.lock", "cube.h5.part"]


# ---- progress ----


def run_in_terminal(arguments, columns, env, seconds=TIMEOUT_S):
    """Run with stderr (and stdin, stdout) on a pseudo-terminal of that width; (status, all that was shown)."""
    try:
        primary, secondary = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine has no pseudo-terminals: {error}")
    subprocess.run(["stty", "cols", str(columns), "rows", "24"], stdin=secondary, check=True)
    process = subprocess.Popen(
        arguments, env=env, stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True
    )
    os.close(secondary)
    shown, deadline = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if select.select([primary], [], [], 0.2)[0]:
                try:
                    chunk = os.read(primary, 65536)
                except OSError:
                    break
                if not chunk:
                    break
                shown += chunk
            elif process.poll() is not None:
                break
        status = process.wait(timeout=max(0.1, deadline - time.monotonic()))
    finally:
        process.kill()
        process.wait()
        os.close(primary)
    return status, shown.decode(errors="replace")


@pytest.mark.parametrize("ranks", [None, 2])
@pytest.mark.parametrize("columns", [80, 24])
def test_one_updating_line_on_a_terminal(yaml, tmp_path, ranks, columns):
    more = ["--set", "axes.alfven_mach={values: [0.5]}", "--set", "axes.beta.points=20", "--set", "model.modes=[fast]"]
    more += ["--set", "axes.injection_scale_pc.points=10"]
    start = time.monotonic()
    status, shown = run_in_terminal(
        command("scan", yaml, "-o", tmp_path / "cube.h5", *more, ranks=ranks), columns, environment()
    )
    elapsed = time.monotonic() - start
    assert status == 0, shown
    updates = re.findall(r"\r([^\r\n]*%[^\r\n]*)", shown)
    assert updates, shown
    assert all(len(update) < columns for update in updates)
    assert len(updates) <= 2 + 2 * elapsed
    assert re.match(r"0\.0 %|0/400", updates[0])
    assert "100.0 %" in updates[-1]
    if columns == 80:
        assert "400/400" in updates[-1]
    assert "started" not in shown


def test_plain_lines_without_a_terminal(reference):
    lines = [line for line in reference[1].stderr.splitlines() if line.startswith("dmumu scan: ")]
    assert lines[-2] == "dmumu scan: started, 60 curves"
    assert re.match(r"dmumu scan: 60/60 curves  100\.0 %  \S+ curves/s  elapsed .*  ETA 0\.0 s$", lines[-1])
    assert "\r" not in reference[1].stderr


# ---- job scripts ----


@pytest.mark.skipif(not shutil.which("mpirun"), reason="no mpirun")
def test_single_node_script(yaml, reference, tmp_path):
    result = subprocess.run(
        [ROOT / "jobs" / "single_node.sh", yaml, tmp_path / "cube.h5", "--epoch", "5"],
        env=environment(DMUMU=BINARY, RANKS=2, THREADS=1), capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert data_hash(result) == data_hash(reference[1])
    result = subprocess.run([ROOT / "jobs" / "single_node.sh"], capture_output=True, text=True)
    assert result.returncode == 2 and "INPUT.yaml" in result.stderr
