"""`dmumu export`: each format written, and read back by the rules of the code that it is for."""

import re
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")
CubicSpline = pytest.importorskip("scipy.interpolate").CubicSpline

POINT = ("--alfven-mach", "0.5", "--beta", "0.14", "--injection-scale", "100")
HALO_TABLE = "D_Halo_Lhalo100.0_MA0.5_beta0.14.txt"
DISK_TABLE = "D_disk_Ldisk100_MA0.5_xc1000000.txt"
PUBLISHED = {
    HALO_TABLE: "fornieri2021_halo_L100_MA0.5_beta0.14.txt",
    DISK_TABLE: "fornieri2021_disk_L100_MA0.5_xc1e6.txt",
}
PROTON_GEV = 0.93827

SMALL = """\
title: a small cube
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.4, 0.5, 0.7]}
  beta: {values: [0.1, 0.3]}
  injection_scale_pc: {values: [100]}
  rigidity_gv: {from: 0.1, to: 1.0e6, points: 29, spacing: log}
model: {tolerance: 1.0e-3}
"""


def scan(run, folder, name, text):
    (folder / f"{name}.yaml").write_text(text)
    done = run("scan", folder / f"{name}.yaml", "-o", folder / f"{name}.h5")
    assert done.returncode == 0, done.stderr
    return folder / f"{name}.h5"


@pytest.fixture(scope="module")
def published_cube(run, root, tmp_path_factory):
    """inputs/fornieri2021.yaml with its two switches as its comment says, and only the medium of the published tables."""
    text = (root / "inputs" / "fornieri2021.yaml").read_text()
    for key, old, new in (
        ("truncation_angle", "formula", "published"),
        ("disk_prefactor", "formula", "published"),
        ("alfven_mach", r"\{values: .*\}", "{values: [0.5]}"),
        ("beta", r"\{values: .*\}", "{values: [0.14]}"),
    ):
        text, n = re.subn(rf"(?m)^  {key}: {old}$", f"  {key}: {new}", text)
        assert n == 1, key
    return scan(run, tmp_path_factory.mktemp("published"), "fornieri2021", text)


@pytest.fixture(scope="module")
def small_cube(run, tmp_path_factory):
    return scan(run, tmp_path_factory.mktemp("small"), "small", SMALL)


@pytest.fixture(scope="module")
def made_up(small_cube, tmp_path_factory):
    """made_up(D of rigidity) -> a cube with that D everywhere: what a fit has to find again."""
    folder = tmp_path_factory.mktemp("made_up")

    def make(name, law):
        path = folder / f"{name}.h5"
        shutil.copy(small_cube, path)
        with h5py.File(path, "r+") as file:
            del file["integrity"]  # as a copy by another program: without checksums
            file["D"][...] = law(file["rigidity"][...])
        return path

    return make


def export(run, cube, *arguments, **keywords):
    done = run("export", cube, *arguments, **keywords)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(done, *parts, status=2):
    assert done.returncode == status, (done.stdout, done.stderr)
    message = done.stderr.splitlines()[0]
    assert message.startswith("dmumu export: ")
    for part in parts:
        assert part in message, f"no {part!r} in {message!r}"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def csv(text):
    return np.genfromtxt(text.splitlines(), delimiter=",", names=True, dtype=None, encoding="utf-8")


class Dragon2Table:
    """A table as the customised DRAGON2 reads it: no header, natural cubic spline in linear p, looked up at p A/Z."""

    def __init__(self, path):
        rows = [line.split() for line in path.read_text().splitlines()]
        assert all(len(row) == 3 for row in rows)
        self.p, self.r, self.d = np.array(rows, dtype=float).T
        assert (np.diff(self.p) > 0).all()
        self.spline = CubicSpline(self.p, self.d, bc_type="natural")  # gsl_interp_cspline

    def extrapolates(self, p):
        return (p < self.p[0]) | (p > self.p[-1])

    def __call__(self, p):
        return self.spline(p)


# ---- DRAGON2 ----


