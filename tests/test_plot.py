"""The figures of `python3 -m dmumu.plot`: each command on a small cube that `dmumu scan` computes here, what is on the
figures as matplotlib has it, the formulas behind them in closed form, and what a user is told who asks for what is not there."""

import shutil
import subprocess
import sys
import warnings

import h5py
import matplotlib
import numpy as np
import pytest
import xarray

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy_reference
from matplotlib.colors import to_rgb

from dmumu import damping, plot
from dmumu.plot import command_line, derived, pitch, style

GAMMA = damping.PROTON_ELECTRON_MASS_RATIO
MACH, BETA, SCALE = [0.1, 0.3, 0.5, 0.8], [0.05, 0.5], [30, 100]
RIGIDITY = np.geomspace(1, 1e6, 9)
INPUT = f"""
title: For the figures
axes:
  region: [disk, halo]
  alfven_mach: {{values: {MACH}}}
  beta: {{values: {BETA}, spacing: log}}
  injection_scale_pc: {{values: {SCALE}, spacing: log}}
  rigidity_gv: {{from: 1, to: 1.0e6, points: 9, spacing: log}}
model: {{tolerance: 1.0e-3}}
"""
MAGIC = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run):
    """A folder with cube.h5, pitch.txt, and errors.h5: the cube with a group `refinement`."""
    path = tmp_path_factory.mktemp("plot")
    (path / "cube.yaml").write_text(INPUT)
    done = run("scan", path / "cube.yaml", "-o", path / "cube.h5")
    assert done.returncode == 0, done.stderr
    point = "--region halo --alfven-mach 0.5 --beta 0.14 --injection-scale 100".split()
    done = run("curve", *point, "--rigidity", "1,1e3", "--pitch=8", "-o", path / "pitch.txt")
    assert done.returncode == 0, done.stderr
    done = run("curve", *point, "--rigidity", "1,1e3", "-o", path / "d.txt")
    assert done.returncode == 0, done.stderr
    write_errors(path / "cube.h5", path / "errors.h5")
    return path


def write_errors(cube, path):
    """A copy of the cube with errors in the cells of M_A and beta; the first cells of M_A were not looked at."""
    shutil.copy(cube, path)
    with h5py.File(path, "r+") as file:
        shape = np.array(file["D"].shape)
        group = file.create_group("refinement")
        for axis in (1, 2):
            error = np.full(shape - (np.arange(5) == axis), 1e-4 * axis)
            error[0, -1, 0, 1, 3] = 0.02 * axis
            error[:, 0] = np.nan
            group[f"error_{['alfven_mach', 'beta'][axis - 1]}"] = error


@pytest.fixture
def cube(folder):
    return plot.open_complete(folder / "cube.h5")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def commands(folder):
    """One call of each command, without its output."""
    cube, text, errors = (str(folder / name) for name in ("cube.h5", "pitch.txt", "errors.h5"))
    return {
        "family": ["family", cube, "--over", "alfven_mach", "--beta", "0.05", "--injection-scale", "100"],
        "modes": ["modes", cube, "--alfven-mach", "0.5", "--beta", "0.05", "--injection-scale", "100"],
        "pitch": ["pitch", text],
        "truncation": ["truncation", "--beta", "0.01,0.1,1", "--injection-scale", "100"],
        "map": ["map", cube, "-x", "rigidity", "-y", "alfven_mach", "--beta", "0.05", "--injection-scale", "100"],
        "slope": ["map", cube, "-x", "rigidity", "-y", "alfven_mach", "--beta", "0.05", "--injection-scale", "100",
                  "--variable", "slope"],
        "quality": ["quality", cube, "-x", "rigidity", "-y", "alfven_mach"],
        "error": ["error", errors, "-x", "alfven_mach", "-y", "beta"],
    }  # fmt: skip


NAMES = ["family", "modes", "pitch", "truncation", "map", "slope", "quality", "error"]


def figure_of(arguments):
    """The figure that a command draws."""
    options = command_line.parser_of().parse_args([*arguments, "-o", "unused"])
    return options.function(options)


def lines_of(axes):
    """The curves of a panel, without the circles at gaps."""
    return [line for line in axes.lines if line.get_linestyle() != "None"]


def meshes_of(figure):
    """[(panel, mesh)] of the maps."""
    return [(axes, axes.collections[0]) for axes in figure.axes if axes.get_label() != "<colorbar>"]


