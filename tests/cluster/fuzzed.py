#!/usr/bin/env python3
"""Damaged .part files: fuzzed.py FOLDER N [SEED]. For programs built with AddressSanitizer and UndefinedBehaviorSanitizer.

Scans are killed with -9. Copies of what they leave are truncated at random, or get other bytes at random places, and go
through every reader of READERS and through `scan --resume`. What must hold for each, within a deadline:

  - a reader shows the file, or says in one sentence which file it is and what is wrong (status 1 or 2), and shows nothing;
  - the scan completes the cube, with the data_hash of an undisturbed one and values that fit it when they are read again,
    or says one such sentence, and leaves the file as it is, to the byte, and no other;
  - no signal ends a program, and the sanitizers say nothing, but of HDF5, in the process that looks first (src/cube/guard.h).

Prints the counts; exit status 1 after a finding, which is kept in the folder `findings` beside the program.
"""

import collections
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from scans import BINARY, Running, command, data_hash, environment, report, scan, state_of  # noqa: E402

INPUT = """\
title: A scan whose file is damaged
axes:
  region: [halo]
  alfven_mach: {values: [0.5, 0.8]}
  beta: {from: 0.1, to: 0.3, points: 16, spacing: log}
  injection_scale_pc: {from: 50, to: 100, points: 8, spacing: log}
  rigidity_gv: {values: [1.0e4, 1.0e5]}
model: {modes: [fast], tolerance: 1.0e-1}
"""
N_CURVES = 2 * 16 * 8
SECONDS = 300  # for one file and one program, however busy the machine is
SANITIZER_STATUS = 99
# Each is called with the file's path behind these words; tests/instrumented/look_up.c looks values up in it.
LOOK_UP = BINARY.parent / "tests" / "instrumented" / "look_up"
READERS = {"info": [BINARY, "info"]} | ({"look-up": [LOOK_UP]} if LOOK_UP.exists() else {})


class Finding(Exception):
    pass


# ---- damage ----


def truncated(data, rng):
    return data[: rng.randrange(len(data))]