def test_published_tables_come_back(run, published_cube, reference_data, tmp_path):
    export(run, published_cube, "--format", "dragon2", *POINT, "--momentum", "0.1:1e5:60", "-o", tmp_path / "data")
    assert names(tmp_path / "data") == [HALO_TABLE, DISK_TABLE, "dragon2.xml"]
    for name, published_name in PUBLISHED.items():
        ours = Dragon2Table(tmp_path / "data" / name)
        published = Dragon2Table(reference_data / "published" / published_name)
        np.testing.assert_allclose(ours.p, published.p, rtol=1e-13)
        np.testing.assert_allclose(ours.r, published.r, rtol=0.0105)  # their constants: 1.02 % more
        np.testing.assert_allclose(ours.d, published.d, rtol=0.008)
        # every momentum of a run with 0.1 GV to 100 TV: none lies outside, and the splines agree as the rows do
        run_p = np.geomspace(0.1, 1e5, 1000)[1:-1]
        assert not ours.extrapolates(run_p).any()
        np.testing.assert_allclose(ours(run_p), published(run_p), rtol=0.008)


def test_tables_without_the_switches_are_others(run, published_cube, small_cube, tmp_path):
    """At low rigidity the slip in the wave angle halves D: the comparison above can fail."""
    for cube, folder in ((published_cube, "a"), (small_cube, "b")):
        export(run, cube, "--format", "dragon2", *POINT, "--momentum", "0.1:1e5:60", "-o", tmp_path / folder)
    slip, formula = (Dragon2Table(tmp_path / folder / HALO_TABLE) for folder in "ab")
    assert formula.d[0] > 1.5 * slip.d[0]


def test_default_range_covers_a_run(run, small_cube, tmp_path):
    export(run, small_cube, "--format", "dragon2", *POINT, "-o", tmp_path / "data")
    kinetic = 0.0054 * 1.1 ** np.arange(188)  # GeV per nucleon
    assert 2e5 < kinetic[-1] < 3e5
    momentum = np.sqrt(kinetic**2 + 2 * kinetic * PROTON_GEV)
    for name, region in ((HALO_TABLE, "halo"), (DISK_TABLE, "disk")):
        table = Dragon2Table(tmp_path / "data" / name)
        assert len(table.p) == 281 and (table.p[0], table.p[-1]) == (0.1, 1e6)
        for a_over_z in (1, 2, 2.5, 3):
            p = momentum * a_over_z
            assert not table.extrapolates(p).any()
            assert (table(p) > 0).all()
        # what DRAGON2 makes of the table, beside the cube itself
        p = momentum[momentum < 1e5]
        rigidities = ",".join(f"{value:.17g}" for value in p)
        looked_up = csv(export(run, small_cube, "--format", "csv", "--region", region, *POINT, "--rigidity", rigidities))
        np.testing.assert_allclose(table(p), looked_up["D_cm2_s"], rtol=1e-3)


def test_xml_names_the_tables(run, small_cube, tmp_path):
    said = export(run, small_cube, "--format", "dragon2", *POINT, "-o", tmp_path)
    assert said == (tmp_path / "dragon2.xml").read_text()
    diffusion = ElementTree.fromstring(said[said.index("<Diffusion"):])
    assert diffusion.tag == "Diffusion"
    for flag in ("VariableDelta", "TwoZone", "Diff_table"):
        assert diffusion.find(flag) is not None
    values = {child.tag: child.get("value") for child in diffusion}
    assert values["Halo_table"] == f"data/{HALO_TABLE}" and values["Disk_table"] == f"data/{DISK_TABLE}"
    assert values["normHalo"] == values["normDisk"] == "1."
    table = Dragon2Table(tmp_path / HALO_TABLE)
    assert float(values["D0_1e28"]) * 1e28 == pytest.approx(float(table(4.0)), rel=1e-3)
    slope = np.log(table(4.2) / table(3.8)) / np.log(4.2 / 3.8)
    assert float(values["Delta"]) == pytest.approx(float(slope), abs=0.01)
    assert "0.1 to 1000000 GV" in said and "power law" not in said