# Formulas


def test_collisionless_damping_at_sixty_degrees_by_hand():
    expected = 4 * 0.5**4 * GAMMA * 0.25 / (np.pi * 0.14 * 0.75**2) * np.exp(2 / (0.14 * GAMMA * 0.25))
    assert damping.x_max(60, 0.5, 0.14) == pytest.approx(expected, rel=1e-13)


def test_along_the_field_collisionless_damping_goes_like_the_fourth_power_of_the_angle():
    angle = np.array([1e-8, 1e-5, 1e-3])
    limit = 4 * 0.5**4 * GAMMA / (np.pi * 0.14) * np.exp(2 / (0.14 * GAMMA))
    np.testing.assert_allclose(damping.x_max(angle, 0.5, 0.14) * np.radians(angle) ** 4, limit, rtol=1e-9)
    assert damping.x_max(0, 0.5, 0.14) == np.inf


def test_across_the_field_the_exponential_wins():
    angle = 90 - np.array([1e-3, 1e-6])
    xi2 = np.sin(np.radians(90 - angle)) ** 2
    np.testing.assert_allclose(damping.ln_x_max(angle, 0.5, 0.14) * xi2 * 0.14 * GAMMA / 2, 1, rtol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert damping.x_max(90, 0.5, 0.14) == np.inf


def test_damping_scales_with_the_mach_number_and_at_large_beta_with_beta():
    angle = np.linspace(5, 80, 16)
    np.testing.assert_allclose(damping.x_max(angle, 0.8, 0.1), 16 * damping.x_max(angle, 0.4, 0.1), rtol=1e-12)
    np.testing.assert_allclose(damping.x_max(angle, 0.5, 1e7), damping.x_max(angle, 0.5, 1e6) / 10, rtol=1e-6)


def test_viscous_damping_at_angles_known_in_closed_form():
    at = lambda angle, beta: float(np.exp(damping.ln_viscous(angle, beta, 1e6)))  # noqa: E731
    assert at(90, 0.5) == pytest.approx(1e6, rel=1e-13)
    assert at(30, 0.5) == pytest.approx(1e6 * 0.25 ** (-2 / 3), rel=1e-13)
    assert at(0, 0.5) == np.inf
    assert at(0, 2) == pytest.approx(1e6 * 2 ** (-4 / 3), rel=1e-13)
    assert at(90, 2) == pytest.approx(1e6, rel=1e-13)
    assert at(np.degrees(np.arccos(np.sqrt(1 / 3))), 2) > 1e20, "the pole"


def test_the_disk_has_the_smaller_scale_and_both_agree_with_the_baseline():
    """numpy_reference has the same formula in its own words, for x_max below a cap and beta < 1."""
    xi = np.linspace(0.05, 0.999, 40)
    angle = np.degrees(np.arccos(xi))
    for x_c in (None, 1e6, 1e3):
        medium = numpy_reference.Medium(0.5, 0.14, 100, 900, x_c=x_c)
        expected = numpy_reference.truncation_scale(
            xi, medium, numpy_reference.NOTEBOOK_GRIDS, numpy_reference.Constants(), 1e30
        )
        np.testing.assert_allclose(np.fmin(damping.x_max(angle, 0.5, 0.14, x_c), 1e30), expected, rtol=1e-9)
    both = damping.x_max(angle, 0.5, 0.14, 1e3)
    assert (both < damping.x_max(angle, 0.5, 0.14)).any() and (both <= damping.x_max(angle, 0.5, 0.14)).all()


def curve_of(d, rigidity):
    return xarray.DataArray(np.atleast_2d(d), dims=("beta", "rigidity"), coords={"rigidity": rigidity}, name="D")


def test_the_slope_is_exact_for_power_laws_and_for_parabolas_in_the_logarithm():
    rigidity = np.array([1, 3, 5, 40, 100, 2e3])
    ln = np.log(rigidity)
    np.testing.assert_allclose(derived.local_slope(curve_of(2e28 * rigidity**0.4, rigidity))[0], 0.4, rtol=1e-12)
    slope = derived.local_slope(curve_of(np.exp(60 + 0.3 * ln + 0.05 * ln**2), rigidity))[0]
    np.testing.assert_allclose(slope, 0.3 + 0.1 * ln, rtol=1e-11)
    two = derived.local_slope(curve_of(rigidity[:2] ** 0.7, rigidity[:2]))[0]
    np.testing.assert_allclose(two, 0.7, rtol=1e-12)


def test_a_gap_makes_no_slope_out_of_nothing():
    d = np.array([1.0, 2, np.nan, 4, 5, 6, 7])
    slope = derived.local_slope(curve_of(d, np.exp(np.arange(7.0))))[0]
    # 2 lies between two values, so that a difference over it would be one over the gap; the ends need three values.
    assert list(np.isnan(slope)) == [True, True, True, True, False, False, False]
    with pytest.raises(ValueError, match="two rigidities"):
        derived.local_slope(curve_of(1e28, [1.0]))


def test_the_mean_free_path_is_in_parsec():
    path = derived.mean_free_path(curve_of([1e30], [1.0]))
    assert float(path[0, 0]) == pytest.approx(3e30 / 2.99792458e10 / 3.0856775814913673e18, rel=1e-12)
    assert path.attrs["units"] == "pc" and path.name == "mean_free_path"


# Every command


@pytest.mark.parametrize("name", NAMES)
def test_each_command_writes_what_is_asked_for(folder, tmp_path, name, capsys):
    output = tmp_path / "figure"
    arguments = [*commands(folder)[name], "-o", str(output), "--dpi", "60"]
    assert command_line.main(arguments) == 0
    said = capsys.readouterr()
    assert said.out.split() == [f"{output}.pdf", f"{output}.png"] and said.err == ""
    kinds = ["pdf", "png"]
    if name in ("family", "map"):
        kinds.append("svg")
        assert command_line.main([*arguments, "--format", "svg"]) == 0
    for kind in kinds:
        assert (tmp_path / f"figure.{kind}").read_bytes().startswith(MAGIC[kind])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"figure.{kind}" for kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_legends_cover_no_panel_and_nothing_leaves_the_figure(folder, name):
    with plt.rc_context(style.STYLE):
        figure = figure_of(commands(folder)[name])
        figure.canvas.draw()
    page = figure.bbox
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()] + figure.legends
    assert legends or name == "map"
    for legend in legends:
        box = legend.get_window_extent()
        for axes in figure.axes:
            assert not box.overlaps(axes.get_window_extent()), "a legend over a panel"
        for axes in figure.axes:
            for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
                assert not (label.get_text() and box.overlaps(label.get_window_extent())), label.get_text()
        assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
    for axes in figure.axes:
        box = axes.get_tightbbox(figure.canvas.get_renderer())
        assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1


