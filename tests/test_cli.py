"""The command line: help, every option of `dmumu curve`, and each kind of bad input with the words that explain it."""

import math
import re

import pytest

POINT = ("--region", "halo", "--alfven-mach", "0.5", "--beta", "0.14", "--injection-scale", "100")
CURVE = ("curve", *POINT, "--rigidity", "1e3,1e4")

AXES = {
    "region": "[halo]",
    "alfven_mach": "{values: [0.5]}",
    "beta": "{values: [0.14]}",
    "injection_scale_pc": "{values: [100]}",
    "rigidity_gv": "{values: [1000, 10000]}",
}


def axes(**changed):
    """A section of axes; None leaves one out."""
    lines = {**AXES, **changed}
    return "axes:\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items() if value is not None)


def refused(result, *parts, status=2):
    """Check the exit status and that one line of stderr holds every part; nothing may be on stdout."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    message = result.stderr.splitlines()[0]
    for part in parts:
        assert part in message, f"no {part!r} in {message!r}"
    return message


def table(text):
    """(header lines without '# ', column names, rows of words)"""
    header = [line[2:] for line in text.splitlines() if line.startswith("#")]
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return header, header[-1].split(), rows


# ---- Help, version, commands ----


@pytest.mark.parametrize("command", ["curve", "scan", "info"])
def test_help_of_each_command(run, command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert f"dmumu {command}" in result.stdout
    assert result.stderr == ""


def test_help_of_the_program_names_the_commands(run):
    for word in ("--help", "-h", "help"):
        result = run(word)
        assert result.returncode == 0
        for command in ("curve", "scan", "info"):
            assert command in result.stdout


def test_help_of_curve_teaches_every_option(run):
    text = run("curve", "--help").stdout
    for option in ("--region", "--alfven-mach", "--beta", "--injection-scale", "--rigidity", "--config", "--set",
                   "--kernel", "--pitch", "--output", "--overwrite", "--help"):
        assert option in text
    for word in ("pc", "GV", "cm^2/s", "default", "Examples", "Exit status"):
        assert word in text


def test_version(run):
    result = run("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"dmumu \d+\.\d+\.\d+ \(git \S+(, with changes)?\)\n", result.stdout)


def test_no_command(run):
    refused(run(), "no command", "curve, scan, merge, info")


def test_unknown_command(run):
    refused(run("curv"), "'curv'", "did you mean 'curve'")
    refused(run("zzzzzz"), "'zzzzzz'", "curve, scan, merge, info")
    refused(run("--verbose"), "unknown option '--verbose'")


# ---- Options of curve ----


def test_curve_table(run):
    result = run(*CURVE)
    assert result.returncode == 0, result.stderr
    header, columns, rows = table(result.stdout)
    assert columns == ["rigidity_gv", "R", "D_cm2_s", "rel_error", "mu_star", "quality", "D_fast_cm2_s", "D_alfven_cm2_s"]
    assert [float(row[0]) for row in rows] == [1e3, 1e4]
    assert all(len(row) == len(columns) for row in rows)
    assert all(row[5] in ("ok", "not_confined", "not_converged", "failed") for row in rows)
    assert all(re.fullmatch(r"-?\d\.\d{10}e[+-]\d\d+|-?nan", word) for row in rows for word in row[:5] + row[6:])
    # R is linear in the rigidity, and r_L of 1 TV in 1 uG is about 1.08e-3 pc.
    assert float(rows[1][1]) == pytest.approx(10 * float(rows[0][1]))
    assert float(rows[0][1]) == pytest.approx(1.0812e-3 / 100, rel=1e-3)
    text = "\n".join(header)
    for word in ("broadening: yl08", "zone_size_pc: 5100", "v_A = 10 km/s", "Mean free path: 3 D/c", "M_A^4 D = 0.0625 D"):
        assert word in text


def test_curve_range_of_rigidities(run):
    result = run("curve", *POINT, "--rigidity", "1e3:1e5:5")
    _, _, rows = table(result.stdout)
    assert [float(row[0]) for row in rows] == pytest.approx([1e3, 10**3.5, 1e4, 10**4.5, 1e5], rel=1e-9)


def test_header_of_curve_is_an_input_file(run, tmp_path):
    first = run(*CURVE, "--set", "model.harmonics=2", "--set", "title='A: title'")
    config = tmp_path / "again.yaml"
    config.write_text("".join(line[4:] + "\n" for line in first.stdout.splitlines() if line.startswith("#   ")))
    again = run("curve", "--config", config)
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout


def test_header_is_yaml_for_python(run):
    yaml = pytest.importorskip("yaml")
    text = "".join(line[4:] + "\n" for line in run(*CURVE).stdout.splitlines() if line.startswith("#   "))
    config = yaml.safe_load(text)
    assert config["axes"]["rigidity_gv"]["values"] == [1000, 10000]
    assert isinstance(config["disk"]["x_c"], float)
    assert config["model"]["energy_fraction"] == {"fast": 1, "alfven": 1, "slow": 1}


def test_set_changes_the_model(run):
    header, columns, _ = table(run(*CURVE, "--set", "model.modes=[fast]", "--set", "model.modes=[slow]").stdout)
    assert columns[6:] == ["D_slow_cm2_s"]
    assert any("modes: [slow]" in line for line in header)


def test_config_file_and_options(run, tmp_path):
    config = tmp_path / "in.yaml"
    config.write_text(axes(beta="{values: [0.1, 0.2]}"))
    refused(run("curve", "--config", config), "--beta is missing", "0.001 to 30", "axes.beta")
    result = run("curve", "--config", config, "--beta", "0.2")
    assert result.returncode == 0, result.stderr
    assert "beta: {spacing: linear, values: [0.2]}" in result.stdout


@pytest.mark.parametrize("name", ["galaxy", "fornieri2021", "smoke", "reference"])
def test_inputs_of_the_project(run, root, name):
    path = root / "inputs" / f"{name}.yaml"
    assert re.search(r"#     (mpirun .*)?dmumu scan inputs/" + name, path.read_text())
    result = run("curve", "--config", path, *POINT, "--rigidity", "1e4")
    assert result.returncode == 0, result.stderr


def test_reference_kernel_agrees(run):
    fast, slow = (table(run("curve", *POINT, "--rigidity", "1e5", "--set", "model.tolerance=1e-3", "--kernel", kernel).stdout)
                  for kernel in ("fast", "ref"))
    assert float(fast[2][0][2]) == pytest.approx(float(slow[2][0][2]), rel=2e-3)
    assert "ref kernel" in slow[0][0] and "fast kernel" in fast[0][0]


def test_pitch_table(run):
    result = run("curve", *POINT, "--rigidity", "1e3,1e4", "--pitch=0.1,0.5,0.9")
    assert result.returncode == 0, result.stderr
    _, columns, rows = table(result.stdout)
    assert columns == ["rigidity_gv", "mu", "D_fast_transit_time_per_s", "D_fast_gyro_per_s",
                       "D_alfven_transit_time_per_s", "D_alfven_gyro_per_s", "D_total_per_s", "mean_free_path_pc"]
    assert [(float(row[0]), float(row[1])) for row in rows] == [(r, mu) for r in (1e3, 1e4) for mu in (0.1, 0.5, 0.9)]
    for row in rows:
        values = [float(word) for word in row]
        assert math.isfinite(values[6]) and values[6] >= 0
        assert values[6] == pytest.approx(sum(values[2:6]), rel=1e-6, abs=0)


def test_pitch_with_a_number_of_mu(run):
    _, _, rows = table(run("curve", *POINT, "--rigidity", "1e4", "--pitch=4").stdout)
    assert [float(row[1]) for row in rows] == [0, 0.25, 0.5, 0.75]
    _, _, rows = table(run("curve", *POINT, "--rigidity", "1e4", "--pitch").stdout)
    assert len(rows) == 32


def test_output_file(run, tmp_path):
    path = tmp_path / "curve.txt"
    result = run(*CURVE, "-o", path)
    assert (result.returncode, result.stdout) == (0, "")
    assert path.read_text() == run(*CURVE).stdout
    path.write_text("precious")
    refused(run(*CURVE, "--output", path), str(path), "exists", "--overwrite")
    assert path.read_text() == "precious"
    assert run(*CURVE, "-o", path, "--overwrite").returncode == 0
    assert path.read_text() == run(*CURVE).stdout
    assert [p.name for p in tmp_path.iterdir()] == ["curve.txt"]


@pytest.mark.parametrize(
    ("option", "value", "parts"),
    [
        ("--region", "bulge", ["'bulge'", "disk, halo"]),
        ("--region", "", ["''", "disk, halo"]),
        ("--alfven-mach", "0.01", ["'0.01'", "out of range", "0.05 to 3"]),
        ("--alfven-mach", "3.1", ["'3.1'", "out of range", "0.05 to 3"]),
        ("--alfven-mach", "half", ["'half'", "not a number", "0.05 to 3"]),
        ("--beta", "0", ["'0'", "out of range", "0.001 to 30"]),
        ("--beta", "nan", ["'nan'", "finite", "0.001 to 30"]),
        ("--beta", "0.1x", ["'0.1x'", "not a number"]),
        ("--beta", "0,1", ["'0,1'", "not a number"]),
        ("--beta", "", ["''", "not a number"]),
        ("--beta", "0x1", ["'0x1'", "not a number"]),
        ("--injection-scale", "2000", ["'2000'", "out of range", "0.1 to 1000 pc"]),
        ("--injection-scale", "inf", ["'inf'", "finite"]),
        ("--injection-scale", "1e999", ["'1e999'", "finite"]),
        ("--rigidity", "0.001", ["'0.001'", "out of range", "0.01 to 1e+09 GV"]),
        ("--rigidity", "10,1", ["'1'", "not ascending", "10"]),
        ("--rigidity", "1,1", ["'1'", "not ascending"]),
        ("--rigidity", "1,,2", ["''", "not a number"]),
        ("--rigidity", "1:10", ["'1:10'", "from:to:points"]),
        ("--rigidity", "1:10:3:4", ["'1:10:3:4'", "from:to:points"]),
        ("--rigidity", "1:10:x", ["'x'", "whole number", "2 to 10000"]),
        ("--rigidity", "1:10:1", ["'1'", "2 to 10000"]),
        ("--rigidity", "10:1:3", ["from 10 to 1", "ascending"]),
        ("--rigidity", "1:1e12:3", ["'1e12'", "out of range", "0.01 to 1e+09"]),
        ("--kernel", "slow", ["'slow'", "fast, ref"]),
        ("--pitch=", "", ["''", "not a number"]),
        ("--pitch=0", "", ["'0'", "1 to 10000"]),
        ("--pitch=1.0", "", ["'1.0'", "out of range"]),
        ("--pitch=-0.5,0.5", "", ["'-0.5'", "out of range"]),
        ("--pitch=0.5,0.1", "", ["'0.1'", "ascending"]),
        ("--set", "model.harmonics", ["--set model.harmonics", "section.key=value"]),
        ("--set", "model.harmonics=99", ["--set model.harmonics=99", "'99'", "1 to 32"]),
        ("--set", "model.harmonix=1", ["--set model.harmonix=1", "did you mean 'harmonics'"]),
        ("--config", "/nonexistent.yaml", ["/nonexistent.yaml", "No such file"]),
        ("--output", "/nonexistent/out.txt", ["/nonexistent/out.txt", "No such file", "existing folder"]),
    ],
)
def test_bad_option_values(run, option, value, parts):
    arguments = [option] if "=" in option else [option, value]
    message = refused(run(*CURVE, *arguments), *parts)
    assert message.startswith("dmumu curve: ")
    if option not in ("--config", "--set"):
        assert option.split("=")[0] in message


@pytest.mark.parametrize("option", ["--region", "--alfven-mach", "--beta", "--injection-scale", "--rigidity"])
def test_missing_options(run, option):
    arguments = list(CURVE)
    at = arguments.index(option)
    del arguments[at:at + 2]
    refused(run(*arguments), f"{option} is missing", "must be")


def test_unknown_options(run):
    refused(run("curve", "--betta", "1"), "'--betta'", "did you mean '--beta'")
    refused(run("curve", "--wxyzq=1"), "'--wxyzq=1'", "unknown option")
    refused(run("curve", "-x"), "'-x'", "unknown option")
    refused(run("curve", "--beta"), "'--beta'", "needs a value")
    refused(run("curve", "-o"), "'--output'", "needs a value")
    refused(run("curve", "--overwrite=3"), "'--overwrite'", "no value")
    refused(run(*CURVE, "stray"), "'stray'", "not an option")


# ---- When the work fails ----


def test_every_point_failed(run, tmp_path):
    arguments = ("curve", *POINT[:-1], "0.1", "--rigidity", "1e8,1e9")
    refused(run(*arguments), "every point failed", "R = r_L/L", "1e-12 to 1", status=1)
    refused(run(*arguments, "-o", tmp_path / "out.txt"), "every point failed", status=1)
    assert list(tmp_path.iterdir()) == []


def test_some_points_failed(run):
    result = run("curve", *POINT[:-1], "1", "--rigidity", "1e4,1e9")
    assert result.returncode == 0
    assert "1 of 2 points are failed" in result.stderr
    _, _, rows = table(result.stdout)
    assert rows[1][5] == "failed" and math.isnan(float(rows[1][2]))


def test_full_disk(run, dmumu):
    assert run(*CURVE, "-o", "/dev/null").returncode == 0
    result = run(*CURVE, "-o", "/dev/full")
    refused(result, "/dev/full", "No space left", status=1)


def test_nothing_is_left_on_error(run, tmp_path):
    out = tmp_path / "out.txt"
    run(*CURVE, "--beta", "99", "-o", out)
    run(*CURVE, "--set", "model.tolerance=9", "-o", out)
    assert list(tmp_path.iterdir()) == []


def test_left_over_part_is_not_overwritten(run, tmp_path):
    part = tmp_path / "out.txt.part"
    part.write_text("another run")
    refused(run(*CURVE, "-o", tmp_path / "out.txt"), "out.txt.part", "exists")
    assert part.read_text() == "another run"
    assert run(*CURVE, "-o", tmp_path / "out.txt", "--overwrite").returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_output_is_a_folder(run, tmp_path):
    refused(run(*CURVE, "-o", tmp_path), "--output", str(tmp_path), "directory")


# ---- Bad input files: file, line, key, value, and what would be right ----

BAD_FILES = {
    "unknown section": ("title: a\nmodle: {}\n", 2, ["modle", "did you mean 'model'"]),
    "unknown key": ("model:\n  tolerence: 1\n", 2, ["model.tolerence", "did you mean 'tolerance'"]),
    "duplicated key": ("model:\n  harmonics: 1\n  harmonics: 2\n", 3, ["'harmonics'", "twice", "line 2"]),
    "wrong type": ("model:\n  harmonics: many\n", 2, ["model.harmonics", "'many'", "1 to 32"]),
    "text for a number": ("model:\n  tolerance: '1e-4'\n", 2, ["model.tolerance", "1e-4", "a number"]),
    "list for a number": ("model:\n  tolerance: [1e-4]\n", 2, ["model.tolerance", "a list", "a number"]),
    "no value": ("model:\n  tolerance:\n", 2, ["model.tolerance", "nothing", "a number"]),
    "out of range": ("model:\n  tolerance: 3\n", 2, ["model.tolerance", "'3'", "out of range", "1e-08 to 0.1"]),
    "nan": ("halo:\n  magnetic_field_ug: .nan\n", 2, ["halo.magnetic_field_ug", "'.nan'", "finite", "uG"]),
    "infinity": ("halo:\n  zone_size_pc: .inf\n", 2, ["halo.zone_size_pc", "'.inf'", "finite", "pc"]),
    "unknown mode": ("model:\n  modes: [fast, whistler]\n", 2, ["model.modes", "'whistler'", "fast, alfven, slow"]),
    "no mode": ("model:\n  modes: []\n", 2, ["model.modes", "empty", "fast, alfven, slow"]),
    "unknown variant": ("model:\n  disk_prefactor: old\n", 2, ["model.disk_prefactor", "'old'", "formula, published"]),
    "no energy": ("model:\n  modes: [slow]\n  energy_fraction: {slow: 0}\n", 3, ["model.energy_fraction"]),
    "not ascending": ("axes:\n  beta: {values: [0.2, 0.1]}\n", 2, ["axes.beta.values", "'0.1'", "ascending"]),
    "descending range": (
        "axes:\n  beta: {from: 2,\n    to: 1, points: 3, spacing: log}\n", 3, ["axes.beta.to", "'1'", "larger than from"]),
    "one point": (
        "axes:\n  beta:\n    from: 1\n    to: 2\n    points: 1\n    spacing: log\n", 5, ["axes.beta.points", "'1'", "2 or more"]),
    "log from zero": (
        "axes:\n  beta: {from: 0, to: 1, points: 3, spacing: log}\n", 2, ["axes.beta.from", "'0'", "0.001 to 30"]),
    "missing in an axis": ("axes:\n  beta: {from: 0.1, to: 1, spacing: log}\n", 2, ["axes.beta.points is missing"]),
    "two forms of an axis": ("axes:\n  beta: {from: 0.1, values: [1]}\n", 2, ["axes.beta", "both"]),
    "speed and density": (
        "halo:\n  alfven_speed_km_s: 10\n  density_cm3: 1\n", 3, ["halo.density_cm3", "'1'", "alfven_speed_km_s"]),
    "temperature twice": ("halo:\n  temperature_k: 1e6\n", 2, ["halo.temperature_k", "'1e6'", "beta_follows: temperature"]),
    "density follows": ("halo:\n  beta_follows: density\n", 2, ["halo.temperature_k is missing", "magnetic_field_ug and"]),
    "field follows": (
        "halo:\n  beta_follows: magnetic_field\n  density_cm3: 1\n  temperature_k: 1e4\n  magnetic_field_ug: 1\n",
        5, ["halo.magnetic_field_ug", "contradicts", "density_cm3 and temperature_k"]),
    "not YAML": ("title: [a\nmodel: b\n", 2, ["not YAML"]),
    "empty": ("", 1, ["empty"]),
    "words": ("some words\n", 1, ["key: value"]),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files(run, tmp_path, kind):
    text, line, parts = BAD_FILES[kind]
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    refused(run(*CURVE, "--config", path), f"{path}:{line}: ", *parts)


def test_unreadable_file(run, tmp_path):
    refused(run(*CURVE, "--config", tmp_path), str(tmp_path), "directory")
    path = tmp_path / "binary.yaml"
    path.write_bytes(bytes(range(256)))
    refused(run(*CURVE, "--config", path), str(path), "not YAML")


@pytest.mark.parametrize("missing", AXES)
def test_scan_needs_every_axis(run, tmp_path, missing):
    path = tmp_path / "in.yaml"
    path.write_text("title: a\n" + axes(**{missing: None}))
    refused(run("scan", path, "-o", tmp_path / "out.h5"), f"{path}:2: ", f"axes.{missing} is missing", "must be")
    assert [p.name for p in tmp_path.iterdir()] == ["in.yaml"]


def test_messages_hold_no_control_characters(run, tmp_path):
    """A file that someone else wrote must not get at the terminal through an error message."""
    hostile = tmp_path / "hostile.yaml"
    hostile.write_text('"\\e]0;owned\\a\\x9b2J": 1\n')
    for command in (("curve", "--config", hostile), ("scan", hostile, "-o", tmp_path / "never.h5")):
        done = run(*command)
        assert done.returncode == 2
        assert "?]0;owned??2J" in done.stderr, done.stderr
        assert all(c == "\n" or c.isprintable() for c in done.stderr)


def test_paths_and_titles_are_no_formats(run, tmp_path):
    config = tmp_path / "%s%n.yaml"
    config.write_text("title: '%s%s%n %d'\naxes: {beta: %n}\n")
    done = run("curve", "--config", config)
    assert done.returncode == 2 and "%s%n.yaml:2: " in done.stderr, done.stderr
    config.write_text("title: '%s%s%n %d'\n")
    done = run("curve", "--config", config, *POINT, "--rigidity", "1e3")
    assert done.returncode == 0 and '"%s%s%n %d"' in done.stdout, done.stderr
    for command in (("info", "%s%n.h5"), ("curve", "--region", "%s%n"), ("%s%n",), ("scan", "%s%n", "-o", "%n.h5")):
        done = run(*command, cwd=tmp_path)
        assert done.returncode in (1, 2) and "%s%n" in done.stderr, done.stderr