def test_disk_may_be_another_medium(run, small_cube, tmp_path):
    common = ("--format", "dragon2", *POINT, "--momentum", "1:1e4:41")
    export(run, small_cube, *common, "-o", tmp_path / "a")
    said = export(run, small_cube, *common, "--disk-alfven-mach", "0.7", "--disk-beta", "0.2", "-o", tmp_path / "b")
    assert names(tmp_path / "b") == [HALO_TABLE, DISK_TABLE.replace("MA0.5", "MA0.7"), "dragon2.xml"]
    assert "disk: M_A 0.7, beta 0.2, L 100 pc" in said and "halo: M_A 0.5, beta 0.14, L 100 pc" in said
    assert (tmp_path / "a" / HALO_TABLE).read_text() == (tmp_path / "b" / HALO_TABLE).read_text()
    a, b = Dragon2Table(tmp_path / "a" / DISK_TABLE), Dragon2Table(tmp_path / "b" / DISK_TABLE.replace("MA0.5", "MA0.7"))
    assert (a.d != b.d).all()


def test_beyond_the_cube(run, published_cube, tmp_path):
    common = ("--format", "dragon2", *POINT, "-o", tmp_path / "data")
    refused(run("export", published_cube, *common), "--momentum", "0.1 to 1000000 GV, the default,",
            str(published_cube), "0.1 to 100000 GV", "--outside power_law")
    refused(run("export", published_cube, *common, "--momentum", "0.01:10:9"), "--momentum: 0.01 to 10 GV")
    assert names(tmp_path) == []
    said = export(run, published_cube, *common, "--outside", "power_law")
    assert "beyond 0.1 to 100000 GV" in said and "power law" in said
    table = Dragon2Table(tmp_path / "data" / HALO_TABLE)
    slope = np.diff(np.log(table.d)) / np.diff(np.log(table.p))
    np.testing.assert_allclose(slope[table.p[:-1] >= 1e5], slope[-1], rtol=1e-9)
    assert 0 < slope[-1] < 1


def test_nothing_is_overwritten(run, small_cube, tmp_path):
    common = ("--format", "dragon2", *POINT, "--momentum", "1:1e4:41", "-o", tmp_path)
    (tmp_path / HALO_TABLE).write_text("precious")
    refused(run("export", small_cube, *common), HALO_TABLE, "exists", "--overwrite")
    assert names(tmp_path) == [HALO_TABLE] and (tmp_path / HALO_TABLE).read_text() == "precious"
    export(run, small_cube, *common, "--overwrite")
    assert names(tmp_path) == [HALO_TABLE, DISK_TABLE, "dragon2.xml"]
    assert len(Dragon2Table(tmp_path / HALO_TABLE).p) == 41
    (tmp_path / "file").write_text("")
    refused(run("export", small_cube, *common[:-1], tmp_path / "file"), "--output", "not a folder")
    refused(run("export", small_cube, *common[:-1], tmp_path / "none" / "none"), "--output", "No such file")


def test_where_the_cube_has_no_d(run, made_up, tmp_path):
    cube = made_up("nan", lambda r: np.where((r > 1) & (r < 100), np.nan, 1e28 * r**0.5))
    refused(run("export", cube, "--format", "dragon2", *POINT, "-o", tmp_path / "data"), str(cube), "no D of the disk",
            "--momentum", status=1)
    refused(run("export", cube, "--format", "galprop", "--region", "halo", *POINT), "no D of the halo", "--range", status=1)
    assert names(tmp_path) == []
    rows = csv(export(run, cube, "--format", "csv", "--region", "halo", *POINT, "--rigidity", "10"))
    assert np.isnan(rows["D_cm2_s"]) and rows["quality"] == "no_value"


# ---- Power laws ----


def residuals_said(text):
    """(rms, worst) of the comment."""
    found = re.search(r"^# residuals D_fit/D - 1 from (\S+) to (\S+) GV: rms (\S+), worst (\S+) at (\S+) GV$", text, re.M)
    return float(found[3]), float(found[4])