def single_bytes(data, rng):
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 2, 4, 16, 64])):
        damaged[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    return bytes(damaged)


def run_of_bytes(data, rng):
    """Zeros, ones or noise, as a block that was never written, or not as it should have been."""
    n = rng.choice([8, 64, 512, 4096])
    begin = rng.randrange(len(data))
    noise = rng.choice([bytes(n), b"\xff" * n, rng.randbytes(n)])[: len(data) - begin]
    return data[:begin] + noise + data[begin + len(noise) :]


def first_bytes(data, rng):
    """Single bytes where HDF5's own structures lie closest."""
    head = single_bytes(data[:4096], rng)
    return head + data[len(head) :]


DAMAGES = [truncated, single_bytes, run_of_bytes, first_bytes]


# ---- programs, and what they may do ----


def run(words, leaks):
    options = f"allocator_may_return_null=1:intercept_tls_get_addr=0:exitcode={SANITIZER_STATUS}"
    extra = {
        "ASAN_OPTIONS": f"{options}:detect_leaks={leaks}:suppressions=",
        "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={SANITIZER_STATUS}",
        "LSAN_OPTIONS": f"suppressions={pathlib.Path(__file__).resolve().parent.parent / 'instrumented' / 'lsan.supp'}"
        ":print_suppressions=0",
    }
    try:
        return subprocess.run([str(word) for word in words], env=environment(**extra), capture_output=True, text=True,
                              errors="replace", timeout=SECONDS, check=False)  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise Finding(f"no end after {SECONDS} s: {' '.join(map(str, words))}") from late


def is_of_hdf5(said):
    """Does the first stack that a sanitizer prints end in HDF5, with no frame of ours in between?"""
    if "runtime error:" in said:
        return False
    for frame in re.findall(r"^ *#\d+ 0x.*$", said, re.M):
        if "libhdf5" in frame:
            return True
        if re.search(r"src/[a-z0-9_/]+\.c:\d", frame):
            return False
    return False


def judge(name, result, path):
    """True when the program accepted the file, False when it refused it as it should; else a Finding."""
    say = f"{name}: status {result.returncode}\n{report(result)}"
    if result.returncode not in (0, 1, 2):
        raise Finding(say)
    if re.search(r"Sanitizer|runtime error:", result.stderr) and not (result.returncode != 0 and is_of_hdf5(result.stderr)):
        raise Finding(say)
    if result.returncode == 0:
        if not result.stdout:
            raise Finding(say)
        return True
    told = [line for line in result.stderr.splitlines() if line.startswith("dmumu ") and str(path) in line]
    if len(told) != 1 or result.stdout:
        raise Finding(say)
    return False


def check_the_judge():
    """What is not found here would not be found anywhere."""
    path = pathlib.Path("/x/cube.h5.part")
    refusal, shown = f"dmumu info: {path}: damaged", "a page"
    stack = "==1==ERROR: AddressSanitizer: heap-buffer-overflow\n    #0 0x1 in memcpy\n    #1 0x2 in {}\n"
    ours, theirs = stack.format("read_axis src/cube/read.c:12"), stack.format("H5F_open (/usr/lib/libhdf5.so.103+0x1)")
    for fine, status, out, errors in [
        (True, 0, shown, ""), (True, 1, "", refusal), (True, 1, "", theirs + refusal),
        (False, 0, "", ""), (False, 0, shown, ours), (False, 0, shown, theirs), (False, 1, "", ours + refusal),
        (False, 1, shown, refusal), (False, 1, "", ""), (False, 1, "", "dmumu info: damaged"), (False, -11, "", refusal),
        (False, SANITIZER_STATUS, "", theirs), (False, 1, "", f"{refusal}\n{refusal}"),
        (False, 1, "", f"src/cube/read.c:3:1: runtime error: shift\n{refusal}"),
    ]:  # fmt: skip
        try:
            judge("info", subprocess.CompletedProcess([], status, out, errors), path)
            found = False
        except Finding:
            found = True
        assert found != fine, (status, out, errors)


# ---- one file ----


def read(name, path, counts):
    result = run([*READERS[name], path], leaks=1)
    accepted = judge(name, result, path)
    counts[f"{name}: {'read' if accepted else 'refused'}"] += 1
    counts["HDF5 failed"] += "Sanitizer" in result.stderr or "HDF5 crashed" in result.stderr


def go_on(yaml, cube, part, whole, ranks, counts):
    """Open MPI's own memory is no matter here: leaks are looked for when nothing is damaged (make sanitize)."""
    before = part.read_bytes()
    result = run(command("scan", yaml, "-o", cube, "--resume", ranks=ranks), leaks=0)
    accepted = judge("scan --resume", result, part)
    counts[f"resume: {'completed' if accepted else 'refused'}"] += 1
    left = sorted(path.name for path in part.parent.iterdir())
    if left != [cube.name if accepted else part.name] or not accepted and part.read_bytes() != before:
        raise Finding(f"left are {left}, and the file is another\n{report(result)}")
    if accepted:
        again = run(command("info", "--verify", cube), leaks=1)
        if data_hash(result) != whole or again.returncode != 0:
            raise Finding(f"another cube\n{report(result)}{report(again)}")


def one_file(i, seed, folder, yaml, parts, whole):
    """Damage, and what comes of it: the counts, and what was found."""
    rng, counts = random.Random(f"{seed}.{i}"), collections.Counter()
    damage = rng.choice(DAMAGES)
    home = folder / f"file{i}"
    home.mkdir()
    cube, part = home / "cube.h5", home / "cube.h5.part"
    data = damage(rng.choice(parts), rng)
    part.write_bytes(data)
    counts[damage.__name__.replace("_", " ")] += 1
    try:
        for name in READERS:
            read(name, part, counts)
        go_on(yaml, cube, part, whole, rng.choice([None] * 9 + [2]), counts)
    except Finding as what:
        kept = BINARY.parent / "findings" / f"fuzzed-{seed}-{i}.h5.part"
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(data)
        return counts, f"failed: {kept}: {damage.__name__}: {what}"
    finally:
        shutil.rmtree(home)
    return counts, None


# ---- all ----


def killed(folder, yaml, at_least):
    """What a scan leaves that is killed when so many curves are done: the bytes of its .part."""
    folder.mkdir()
    cube, part = folder / "cube.h5", folder / "cube.h5.part"

    def far_enough():
        try:
            return state_of(part).sum() >= at_least
        except (OSError, KeyError):
            return False

    with Running(yaml, "-o", cube, "--epoch", 0, ranks=2) as running:
        running.run_until(far_enough, slice_s=0.005)
        running.send(signal.SIGKILL, "all ranks")
        running.end()
    assert at_least <= state_of(part).sum() <= N_CURVES
    return part.read_bytes()


def main():
    folder, n, seed = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "5"
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0:intercept_tls_get_addr=0"  # of the undisturbed and the killed ones
    check_the_judge()
    yaml = folder / "scan.yaml"
    yaml.write_text(INPUT)
    whole = data_hash(scan(yaml, "-o", folder / "whole.h5", ranks=2))
    parts = [killed(folder / f"killed{k}", yaml, at_least) for k, at_least in enumerate([0, 1, N_CURVES // 2])]
    counts, found = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for each, what in pool.map(lambda i: one_file(i, seed, folder, yaml, parts, whole), range(n)):
            counts += each
            if what:
                found.append(what)
                print(what, flush=True)
    told = ", ".join(f"{what} {k}" for what, k in sorted(counts.items()))
    print(f"counted: {n} files, {len(found)} findings, readers {' and '.join(READERS)}: {told}")
    return 1 if found or n < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
