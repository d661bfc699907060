"""The reading helpers and the figures of analysis/: on a small made-up cube with gaps, on one that `dmumu scan` made, and on
made-up tables of `make certify` and `make bench-scale`."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

import dmumu as analysis
from dmumu.plot.style import gap_ends

AXES = {
    "region": np.array([0, 1], dtype="u1"),
    "alfven_mach": np.geomspace(0.1, 1, 4),
    "beta": np.geomspace(0.01, 1, 3),
    "injection_scale": np.geomspace(10, 300, 3),
    "rigidity": np.geomspace(1, 1e6, 25),
}
UNITS = {"alfven_mach": "1", "beta": "1", "injection_scale": "pc", "rigidity": "GV"}
QUALITIES = "ok not_confined not_converged failed"


def made_up_d():
    """Power laws that vary along every axis, the weakly turbulent ones not confined at high rigidity."""
    region, mach, beta, scale, rigidity = np.meshgrid(*AXES.values(), indexing="ij")
    d = 1e28 * mach**-2.5 * beta**0.3 * (scale / 100) ** 0.5 * rigidity**0.4 * (1 + 3 * (region == 0))
    return np.where(d > 3e31, np.nan, d)


def write_cube(path):
    """A cube as `dmumu scan` lays it out, of the variables that the figures need."""
    d = made_up_d()
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["title"] = "Made up"
        for name, values in AXES.items():
            axis = file.create_dataset(name, data=values, track_order=True)
            axis.make_scale(name)
            if name == "region":
                axis.attrs["flag_values"] = np.array([0, 1], dtype="u1")
                axis.attrs["flag_meanings"] = "disk halo"
            else:
                axis.attrs["units"] = UNITS[name]
                axis.attrs["axis_scale"] = "log"
        quality = np.isnan(d).astype("u1")
        for name, values in {"D": d, "quality": quality}.items():
            variable = file.create_dataset(name, data=values, track_order=True)
            for i, axis in enumerate(AXES):
                variable.dims[i].attach_scale(file[axis])
        file["D"].attrs["units"] = "cm2 s-1"
        file["D"].attrs["_FillValue"] = np.array([np.nan])
        file["quality"].attrs["flag_values"] = np.arange(4, dtype="u1")
        file["quality"].attrs["flag_meanings"] = QUALITIES
    return path


@pytest.fixture(scope="module")
def cube_path(tmp_path_factory):
    return write_cube(tmp_path_factory.mktemp("cube") / "cube.h5")


def galaxy(root, *arguments):
    script = root / "analysis" / "figures" / "galaxy.py"
    return subprocess.run([sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True, check=False)


def test_regions_are_named_and_values_are_those_of_the_file(cube_path):
    cube = analysis.open_cube(cube_path)
    assert list(cube["region"].values) == ["disk", "halo"]
    np.testing.assert_array_equal(cube["D"].values, made_up_d())


@pytest.mark.parametrize("wanted, index", [(0.1, 0), (0.14, 0), (0.15, 1), (0.9, 3), (50, 3), (1e-9, 0)])
def test_nearest_is_nearest_on_the_axis_own_scale(cube_path, wanted, index):
    part = analysis.nearest(analysis.open_cube(cube_path), alfven_mach=wanted)
    assert float(part["alfven_mach"]) == AXES["alfven_mach"][index]


def test_quality_counts_add_up(cube_path):
    counts = analysis.quality_counts(analysis.open_cube(cube_path))
    assert list(counts) == QUALITIES.split()
    assert counts["not_confined"] == np.isnan(made_up_d()).sum() > 0
    assert sum(counts.values()) == made_up_d().size


def test_a_file_that_is_no_cube_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1.0]
    with pytest.raises(ValueError, match="not a dmumu cube"):
        analysis.open_cube(tmp_path / "other.h5")


@pytest.mark.parametrize("suffix, magic", [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_the_suffix_says_the_format(root, cube_path, tmp_path, suffix, magic):
    output = tmp_path / f"figure.{suffix}"
    done = galaxy(root, cube_path, "-o", output)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert output.read_bytes().startswith(magic)


def test_every_curve_is_drawn_and_gaps_stay_gaps(root, cube_path):
    sys.path.insert(0, str(root / "analysis" / "figures"))
    import galaxy as module

    figure = module.draw(analysis.open_cube(cube_path), {"alfven_mach": 0.5, "beta": 0.1, "injection_scale": 100})
    panels = figure.axes[:4]
    drawn = [[line.get_ydata() for line in axes.lines if line.get_linestyle() == "-"] for axes in panels]
    assert [len(lines) for lines in drawn] == [4, 4, 3, 3]
    d = made_up_d()
    # Top row: over M_A at beta = 0.1 (index 1) and the L nearest to 100 pc (index 2 of 10, 55, 300: 55).
    for region in (0, 1):
        for i, line in enumerate(drawn[region]):
            np.testing.assert_array_equal(line, d[region, i, 1, 1])
    assert np.isnan(drawn[0][0]).any()


def test_gap_ends():
    nan = np.nan
    assert list(gap_ends(np.array([1, 2, nan, nan, 3, 4]))) == [1, 4]
    assert list(gap_ends(np.array([nan, 1, 2]))) == [1]
    assert list(gap_ends(np.array([1.0, 2]))) == []
    assert list(gap_ends(np.array([nan, nan]))) == []


def test_a_missing_cube_is_a_sentence_not_a_traceback(root, tmp_path):
    done = galaxy(root, tmp_path / "none.h5", "-o", tmp_path / "x.png")
    assert done.returncode == 1
    assert "none.h5" in done.stderr and "Traceback" not in done.stderr


def test_a_cube_from_a_scan_is_read_and_drawn(root, run, tmp_path):
    cube = tmp_path / "smoke.h5"
    done = run("scan", root / "inputs" / "smoke.yaml", "-o", cube)
    assert done.returncode == 0, done.stderr
    opened = analysis.open_cube(cube)
    assert set(opened["region"].values) <= {"disk", "halo"}
    assert sum(analysis.quality_counts(opened).values()) == opened["D"].size
    drawn = galaxy(root, cube, "-o", tmp_path / "smoke.png")
    assert drawn.returncode == 0 and drawn.stderr == "", drawn.stderr


CERTIFY_COLUMNS = "tolerance,alfven_mach,beta,larmor_ratio,quality,oracle_d_cm2_s,d_cm2_s,rel_error,true_error"


def certify(root, *arguments):
    script = root / "analysis" / "figures" / "certify.py"
    return subprocess.run([sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True, check=False)


def write_certify_table(path, tolerances=(1e-2, 1e-4, 1e-6), points=12):
    """Errors of a tenth of the tolerance, estimates of the tolerance; one point flagged, one not confined."""
    lines = [CERTIFY_COLUMNS]
    for tolerance in tolerances:
        for i in range(points):
            quality = "not_converged" if i == 3 else "ok"
            d = "nan" if i == 5 else "1e28"
            mach, beta, r = 0.05 * 1.3**i, 1e-3 * 2.0**i, 10.0 ** (-i)
            lines.append(f"{tolerance},{mach},{beta},{r},{quality},{d},{d},{tolerance},{0.1 * tolerance}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_certify_figure_shows_every_value(root, tmp_path):
    sys.path.insert(0, str(root / "analysis" / "figures"))
    import certify as module

    path = write_certify_table(tmp_path / "certify.csv")
    table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
    figure = module.draw(table)
    for axes in figure.axes:
        shown = sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() in "os^")
        assert shown == 3 * 11, "twelve points, of which one has no value"
    done = certify(root, path, "-o", tmp_path / "certify.png")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert (tmp_path / "certify.png").read_bytes().startswith(b"\x89PNG")


def test_a_bad_certify_table_is_a_sentence_not_a_traceback(root, tmp_path):
    (tmp_path / "bad.csv").write_text("tolerance,index\n1,2,3\n")
    too_many = write_certify_table(tmp_path / "many.csv", tolerances=(1e-2, 1e-3, 1e-4, 1e-5))
    for path in (tmp_path / "none.csv", tmp_path / "bad.csv", too_many):
        done = certify(root, path, "-o", tmp_path / "x.png")
        assert done.returncode == 1
        assert path.name in done.stderr and "Traceback" not in done.stderr


SCALE_COLUMNS = "cube,threads,ranks,seconds,efficiency,computing,tables,waiting,tail_s,load,messages_s,block"


def scale(root, *arguments):
    script = root / "analysis" / "figures" / "scale.py"
    return subprocess.run([sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True, check=False)


def test_the_scale_figure_shows_every_simulation(root, tmp_path):
    sys.path.insert(0, str(root / "analysis" / "figures"))
    import scale as module

    path, ranks = tmp_path / "scale.csv", (1, 16, 256, 4096)
    lines = [SCALE_COLUMNS]
    for name, threads in (("10^7 points, 5 M_A", 1), ("10^7 points, 5 M_A, 16 threads", 16)):
        lines += [f'"{name}",{threads},{n},{1e4 / n},0.9,0.95,0.01,0,{0.1 * (n > 1)},{1e-5 * (n - 1)},{n},{1e6 / n}'
                  for n in ranks]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    figure = module.draw(module.read(path))
    for axes, finite in zip(figure.axes, (4, 4, 3, 3), strict=True):
        studies = [line for line in axes.lines if line.get_marker() in "os"]
        assert [list(line.get_xdata() / line.get_xdata()[0]) for line in studies] == [list(ranks)] * 2
        assert [np.isfinite(line.get_ydata()).sum() for line in studies] == [finite] * 2
    done = scale(root, path, "-o", tmp_path / "scale.png")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")


def test_a_bad_scale_table_is_a_sentence_not_a_traceback(root, tmp_path):
    (tmp_path / "bad.csv").write_text("cube,ranks\nx,1\n")
    (tmp_path / "empty.csv").write_text(SCALE_COLUMNS + "\n")
    for name in ("none.csv", "bad.csv", "empty.csv"):
        done = scale(root, tmp_path / name, "-o", tmp_path / "x.png")
        assert done.returncode == 1
        assert name in done.stderr and "Traceback" not in done.stderr
