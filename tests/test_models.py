"""dmumu models and dmumu estimate: what they print, and each kind of bad input with the words that explain it."""

import math
import re

import pytest

NAMES = (
    "crams2021", "evoli2019", "luque2021-diffusion", "luque2021-source", "luque2021-antiprotons", "dragon2",
    "galprop-helmod", "min", "med", "max", "feng2016-inner", "feng2016-outer",
)
MINE = "mine: {d0_cm2_s: 4.0e+28, slope: 0.5, velocity_power: 0, halo_height_kpc: 4, title: my own}\n"


def refused(result, *parts):
    """Exit status 2, nothing on stdout, and one line of stderr with every part."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr.splitlines()[0]


def rows(text):
    return [[float(word) for word in line.split()] for line in text.splitlines() if not line.startswith("#")]


def value(text, what):
    """The number behind a line of `dmumu estimate`."""
    return float(re.search(rf"^  {re.escape(what)} +(\S+)", text, re.MULTILINE).group(1))


@pytest.mark.parametrize("command", ["models", "estimate", "compare"])
def test_help(run, command):
    result = run(command, "--help")
    assert result.returncode == 0 and result.stderr == ""
    for word in (f"dmumu {command}", "Usage", "Examples", "Exit status"):
        assert word in result.stdout
    assert command in run("--help").stdout


def test_list_of_models(run):
    result = run("models")
    assert result.returncode == 0, result.stderr
    names = [line.split()[0] for line in result.stdout.splitlines()[2:] if line]
    assert names[: len(NAMES)] == list(NAMES)


def test_one_model(run):
    result = run("models", "luque2021-source", "--rigidity", "4,40,4e4", "--nucleus", "B11")
    assert result.returncode == 0, result.stderr
    assert "De La Torre Luque" in result.stdout and "7.1e+28 b^-0.6 (R / 4 GV)^0.42" in result.stdout
    for rigidity, d, over_height, slope in rows(result.stdout):
        speed = rigidity * 5 / math.hypot(rigidity * 5, 10.252548)
        assert d == pytest.approx(7.1e28 * speed**-0.6 * (rigidity / 4) ** 0.42, rel=1e-7)
        assert over_height == pytest.approx(d / 6.76, rel=1e-9)
        assert slope == pytest.approx(0.42 - 0.6 * (1 - speed**2), abs=1e-7)


def test_models_of_ones_own(run, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    assert "my own" in run("models", "--models", path).stdout
    result = run("models", "mine", "max", "--models", path, "--rigidity", "1:1e4:3")
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert len(table) == 6
    assert [row[1] for row in table[:3]] == pytest.approx([4e28, 4e29, 4e30], rel=1e-9)


def test_bad_models(run, tmp_path):
    refused(run("models", "crams"), "no model 'crams'", "did you mean 'crams2021'")
    refused(run("models", "zzz"), "no model 'zzz'")
    refused(run("models", "max", "--nucleus", "Fe56"), "--nucleus", "'Fe56'", "H1, He4")
    refused(run("models", "max", "--rigidity", "10,1"), "--rigidity", "not ascending")
    refused(run("models", "max", "--rigidity", "0:1:3"), "--rigidity", "'0' is out of range", "GV")
    refused(run("models", "--rigidity", "1,2"), "NAME")
    refused(run("models", "--model", "x", "--no-such"), "'--no-such'")
    path = tmp_path / "bad.yaml"
    path.write_text(MINE + "other:\n  d0_cm2_s: 1e28\n  slop: 0.3\n")
    refused(run("models", "--models", path), "bad.yaml:4", "other.slop", "did you mean 'slope'")
    refused(run("models", "--models", tmp_path / "absent.yaml"), "absent.yaml", "cannot be read")


def test_estimate(run):
    """Against the formulas, with constants of our own."""
    result = run("estimate")
    assert result.returncode == 0, result.stderr
    text = result.stdout
    pc, c, year = 3.0857e18, 2.9979e10, 3.15576e7
    radius = 1e12 / (1e-10 * 2.9979e8) * 100 / pc
    assert value(text, "Larmor radius r_L") == pytest.approx(radius, rel=1e-3)
    assert value(text, "R = r_L/L") == pytest.approx(radius / 100, rel=1e-3)
    power = 0.25 * 0.5 * math.sqrt(radius / 100)
    assert value(text, "quasi-linear D of these waves alone") == pytest.approx(c * radius * pc / 3 / power, rel=1e-3)
    assert value(text, "strong turbulence across B begins at") == pytest.approx(25)
    assert value(text, "elongation l_par/l_perp at l_par = r_L") == pytest.approx(4 * math.sqrt(100 / radius), rel=1e-3)
    height = 4e3 * pc
    assert value(text, "time if the gas filled the halo") == pytest.approx(
        2 * height * 10 / (2.3e-3 * c) / year / 1e6, rel=1e-3
    )
    d = value(text, "D in one zone")
    assert d == pytest.approx(c * 2.3e-3 * height / 20, rel=1e-3)
    assert value(text, "its escape time") == pytest.approx(height**2 / (2 * d) / year / 1e6, rel=1e-3)


def test_estimate_with_options(run):
    text = run(
        "estimate", "--rigidity", 10, "--magnetic-field", 3, "--alfven-mach", 2, "--injection-scale", 80,
        "--spectral-index", "1.6666666667", "--grammage", 5, "--density", 0.5, "--halo-height", 2,
        "--surface-density", 3,
    ).stdout
    assert value(text, "turbulence feels B below") == pytest.approx(10)
    assert value(text, "Larmor radius r_L") == pytest.approx(1.0812e-3 / 100 / 3, rel=1e-3)
    assert value(text, "time in gas of the disk's density") == pytest.approx(5.17, rel=1e-3)
    halo_time = 2 * 5 * 2e3 * 3.0857e18 / (3e-3 * 2.9979e10) / 3.15576e13
    assert value(text, "its escape time") == pytest.approx(halo_time / 2, rel=1e-3)
    # a Larmor radius larger than the cascade
    text = run("estimate", "--rigidity", "1e9", "--injection-scale", 10).stdout
    assert "no wave of the cascade is resonant" in text and "above the scales of the cascade" in text


def test_bad_estimates(run):
    refused(run("estimate", "--rigidity", "-1"), "--rigidity", "'-1' is out of range", "GV")
    refused(run("estimate", "--alfven-mach", "fast"), "--alfven-mach", "'fast' is not a number", "0.05 to 3")
    refused(run("estimate", "--rigidities", "1"), "'--rigidities'", "did you mean '--rigidity'")
    refused(run("estimate", "--grammage"), "'--grammage' needs a value")
    refused(run("estimate", "10"), "'10' is not an option")