def galprop_law(text):
    value = {line.split("=")[0].strip(): float(line.split("=")[1].split()[0]) for line in text.splitlines() if line[0] != "#"}
    assert set(value) == {"D0_xx", "D_rigid_ref", "D_rigid_br", "D_g_1", "D_g_2"}
    assert all(line[21:23] == "= " for line in text.splitlines() if line[0] != "#")  # galdef's columns
    assert value["D_rigid_ref"] == value["D_rigid_br"]
    ratio = lambda r: 1e3 * r / value["D_rigid_br"]
    return value, lambda r: value["D0_xx"] * ratio(r) ** np.where(ratio(r) < 1, value["D_g_1"], value["D_g_2"])


def usine_law(text):
    line = {found[1]: found[2] for found in re.finditer(r"^\w+ @ Transport @ (\w+) @ M=\d @ (.*)$", text, re.M)}
    value = dict(zip(line["ParNames"].split(","), map(float, line["ParVals"].split(",")), strict=True))
    assert len(line["ParUnits"].split(",")) == len(value)
    formula = compile(line["K00"].removeprefix("FORMULA|").replace("^", "**"), "K00", "eval")
    kpc2_per_myr = (3.0856775814913673e21) ** 2 / (1e6 * 365.25 * 86400)
    return value, lambda r: kpc2_per_myr * eval(formula, {}, {**value, "beta": 1.0, "Rig": r})


def crpropa_law(text):
    value = {name: float(number) for name, number in re.findall(r"^diffusion\.set(\w+)\(([^)]*)\)", text, re.M)}
    return value, lambda r: 1e4 * value["Scale"] * 6.1e24 * (r / 4) ** value["Alpha"]


LAWS = {"galprop": galprop_law, "usine": usine_law, "crpropa": crpropa_law}


@pytest.mark.parametrize("format", LAWS)
@pytest.mark.parametrize("region", ["disk", "halo"])
def test_residuals_are_those_of_the_parameters(run, small_cube, format, region):
    """The parameters, put into the code's formula, leave the residuals that stand beside them."""
    common = ("--region", region, *POINT)
    text = export(run, small_cube, "--format", format, *common, "--range", "10:1e5")
    rms, worst = residuals_said(text)
    _, law = LAWS[format](text)
    rows = csv(export(run, small_cube, "--format", "csv", *common, "--rigidity", "10:1e5:161"))
    residuals = law(rows["rigidity_gv"]) / rows["D_cm2_s"] - 1
    assert np.sqrt(np.mean(residuals**2)) == pytest.approx(rms, rel=0.01, abs=1e-6)
    assert residuals[np.argmax(abs(residuals))] == pytest.approx(worst, rel=0.01, abs=2e-6)
    assert rms < {"galprop": 0.04, "usine": 0.01, "crpropa": 0.1}[format]


def test_more_parameters_fit_better(run, small_cube):
    rms = [residuals_said(export(run, small_cube, "--format", f, "--region", "disk", *POINT))[0]
           for f in ("crpropa", "galprop", "usine")]
    assert rms[0] > rms[1] > rms[2] > 0


def test_galprop_finds_a_sharp_break(run, made_up):
    node = 0.1 * 1e7 ** (12 / 28)  # so that the cube has the break as it is
    cube = made_up("sharp", lambda r: 5e28 * (r / node) ** np.where(r < node, 0.3, 0.55))
    text = export(run, cube, "--format", "galprop", "--region", "halo", *POINT)
    value, _ = galprop_law(text)
    assert value["D_g_1"] == pytest.approx(0.3, abs=2e-3)
    assert value["D_g_2"] == pytest.approx(0.55, abs=2e-3)
    assert value["D_rigid_br"] == pytest.approx(1e3 * node, rel=0.03)
    assert value["D0_xx"] == pytest.approx(5e28, rel=0.01)