@pytest.mark.parametrize("kind", MAGIC)
def test_the_same_command_writes_the_same_bytes_and_leaves_its_words_in_them(tmp_path, kind):
    contents = []
    for _ in range(2):
        output = tmp_path / f"figure.{kind}"
        arguments = ["truncation", "--beta", "0.01,0.1,1", "-o", str(output), "--dpi", "60", "--overwrite"]
        assert command_line.main(arguments) == 0
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]
    assert b"dmumu.plot truncation --beta 0.01,0.1,1" in contents[0]


def test_the_module_is_a_program(root, folder, tmp_path):
    call = [sys.executable, "-m", "dmumu.plot", *commands(folder)["family"], "-o", str(tmp_path / "x.svg")]
    done = subprocess.run(call, cwd=root / "analysis", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "x.svg").exists()


@pytest.mark.parametrize("command", ["", *dict.fromkeys(name for name in NAMES if name != "slope")])
def test_help_teaches(command, capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert "overwrite" in text and (f"python3 -m dmumu.plot {command} " in text or not command)


# What is on the figures


def test_a_family_has_a_curve_per_value_in_each_region(cube):
    figure = plot.draw_family(cube, "alfven_mach", fixed={"beta": 0.05, "injection_scale": 100})
    assert len(figure.axes) == 2
    d = cube["D"].values
    for region, (axes, name) in enumerate(zip(figure.axes, ("Disk", "Halo"), strict=True)):
        lines = lines_of(axes)
        assert len(lines) == len(MACH)
        for i, line in enumerate(lines):
            np.testing.assert_array_equal(line.get_xdata(), cube["rigidity"])
            np.testing.assert_array_equal(line.get_ydata(), d[region, i, 0, 1])
        assert len({to_rgb(line.get_color()) for line in lines}) == len(MACH)
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert axes.get_xlabel() == r"Rigidity $\rho$ [GV]"
        assert axes.get_title() == name + r":  $\beta$ = 0.05, $L$ = 100 pc"
    assert figure.axes[0].get_ylabel() == r"Diffusion coefficient $D$ [cm$^{2}$ s$^{-1}$]"
    legend = figure.axes[1].get_legend()
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[: len(MACH)] == ["0.1", "0.3", "0.5", "0.8"] and legend.get_title().get_text() == r"$M_\mathrm{A}$"
    assert ("no value beyond" in labels) == bool(np.isnan(d[:, :, 0, 1]).any())


def test_disk_against_halo_is_one_panel(cube):
    figure = plot.draw_family(cube, "region", fixed={"alfven_mach": 0.5, "beta": 0.05, "injection_scale": 30})
    (axes,) = figure.axes
    lines = lines_of(axes)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["disk", "halo"]
    for region, line in enumerate(lines):
        np.testing.assert_array_equal(line.get_ydata(), cube["D"].values[region, 2, 0, 0])
    assert lines[0].get_linestyle() != lines[1].get_linestyle(), "told apart without colour"


def test_members_of_a_family_are_the_nearest_and_each_comes_once(cube):
    figure = plot.draw_family(
        cube, "alfven_mach", regions=["halo"], fixed={"beta": 0.4, "injection_scale": 100}, values=[0.79, 0.31, 0.28]
    )
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["0.3", "0.8"]
    np.testing.assert_array_equal(lines_of(axes)[0].get_ydata(), cube["D"].values[1, 1, 1, 1])
    assert r"$\beta$ = 0.5" in axes.get_title(), "the title says what was taken"


def test_another_x_axis_and_derived_quantities(cube):
    fixed = {"beta": 0.05, "injection_scale": 100}
    figure = plot.draw_family(cube, "rigidity", against="alfven_mach", fixed=fixed, values=[1, 1e3, 1e6])
    axes = figure.axes[0]
    assert axes.get_xscale() == "linear" and axes.get_xlabel() == r"Alfvénic Mach number $M_\mathrm{A}$"
    np.testing.assert_array_equal(lines_of(axes)[2].get_ydata(), cube["D"].values[0, :, 0, 1, -1])
    axes = plot.draw_family(cube, "alfven_mach", "slope", fixed=fixed).axes[0]
    assert axes.get_yscale() == "linear" and r"\delta" in axes.get_ylabel() and "[" not in axes.get_ylabel()
    expected = np.gradient(np.log(cube["D"].values[0, 3, 0, 1]), np.log(RIGIDITY), edge_order=2)
    np.testing.assert_allclose(lines_of(axes)[3].get_ydata(), expected, rtol=1e-9)
    axes = plot.draw_family(cube, "alfven_mach", "mean_free_path", fixed=fixed).axes[0]
    assert axes.get_ylabel() == "Mean free path $3D/c$ [pc]"


def test_many_members_get_a_bar_of_colours_instead_of_a_legend(folder, monkeypatch):
    monkeypatch.setattr("dmumu.plot.curves.MOST_IN_LEGEND", 3)
    figure = figure_of(commands(folder)["family"])
    assert figure.axes[-1].get_label() == "<colorbar>" and not figure.axes[1].get_legend()
    assert figure.axes[-1].get_ylabel() == r"Alfvénic Mach number $M_\mathrm{A}$"
    assert [text.get_text() for text in figure.axes[-1].get_yticklabels()] == ["0.1", "0.3", "0.5", "0.8"]


def test_a_gap_is_a_gap_with_circles_at_its_ends(cube):
    cube = cube.load().copy(deep=True)
    cube["D"][1, 2, 0, 1, 3:5] = np.nan
    fixed = {"beta": 0.05, "injection_scale": 100}
    axes = plot.draw_family(cube, "alfven_mach", regions=["halo"], fixed=fixed, values=[0.5]).axes[0]
    circles = [line for line in axes.lines if line.get_linestyle() == "None"]
    np.testing.assert_array_equal(np.concatenate([line.get_xdata() for line in circles]), cube["rigidity"].values[[2, 5]])
    assert np.isnan(lines_of(axes)[0].get_ydata()[3:5]).all()


def test_modes_are_all_together_and_each_alone(cube):
    figure = plot.draw_modes(cube, fixed={"alfven_mach": 0.5, "beta": 0.05, "injection_scale": 100})
    for region, axes in enumerate(figure.axes):
        drawn = {line.get_label(): line for line in lines_of(axes)}
        assert list(drawn) == ["all modes", "fast alone", "Alfvén alone"]
        for label, name in {"all modes": "D", "fast alone": "D_fast", "Alfvén alone": "D_alfven"}.items():
            np.testing.assert_array_equal(drawn[label].get_ydata(), cube[name].values[region, 2, 0, 1])
        assert axes.get_yscale() == "log" and axes.get_xlabel() == r"Rigidity $\rho$ [GV]"


def test_pitch_draws_the_columns_that_are_not_zero(folder):
    figure = plot.draw_pitch(folder / "pitch.txt")
    table, title = pitch.read_pitch(folder / "pitch.txt")
    assert title == r"Halo:  $M_\mathrm{A}$ = 0.5, $\beta$ = 0.14, $L$ = 100 pc"
    assert [axes.get_title() for axes in figure.axes] == [r"$\rho$ = 1 GV", r"$\rho$ = 1000 GV"]
    for axes, rigidity in zip(figure.axes, (1, 1000), strict=True):
        rows = table[table["rigidity_gv"] == rigidity]
        drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert list(drawn) == ["total", "fast, transit time", "fast, gyro-resonance", "Alfvén, gyro-resonance"]
        np.testing.assert_array_equal(drawn["total"], rows["D_total_per_s"])
        np.testing.assert_array_equal(drawn["fast, gyro-resonance"], rows["D_fast_gyro_per_s"])
        assert axes.get_yscale() == "log" and axes.get_xlim() == (0, 1)
        assert axes.get_xlabel() == r"Pitch-angle cosine $\mu$"
    assert figure.axes[0].get_ylabel() == r"$D_{\mu\mu}$ [s$^{-1}$]"
    assert len(plot.draw_pitch(folder / "pitch.txt", [1e3]).axes) == 1


def test_truncation_has_a_line_per_model_and_region(folder):
    figure = plot.draw_truncation(beta=(0.01, 0.1, 1), injection_scale=50)
    axes, right = figure.axes
    assert len(axes.lines) == 6 and axes.get_yscale() == "log" and axes.get_xlim() == (0, 90)
    assert axes.get_xlabel() == "Angle between wave and field [degrees]"
    disk, halo = axes.lines[:2]
    angle = halo.get_xdata()
    i = int(np.argmin(abs(angle - 45)))
    assert halo.get_ydata()[i] == pytest.approx(float(damping.x_max(angle[i], 0.5, 0.01)), rel=1e-12)
    assert (disk.get_ydata() <= halo.get_ydata()).all() and (disk.get_ydata() < halo.get_ydata()).any()
    np.testing.assert_allclose(np.multiply(axes.get_ylim(), right.get_ylim()), 50)
    assert "[pc]" in right.get_ylabel()


def test_a_map_shows_each_value_in_its_cell(cube):
    figure = plot.draw_map(cube, "rigidity", "alfven_mach", fixed={"beta": 0.05, "injection_scale": 100})
    shown = meshes_of(figure)
    assert len(shown) == 2
    for region, (axes, mesh) in enumerate(shown):
        expected = cube["D"].values[region, :, 0, 1]
        np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), np.nan).reshape(expected.shape), expected)
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
        assert axes.get_ylim() == pytest.approx((0, 0.95)), "half a cell beyond the ends"
        assert axes.get_xlim()[0] < 1 < 1e6 < axes.get_xlim()[1]
    assert shown[0][0].get_ylabel() == r"Alfvénic Mach number $M_\mathrm{A}$"
    assert figure.axes[-1].get_ylabel() == r"Diffusion coefficient $D$ [cm$^{2}$ s$^{-1}$]"
    one = meshes_of(plot.draw_map(cube, "beta", "injection_scale", "x_c", ["disk"], {"alfven_mach": 0.5}))
    assert len(one) == 1 and one[0][0].get_ylabel() == r"Injection scale $L$ [pc]"


