"""Published D(R) in Python: the registry of the library, against the formulas as they were published."""

import numpy as np
import pytest

import dmumu


@pytest.fixture(scope="module")
def models(library):
    return dmumu.published()


def test_the_command_line_and_python_see_the_same(models, run):
    listed = run("models").stdout
    assert len(models) >= 11
    assert all(name in listed for name in models)


def test_a_power_law_is_its_formula(models):
    """MAX of the MIN, MED, MAX models: 0.0765 kpc2/Myr beta (R/GV)^0.46, H = 15 kpc."""
    rigidity_gv = np.array([[10.0, 100.0], [1e3, 1e4]])
    proton_gev = 0.93827208816
    velocity = rigidity_gv / np.hypot(rigidity_gv, proton_gev)
    kpc2_per_myr = (3.0856775814913673e21) ** 2 / 3.15576e13
    d = models["max"](rigidity_gv)
    assert d.shape == rigidity_gv.shape
    np.testing.assert_allclose(d, 0.0765 * kpc2_per_myr * velocity * rigidity_gv**0.46, rtol=1e-3)
    assert models["max"].halo_height_kpc == 15.0


def test_bad_arguments_are_named(models):
    with pytest.raises(ValueError, match="rigidity_gv: .*-1.0"):
        models["max"]([1.0, -1.0])
    with pytest.raises(ValueError, match="nucleus: 'Xx'"):
        models["max"](1.0, nucleus="Xx")


MINE = """\
mine: {d0_cm2_s: 4.0e28, slope: 0.5, velocity_power: -0.5, halo_height_kpc: 4, title: my own}
broken:
  d0_cm2_s: 1e28
  rigidity_gv: 4
  slope: .45
  low: {rigidity_gv: 5, slope: 0.2, smoothness: 0}
  high: {rigidity_gv: 300, slope: 0.3, smoothness: 0.1}
  halo_height_kpc: 6
  alfven_speed_km_s: 12
  adds_advection: true
  from_gv: 2
  to_gv: 3000
"""


def test_models_of_ones_own_are_the_program_s(run, library, tmp_path):
    """The same D to all digits that the program prints, the same title and height."""
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    ours = dmumu.published(path)
    assert list(ours)[-2:] == ["mine", "broken"] and list(ours)[:-2] == list(dmumu.published())
    for name in ("mine", "broken"):
        text = run("models", name, "--models", path, "--rigidity", "0.5:1e5:11", "--nucleus", "B11").stdout
        rows = np.array([[float(x) for x in line.split()] for line in text.splitlines() if not line.startswith("#")])
        np.testing.assert_allclose(ours[name](rows[:, 0], "B11"), rows[:, 1], rtol=1e-9)
        assert ours[name].title in text
    assert (ours["mine"].halo_height_kpc, ours["broken"].halo_height_kpc) == (4, 6)
    assert (ours["broken"].from_gv, ours["broken"].to_gv) == (2, 3000) and np.isnan(ours["mine"].from_gv)
    assert ours["mine"].source == str(path)


BAD = [
    "",
    "[a, b]\n",
    "mine\n",
    "mine: 3\n",
    "max: {d0_cm2_s: 1e28, slope: 0.3}\n",
    "a b: {d0_cm2_s: 1e28, slope: 0.3}\n",
    "mine: {slope: 0.3}\n",
    "mine: {d0_cm2_s: 1e28}\n",
    "mine:\n  d0_cm2_s: 1e28\n  slop: 0.3\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, zzzzzz: 1}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, slope: 0.4}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3}\nmine: {d0_cm2_s: 1e28, slope: 0.3}\n",
    "mine: {d0_cm2_s: 1e46, slope: 0.3}\n",
    "mine: {d0_cm2_s: '1e28', slope: 0.3}\n",
    "mine: {d0_cm2_s: 1e28 cm2/s, slope: 0.3}\n",
    "mine: {d0_cm2_s: 1e28, slope: .inf}\n",
    "mine: {d0_cm2_s: 1e28, slope: [0.3]}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0x3}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, title: }\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, adds_advection: yes}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, adds_advection: true}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, low: 5}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3,\n  low: {rigidity_gv: 5, slope: 0.2}}\n",
    "mine: {d0_cm2_s: 1e28, slope: 0.3, high: {rigidity_gv: 5, slope: 0.2, smoothness: 0, slopes: 3}}\n",
    "mine:\n  d0_cm2_s: 1e28\n  slope: 0.3\n  low: {rigidity_gv: 50, slope: 0.2, smoothness: 0}\n"
    "  high: {rigidity_gv: 5, slope: 0.2, smoothness: 0}\n",
]


@pytest.mark.parametrize("text", BAD)
def test_complaints_are_the_program_s(run, library, tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    result = run("models", "--models", path)
    assert result.returncode == 2
    with pytest.raises(ValueError) as raised:
        dmumu.published(path)
    assert f"dmumu models: {raised.value}" == result.stderr.splitlines()[0]


def test_what_is_not_yaml_is_refused_on_the_same_line(run, library, tmp_path):
    """The words are those of the parsers, libyaml and PyYAML; file and line are the same."""
    path = tmp_path / "bad.yaml"
    path.write_text("mine: {d0_cm2_s: 1e28,\n  slope: 0.3\nother: [\n")
    said = run("models", "--models", path).stderr
    with pytest.raises(ValueError) as raised:
        dmumu.published(path)
    where = str(raised.value).split(" not YAML")[0]
    assert f"{path}:" in where and said.startswith(f"dmumu models: {where}")
    with pytest.raises(FileNotFoundError):
        dmumu.published(tmp_path / "none.yaml")