def test_usine_finds_two_smooth_breaks(run, made_up):
    def law(r):
        low = (1 + (r / 4.5) ** ((-0.3 - 0.5) / 0.5)) ** 0.5
        return 4e28 * r**0.5 * low * (1 + (r / 3e3) ** (0.2 / 0.4)) ** -0.4

    cube = made_up("smooth", law)
    text = export(run, cube, "--format", "usine", "--region", "halo", *POINT)
    rms, worst = residuals_said(text)
    assert rms < 2e-3 and abs(worst) < 0.01  # the look-up between the nodes is good to that
    _, fitted = usine_law(text)
    r = np.geomspace(0.1, 1e6, 200)
    np.testing.assert_allclose(fitted(r), law(r), rtol=0.01)


def test_crpropa_finds_a_power_law(run, made_up):
    cube = made_up("single", lambda r: 3e28 * (r / 4) ** 0.42)
    text = export(run, cube, "--format", "crpropa", "--region", "halo", *POINT)
    value, _ = crpropa_law(text)
    assert value["Scale"] == pytest.approx(3e28 / 6.1e28, rel=1e-6)
    assert value["Alpha"] == pytest.approx(0.42, abs=1e-6)
    assert value["Epsilon"] == pytest.approx(0.5**4)
    falls = made_up("falls", lambda r: 3e28 * r**-0.2)
    refused(run("export", falls, "--format", "crpropa", "--region", "halo", *POINT), "alpha = -0.2", "0 to 2", "--range",
            status=1)


def test_power_law_into_a_file(run, small_cube, tmp_path):
    common = ("--format", "galprop", "--region", "halo", *POINT)
    path = tmp_path / "galdef_lines"
    said = export(run, small_cube, *common, "-o", path)
    assert path.read_text() == export(run, small_cube, *common)
    assert residuals_said(said) == residuals_said(path.read_text())
    refused(run("export", small_cube, *common, "-o", path), str(path), "exists", "--overwrite")
    assert names(tmp_path) == ["galdef_lines"]


# ---- CSV ----


def test_csv_of_the_whole_cube(run, small_cube, tmp_path):
    assert export(run, small_cube, "--format", "csv", "-o", tmp_path / "all.csv") == ""
    rows = csv((tmp_path / "all.csv").read_text())
    with h5py.File(small_cube) as file:
        shape = file["D"].shape
        assert rows.size == np.prod(shape)
        np.testing.assert_array_equal(rows["D_cm2_s"].reshape(shape), file["D"][...])
        np.testing.assert_allclose(rows["rel_error"].reshape(shape), file["rel_error"][...], rtol=1e-3)
        axes = ("alfven_mach", "beta", "injection_scale", "rigidity")
        grids = np.meshgrid(file["region"][...], *(file[axis][...] for axis in axes), indexing="ij")
        np.testing.assert_array_equal(rows["region"] == "halo", grids[0].ravel() == 1)
        for column, grid in zip(("alfven_mach", "beta", "injection_scale_pc", "rigidity_gv"), grids[1:], strict=True):
            np.testing.assert_array_equal(rows[column], grid.ravel())
        qualities = np.array(["ok", "not_confined", "not_converged", "failed"])
        np.testing.assert_array_equal(rows["quality"].reshape(shape), qualities[file["quality"][...]])


def test_csv_of_chosen_points(run, small_cube):
    rows = csv(export(run, small_cube, "--format", "csv", "--region", "halo", "--alfven-mach", "0.4,0.45",
                      "--beta", "0.3", "--rigidity", "0.1,7,1e6"))
    assert rows["region"].tolist() == ["halo"] * 6
    assert rows["alfven_mach"].tolist() == [0.4] * 3 + [0.45] * 3
    assert rows["rigidity_gv"].tolist() == [0.1, 7, 1e6] * 2
    assert rows["quality"].tolist()[1] == "interpolated" and rows["quality"].tolist()[3:] == ["interpolated"] * 3
    assert rows["quality"][0] in ("ok", "not_converged") and rows["quality"][2] in ("ok", "not_converged")
    with h5py.File(small_cube) as file:
        assert rows["D_cm2_s"][0] == file["D"][1, 0, 1, 0, 0] and rows["D_cm2_s"][2] == file["D"][1, 0, 1, 0, -1]
        low, high = file["D"][1, 0, 1, 0, 0], file["D"][1, 1, 1, 0, 0]
    assert min(low, high) < rows["D_cm2_s"][3] < max(low, high)