def test_a_map_of_the_slope_is_linear_and_of_d(cube):
    fixed = {"beta": 0.05, "injection_scale": 100}
    figure = plot.draw_map(cube, "rigidity", "alfven_mach", "slope", ["halo"], fixed)
    ((_, mesh),) = meshes_of(figure)
    expected = np.gradient(np.log(cube["D"].values[1, :, 0, 1]), np.log(RIGIDITY), axis=-1, edge_order=2)
    np.testing.assert_allclose(np.ma.filled(mesh.get_array(), np.nan).reshape(expected.shape), expected, rtol=1e-9)
    assert type(mesh.norm).__name__ == "Normalize" and r"\delta" in figure.axes[-1].get_ylabel()


def test_quality_is_the_worst_of_what_is_not_held(cube):
    cube = cube.load().copy(deep=True)
    cube["quality"][:] = 0
    cube["quality"][0, 1, 0, 1, 3] = 2  # not_converged
    cube["quality"][0, 1, 1, 1, 3] = 1  # not_confined
    cube["quality"][1, 3, 1, 0, 8] = 3  # failed
    figure = plot.draw_quality(cube, "rigidity", "alfven_mach")
    (disk_axes, disk), (_, halo) = meshes_of(figure)
    shape = (len(MACH), len(RIGIDITY))
    ranks = np.zeros((2, *shape))
    ranks[0, 1, 3], ranks[1, 3, 8] = 2, 3  # in the order of severity
    np.testing.assert_array_equal(disk.get_array().reshape(shape), ranks[0])
    np.testing.assert_array_equal(halo.get_array().reshape(shape), ranks[1])
    assert "worst over" in disk_axes.get_title()
    total = cube["quality"].size
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    counts = {"ok": total - 3, "not converged": 1, "not confined": 1, "failed": 1}
    assert labels == [f"{name}: {count} of {total}" for name, count in counts.items()]
    held = plot.draw_quality(cube, "rigidity", "alfven_mach", ["disk"], {"beta": 0.05, "injection_scale": 100})
    assert meshes_of(held)[0][1].get_array().reshape(shape)[1, 3] == 1