# ---- Emulator ----


def test_emulator(run, small_cube, tmp_path):
    path = tmp_path / "cube.npz"
    said = export(run, small_cube, "--format", "emulator", "-o", path)
    with np.load(path, allow_pickle=False) as archive, h5py.File(small_cube) as file:
        assert list(archive["parameter_names"]) == ["region", "alfven_mach", "beta", "injection_scale_pc", "rigidity_gv"]
        n = file["D"].size
        axes = ("region", "alfven_mach", "beta", "injection_scale", "rigidity")
        grids = np.meshgrid(*(file[axis][...] for axis in axes), indexing="ij")
        np.testing.assert_array_equal(archive["parameters"], np.stack([grid.ravel() for grid in grids], axis=1))
        np.testing.assert_allclose(archive["ln_D"], np.log(file["D"][...].ravel()), rtol=1e-15)
        np.testing.assert_array_equal(archive["rel_error"], file["rel_error"][...].ravel())
        np.testing.assert_array_equal(archive["quality"], file["quality"][...].ravel())
        assert list(archive["quality_names"]) == ["ok", "not_confined", "not_converged", "failed"]
        for name in ("physics_hash", "data_hash"):
            assert str(archive[name]) == np.asarray(file.attrs[name]).astype(str)
        assert archive["seed"] == 1
        train, test = archive["train"], archive["test"]
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(n)[np.isfinite(archive["ln_D"])])
        media = [set(map(tuple, archive["parameters"][rows][:, :4])) for rows in (train, test)]
        assert not media[0] & media[1]
        assert len(media[1]) == 2 and len(media[0]) == 10  # a fifth of 12
    assert f"{train.size} to train and {test.size} to test" in said
    assert names(tmp_path) == ["cube.npz"]


def test_split_is_reproducible(run, small_cube, tmp_path):
    def split(*options):
        path = tmp_path / "cube.npz"
        export(run, small_cube, "--format", "emulator", "-o", path, "--overwrite", *options)
        return path.read_bytes(), np.load(path)["test"]

    first, again, other = split(), split("--seed", "1"), split("--seed", "3")
    assert first[0] == again[0]
    assert not np.array_equal(first[1], other[1])
    assert split("--test-fraction", "0")[1].size == 0
    assert split("--test-fraction", "0.5")[1].size == 6 * 29


def test_rows_without_d_are_in_no_split(run, made_up, tmp_path):
    cube = made_up("holes", lambda r: np.where(r > 1e5, np.nan, 1e28 * r**0.5))
    export(run, cube, "--format", "emulator", "-o", tmp_path / "holes.npz")
    archive = np.load(tmp_path / "holes.npz")
    rows = np.concatenate([archive["train"], archive["test"]])
    assert np.isfinite(archive["ln_D"][rows]).all() and rows.size == np.isfinite(archive["ln_D"]).sum() < archive["ln_D"].size


# ---- Options ----


def test_help_teaches_every_option(run):
    done = run("export", "--help")
    assert done.returncode == 0 and done.stderr == ""
    for word in ("--format", "--region", "--alfven-mach", "--beta", "--injection-scale", "--disk-alfven-mach", "--disk-beta",
                 "--disk-injection-scale", "--rigidity", "--momentum", "--range", "--outside", "--test-fraction", "--seed",
                 "--output", "--overwrite", "--help", "GV", "pc", "cm^2/s", "default", "Examples", "Exit status",
                 *LAWS, "dragon2", "csv", "emulator"):
        assert word in done.stdout, word
    assert "export" in run("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["--format is missing", "dragon2, galprop, usine, crpropa, csv, emulator"]),
        (["--format", "fits"], ["'fits'", "dragon2, galprop"]),
        (["--format", "dragon2"], ["--output is missing", "folder"]),
        (["--format", "emulator"], ["--output is missing"]),
        (["--format", "csv", "--momentum", "1:2:3"], ["--momentum is not for --format csv"]),
        (["--format", "galprop", "--seed", "1"], ["--seed is not for --format galprop"]),
        (["--format", "galprop"], ["--region is missing", "disk, halo"]),
        (["--format", "galprop", "--region", "bulge"], ["'bulge'", "disk, halo"]),
        (["--format", "galprop", "--region", "halo"], ["--alfven-mach is missing", "0.4 to 0.7"]),
        (["--format", "galprop", "--region", "halo", "--alfven-mach", "0.9"], ["--alfven-mach: 0.9", "0.4 to 0.7"]),
        (["--format", "galprop", "--region", "halo", "--alfven-mach", "x"], ["--alfven-mach", "'x'", "0.05 to 3"]),
        (["--format", "galprop", "--region", "halo", *POINT[:-1], "50"], ["--injection-scale: 50", "100 alone"]),
        (["--format", "galprop", "--region", "halo", *POINT, "--range", "1"], ["--range", "'1'", "from:to"]),
        (["--format", "galprop", "--region", "halo", *POINT, "--range", "1:1.5"], ["--range", "twice"]),
        (["--format", "galprop", "--region", "halo", *POINT, "--range", "1:1e7"], ["--range: 1 to 10000000 GV", "power_law"]),
        (["--format", "galprop", "--region", "halo", *POINT, "--outside", "clamp"], ["--outside", "'clamp'", "power_law"]),
        (["--format", "csv", "--region", "halo,halo"], ["--region", "twice"]),
        (["--format", "csv", "--rigidity", "1,0.5"], ["--rigidity", "ascending"]),
        (["--format", "csv", "--beta", "0.1,0.5"], ["--beta: 0.5", "0.1 to 0.3"]),
        (["--format", "dragon2", "-o", "never", *POINT, "--momentum", "1"], ["--momentum", "from:to:points"]),
        (["--format", "dragon2", "-o", "never", *POINT, "--momentum", "1:10:2"], ["--momentum", "at least 3"]),
        (["--format", "dragon2", "-o", "never", *POINT, "--disk-beta", "0.01"], ["--disk-beta: 0.01", "0.1 to 0.3"]),
        (["--format", "emulator", "-o", "never", "--seed", "-1"], ["--seed", "'-1'", "whole number"]),
        (["--format", "emulator", "-o", "never", "--test-fraction", "1"], ["--test-fraction", "'1'", "0 to 0.9"]),
        (["--format", "csv", "stray"], ["one cube", "'stray'"]),
        (["--fromat", "csv"], ["'--fromat'", "did you mean '--format'"]),
    ],
)  # fmt: skip
def test_bad_usage(run, small_cube, tmp_path, arguments, parts):
    done = run("export", small_cube, *arguments, cwd=tmp_path)
    refused(done, *parts)
    assert done.stdout == "" and names(tmp_path) == []


def test_cubes_that_cannot_be_read(run, small_cube, tmp_path):
    refused(run("export", "--format", "csv"), "a cube is wanted")
    (tmp_path / "no.h5").write_text("no cube")
    damaged = tmp_path / "damaged.h5"
    shutil.copy(small_cube, damaged)
    with h5py.File(damaged, "r+") as file:
        file["D"][0, 0, 0, 0, 0] *= 1.01
    for format in ("csv", "galprop", "emulator"):
        arguments = ["--format", format] + (["-o", tmp_path / "out"] if format == "emulator" else [])
        refused(run("export", tmp_path / "none.h5", *arguments), "none.h5", status=1)
        refused(run("export", tmp_path / "no.h5", *arguments), "no.h5", status=1)
        refused(run("export", damaged, *arguments), "damaged.h5", "checksum", status=1)
    assert names(tmp_path) == ["damaged.h5", "no.h5"]