def test_interpolation_errors_are_the_largest_of_what_is_not_held(folder):
    cube = plot.open_complete(folder / "errors.h5")
    figure = plot.draw_error(cube, "alfven_mach", "beta")
    shown = meshes_of(figure)
    assert [axes.get_title().split(",")[0] for axes, _ in shown] == [
        r"Disk:  along $M_\mathrm{A}$", r"Halo:  along $M_\mathrm{A}$", r"Disk:  along $\beta$", r"Halo:  along $\beta$",
    ]  # fmt: skip
    values = np.ma.filled(shown[0][1].get_array(), np.nan).reshape(len(BETA), len(MACH) - 1)
    np.testing.assert_array_equal(np.isnan(values), [[True, False, False]] * 2)
    assert (values[0, -1], values[1, -1], values[0, 1]) == (0.02, 1e-4, 1e-4)
    beta = np.ma.filled(shown[2][1].get_array(), np.nan).reshape(len(BETA) - 1, len(MACH))
    assert beta[0, -1] == 0.04
    np.testing.assert_array_equal(shown[0][1].get_coordinates()[0, :, 0], MACH)  # a cell lies between two nodes
    assert shown[0][0].get_xlim() == (MACH[0], MACH[-1])
    held = meshes_of(plot.draw_error(cube, "alfven_mach", "beta", "beta", ["disk"], {"rigidity": 1, "injection_scale": 100}))
    assert len(held) == 1 and np.nanmax(np.ma.filled(held[0][1].get_array(), np.nan)) == 2e-4


# What cannot be drawn

HELD = "--beta 0.05 --injection-scale 100"
BAD = [
    ("family none.h5 --over beta", ["none.h5 does not exist", "dmumu scan"]),
    ("family cube.yaml --over beta", ["cube.yaml is not a dmumu cube"]),
    ("family cut.h5 --over beta", ["cut.h5 is not a dmumu cube", "truncated"]),
    ("family other.h5 --over beta", ["other.h5 is not a dmumu cube"]),
    ("family pending.h5.part --over beta", ["pending.h5.part is not complete", "1 of 32 points", "pending.h5 --resume"]),
    ("map pending.h5 -x beta -y rigidity", ["pending.h5 does not exist", "pending.h5.part", "--resume"]),
    ("family cube.h5 --over mach", ["--over mach", "no such parameter", "alfven_mach"]),
    ("family cube.h5 --over beta --against energy", ["--against energy", "no such parameter"]),
    ("family cube.h5 --over beta --against beta", ["--against beta", "different"]),
    ("family cube.h5 --over region --values 1 " + HELD + " --alfven-mach 0.5", ["--values", "--region"]),
    ("family cube.h5 --over alfven_mach --beta 7 --injection-scale 100", ["cube.h5", "--beta 7", "0.05, 0.5"]),
    ("family cube.h5 --over alfven_mach --beta nan --injection-scale 100", ["cube.h5", "--beta nan", "0.05, 0.5"]),
    ("family cube.h5 --over alfven_mach --values 0.5,2 " + HELD, ["cube.h5", "--alfven-mach 2", "0.1, 0.3, 0.5, 0.8"]),
    ("family cube.h5 --over alfven_mach --beta 0.05", ["cube.h5", "injection_scale", "--injection-scale", "30, 100"]),
    ("family cube.h5 --over beta --beta 0.05 --alfven-mach 0.5 --injection-scale 30", ["--beta 0.05", "leave it out"]),
    ("family cube.h5 --over alfven_mach --rigidity 5 " + HELD, ["--rigidity 5", "leave it out"]),
    ("family cube.h5 --over alfven_mach --region disc " + HELD, ["cube.h5", "'disc'", "--region", "disk, halo"]),
    ("family cube.h5 --over alfven_mach --variable D_slow " + HELD, ["cube.h5", "'D_slow'", "D_alfven", "slope"]),
    ("family cube.h5 --over alfven_mach --variable x_c " + HELD, ["cube.h5", "x_c does not vary with rigidity"]),
    ("family cube.h5 --over alfven_mach --beta low --injection-scale 30", ["--beta", "'low' is not a number"]),
    ("family single.h5 --over beta", ["single.h5", "--over beta", "one value"]),
    ("map cube.h5 -x beta -y region --rigidity 1", ["-y region", "numeric"]),
    ("map cube.h5 -x beta -y beta --rigidity 1", ["-x beta -y beta", "different"]),
    ("map cube.h5 -x beta -y mach", ["-y mach", "no such parameter"]),
    ("quality cube.h5 -x beta -y alfven_mach --rigidity 0.5", ["cube.h5", "--rigidity 0.5", "1e+06"]),
    ("error cube.h5 -x beta -y alfven_mach", ["cube.h5", "no group 'refinement'", "dmumu refine"]),
    ("error errors.h5 -x beta -y alfven_mach --axis rigidity", ["errors.h5", "'rigidity'", "--axis", "alfven_mach, beta"]),
    ("error wrong.h5 -x beta -y alfven_mach", ["wrong.h5", "error_beta", "7 values along alfven_mach", "4"]),
    ("modes cube.h5 --alfven-mach 0.5", ["cube.h5", "--beta"]),
    ("pitch none.txt", ["none.txt", "No such file"]),
    ("pitch d.txt", ["d.txt", "dmumu curve --pitch", "D(R)"]),
    ("pitch cube.h5", ["cube.h5", "not a text file"]),
    ("pitch cut.txt", ["cut.txt, line", "8 numbers"]),
    ("pitch pitch.txt --rigidity 5", ["pitch.txt", "--rigidity 5", "1, 1000 GV"]),
    ("truncation --beta 0.1,1 --alfven-mach 0.1,1", ["--alfven-mach and --beta"]),
    ("truncation --beta 100", ["--beta 100", "0.001 to 30"]),
    ("truncation --x-c -1", ["--x-c -1"]),
    ("truncation --region bulge", ["--region bulge", "disk, halo"]),
    ("truncation --format pdf,jpg", ["--format", "'jpg'", "pdf, png, svg"]),
    ("truncation --dpi 1", ["--dpi 1", "10 to 2400"]),
    ("truncation -o x.jpg", ["x.jpg", "pdf, png, svg"]),
    ("truncation -o nowhere/x.pdf", ["nowhere", "no folder"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def bad(folder, run):
    """The folder with files in it that cannot be drawn."""
    shutil.copy(folder / "cube.h5", folder / "pending.h5.part")
    with h5py.File(folder / "pending.h5.part", "r+") as file:
        file["state"][0, 1, 0, 1] = 0
    with h5py.File(folder / "other.h5", "w") as file:
        file["x"] = [1.0]
    (folder / "cut.h5").write_bytes((folder / "cube.h5").read_bytes()[:-100])
    shutil.copy(folder / "cube.h5", folder / "wrong.h5")
    with h5py.File(folder / "wrong.h5", "r+") as file:
        file.create_group("refinement")["error_beta"] = np.ones((2, 7, 1, 2, 9))
    lines = (folder / "pitch.txt").read_text().splitlines()
    (folder / "cut.txt").write_text("\n".join([*lines[:-1], lines[-1][:60]]) + "\n")
    (folder / "single.yaml").write_text(
        "axes: {region: [halo], alfven_mach: {values: [0.5]}, beta: {values: [0.1]}, injection_scale_pc: {values: [100]}, "
        "rigidity_gv: {values: [1, 10]}}\n"
    )
    done = run("scan", folder / "single.yaml", "-o", folder / "single.h5")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("line, fragments", BAD, ids=[line for line, _ in BAD])
def test_what_cannot_be_drawn_is_a_sentence_that_says_what_would_be_right(bad, line, fragments, monkeypatch, capsys):
    monkeypatch.chdir(bad)
    before = sorted(bad.iterdir())
    arguments = line.split() if " -o " in line else [*line.split(), "-o", "figure"]
    try:
        status = command_line.main(arguments)
    except SystemExit as stop:
        status = stop.code
    said = capsys.readouterr()
    assert status == 2 and said.out == ""
    for fragment in fragments:
        assert fragment in said.err, said.err
    assert "Traceback" not in said.err
    assert sorted(bad.iterdir()) == before, "nothing is written"


def test_an_axis_of_one_value_needs_no_option(bad):
    figure = figure_of(["modes", str(bad / "single.h5")])
    assert figure.axes[0].get_title() == r"Halo:  $M_\mathrm{A}$ = 0.5, $\beta$ = 0.1, $L$ = 100 pc"


def test_where_nothing_has_a_value_there_is_no_figure(cube):
    cube = cube.load().copy(deep=True)
    cube["D"][:] = np.nan
    fixed = {"beta": 0.05, "injection_scale": 100}
    with pytest.raises(plot.PlotError, match="no value at what was asked"):
        plot.draw_family(cube, "alfven_mach", fixed=fixed)
    with pytest.raises(plot.PlotError, match="no value at what was asked"):
        plot.draw_map(cube, "rigidity", "alfven_mach", fixed=fixed)


def test_nothing_is_replaced_unless_asked(folder, tmp_path, capsys):
    arguments = [*commands(folder)["truncation"], "--dpi", "60", "-o", str(tmp_path / "x")]
    (tmp_path / "x.png").write_text("precious")
    assert command_line.main(arguments) == 2
    said = capsys.readouterr().err
    assert "x.png exists" in said and "--overwrite" in said
    assert (tmp_path / "x.png").read_text() == "precious" and not (tmp_path / "x.pdf").exists(), "all or none"
    assert command_line.main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(MAGIC["png"])


def test_a_file_that_appears_meanwhile_is_not_replaced_either(folder, tmp_path, monkeypatch, capsys):
    drawn = command_line.render

    def slow(*arguments):
        (tmp_path / "x.png").write_text("precious")
        return drawn(*arguments)

    monkeypatch.setattr(command_line, "render", slow)
    assert command_line.main([*commands(folder)["truncation"], "--dpi", "60", "-o", str(tmp_path / "x.png")]) == 1
    assert (tmp_path / "x.png").read_text() == "precious" and "x.png" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"], "no temporary file is left"


@pytest.mark.parametrize("value, text", [(1e6, "$10^{6}$"), (3e6, r"$3 \times 10^{6}$"), (1000, "1000"), (0.14, "0.14")])
def test_numbers_are_written_as_powers_of_ten(value, text):
    assert style.power_text(value) == text


def test_units_are_written_with_exponents():
    assert style.unit_text(xarray.DataArray(0, attrs={"units": "cm2 s-1"})) == " [cm$^{2}$ s$^{-1}$]"
    assert style.unit_text(xarray.DataArray(0, attrs={"units": "1"})) == ""
