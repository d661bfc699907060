"""The page of a cube, in Python and, where there is one, in a headless Chromium: what it says against the cube, its explorer
by keyboard; the page against the data, on small cubes."""

import html
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

xarray = pytest.importorskip("xarray")

from chromium import Chromium
from dmumu import open_cube, quality_counts
from dmumu.page import find_chromium, page, print_pdf, table

CONFIG = """
title: A small cube <b>& more
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.05, 0.5, 0.9]}
  beta: {values: [0.05, 0.14, 0.5]}
  injection_scale_pc: {values: [30, 100]}
  rigidity_gv: {from: 1, to: 1.0e5, points: 21, spacing: log}
"""


@pytest.fixture(scope="module")
def cube(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "in.yaml").write_text(CONFIG)
    result = run("scan", folder / "in.yaml", "-o", folder / "cube.h5")
    assert result.returncode == 0, result.stderr
    return folder / "cube.h5"


def make(root, dmumu, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(root / "analysis"), "DMUMU": str(dmumu)}
    command = [sys.executable, "-m", "dmumu.report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def made(run, cube):
    output = cube.parent / "it's a page.html"
    result = run("report", cube, "-o", output)
    assert result.returncode == 0, result.stderr
    assert str(output) in result.stdout and result.stderr == ""
    assert sorted(path.name for path in output.parent.iterdir()) == ["cube.h5", "in.yaml", output.name]
    return output


def outside(text):
    """Addresses that a browser would load; names of vocabularies are none."""
    return re.findall(r"(?:src|(?<!xlink:)href)\s*=\s*[\"'](?!#)[^\"']*|url\((?!#)[^)]*\)|@import[^;]*|fetch\(", text)


def test_the_page_says_what_the_cube_holds(made, cube):
    text, opened = made.read_text(encoding="utf-8"), open_cube(cube)
    assert outside(text) == []
    assert "A small cube &lt;b&gt;&amp; more" in text and "cube <b>" not in text.replace("&lt;", "")
    assert "crams2021" in text, "published curves are this program's"
    assert opened.attrs["data_hash"] in text and opened.attrs["git_revision"][:12] in text
    counts = quality_counts(opened)
    assert counts["not_confined"] > 0
    for name, n in counts.items():
        assert re.search(rf"<td>{name}</td><td>{n:,}</td>", text)
    median = np.nanmedian(opened["rel_error"].values)
    assert f"median {median:.2g}" in text
    ids = re.findall(r'\bid=["\']([^"\']+)', text)
    assert len(ids) == len(set(ids)), "an id is there twice"


def test_a_file_that_is_no_cube_is_a_sentence(root, dmumu, tmp_path):
    (tmp_path / "x.h5").write_text("no")
    result = make(root, dmumu, tmp_path / "x.h5", "-o", tmp_path / "x.html")
    assert result.returncode == 1 and result.stderr.startswith("dmumu.report: ") and "Traceback" not in result.stderr


def test_a_large_cube_is_thinned_and_says_so(cube, monkeypatch):
    from dmumu import report

    monkeypatch.setattr(report, "MOST_VALUES", 200)
    part, note = report.thinned(open_cube(cube))
    assert part["D"].size <= 200 and part.sizes["region"] == 2
    assert re.search(r"one value in \d+ of R", note)
    assert report.thinned(open_cube(cube).isel(rigidity=slice(0, 3), beta=[0], injection_scale=[0]))[1] == ""


def test_an_existing_page_stays_unless_told(root, run, dmumu, made, cube, tmp_path):
    page_path = tmp_path / "page.html"
    page_path.write_text("mine")
    for result in (run("report", cube, "-o", page_path), make(root, dmumu, cube, "-o", page_path)):
        assert result.returncode == 2 and "exists; --overwrite replaces it" in result.stderr
        assert page_path.read_text() == "mine"
    result = make(root, dmumu, cube, "-o", page_path, "--overwrite")
    assert result.returncode == 0, result.stderr
    assert page_path.read_bytes() == made.read_bytes(), "the same cube gives the same page, however it is asked for"
    assert [path.name for path in tmp_path.iterdir()] == [page_path.name]


def test_dmumu_report_looks_before_it_starts_python(run, cube, tmp_path, monkeypatch, mpi_environment):
    monkeypatch.setitem(mpi_environment, "DMUMU_PYTHON", "/bin/false")  # not reached

    def refused(*arguments, says, status):
        result = run("report", *arguments)
        assert result.returncode == status and result.stdout == "", result.stderr
        assert result.stderr.startswith("dmumu report: ") and says in result.stderr.splitlines()[0]

    output = tmp_path / "page.html"
    refused(says="a cube is wanted", status=2)
    refused("-o", output, says="a cube is wanted", status=2)
    refused(cube, says="-o PAGE.html is wanted", status=2)
    refused(cube, cube, "-o", output, says="is a second", status=2)
    refused(cube, "-o", cube, "--overwrite", says="is the cube itself", status=2)
    refused(tmp_path / "none.h5", "-o", output, says="none.h5", status=1)
    (tmp_path / "text.h5").write_text("no cube")
    refused(tmp_path / "text.h5", "-o", output, says="text.h5", status=1)
    assert not output.exists()


@pytest.mark.parametrize(
    "python, says, status",
    [
        (None, "Python cannot be started: '{python}': No such file or directory; install python3", 1),
        ("exit 7", None, 7),
        ("kill -9 $$", "was ended by signal 9", 1),
        (f'exec {sys.executable} -S "$@"', "has no numpy, h5py, xarray, h5netcdf, matplotlib: install python3-numpy", 1),
    ],
)
def test_dmumu_report_without_a_fit_python(run, cube, tmp_path, monkeypatch, mpi_environment, python, says, status):
    """No Python, one that fails or is killed, one without packages: a sentence that names what to install."""
    path = tmp_path / "python"
    if python:
        path.write_text(f"#!/bin/sh\n{python}\n")
        path.chmod(0o755)
    monkeypatch.setitem(mpi_environment, "DMUMU_PYTHON", str(path))
    result = run("report", cube, "-o", tmp_path / "page.html")
    assert result.returncode == status, result.stderr
    assert result.stdout == "" and "Traceback" not in result.stderr and not (tmp_path / "page.html").exists()
    if says:
        assert result.stderr.startswith("dmumu report: ") and says.format(python=path) in result.stderr


def test_the_status_of_python_comes_back(run, tmp_path, cube):
    result = run("report", cube, "-o", tmp_path / "no" / "page.html")
    assert result.returncode == 2 and result.stderr.startswith("dmumu.report: ") and "there is no folder" in result.stderr


def test_the_command_is_printed(run, root, cube, tmp_path):
    """What --print-command prints is what a shell takes for the same; it makes nothing by itself."""
    output = tmp_path / "a b's.html"
    result = run("report", cube, "-o", output, "--print-command")
    assert result.returncode == 0 and not output.exists()
    assert f"PYTHONPATH='{root / 'analysis'}" in result.stdout and "-m dmumu.report" in result.stdout
    output.write_text("mine")
    done = subprocess.run(result.stdout, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr == f"dmumu.report: {output} exists; --overwrite replaces it\n"


def test_table_escapes():
    assert "&lt;script&gt;" in table(["a"], [["<script>"]]) and html.escape("<x>") in page("<x>", "")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here (tools/deps.sh browser brings it; or DMUMU_CHROMIUM)")
    opened = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def expected(opened, indices):
    """log10 D and slope at (region, M_A, beta, L, rigidity), as the page computes them."""
    names = ("region", "alfven_mach", "beta", "injection_scale")
    part = opened["D"].isel(dict(zip(names, indices[:4], strict=True))).values
    i, y, x = indices[4], np.log10(part), np.log10(opened["rigidity"].values)
    return y[i], (y[i + 1] - y[i - 1]) / (x[i + 1] - x[i - 1])


def readout(browser):
    return [float(browser.value(f"document.getElementById('readout').dataset.{key}")) for key in ("log10d", "slope")]


def test_explorer_by_keyboard(browser, made, cube):
    opened = open_cube(cube)
    browser.open(made.as_uri())
    indices = [1, 1, 1, 1, int(np.argmin(abs(np.log(opened["rigidity"].values / 1000))))]
    np.testing.assert_allclose(readout(browser), expected(opened, indices), atol=2e-5)
    before = browser.value("document.getElementById('plot-d-curve').getAttribute('d')")

    browser.value("document.getElementById('axis-0').focus()")
    seen = []
    for axis, key, moved in ((1, "ArrowRight", 2), (2, "ArrowLeft", 0), (3, "Home", 0), (4, "ArrowRight", indices[4] + 1)):
        browser.press("Tab")
        seen.append(browser.value("document.activeElement.id"))
        browser.press(key)
        indices[axis] = moved
        np.testing.assert_allclose(readout(browser), expected(opened, indices), atol=2e-5)
    assert seen == ["axis-1", "axis-2", "axis-3", "axis-4"]
    assert browser.value("document.getElementById('plot-d-curve').getAttribute('d')") != before
    assert browser.value("document.getElementById('axis-1').getAttribute('aria-valuetext')") == "M_A 0.9"
    assert browser.complaints() == []


def test_explorer_says_where_there_is_no_value(browser, made, cube):
    opened = open_cube(cube)
    lost = np.argwhere(np.isnan(opened["D"].values))[-1]
    browser.open(made.as_uri())
    for axis, index in enumerate(lost):
        browser.value(
            f"(() => {{ const e = document.getElementById('axis-{axis}'); e.value = {index}; e.dispatchEvent(new Event('input')); }})()"
        )
    assert "no value" in browser.value("document.getElementById('readout').textContent")
    assert all(np.isnan(readout(browser)))


def test_bands_follow_their_boxes_and_curves_are_kept(browser, made, run):
    browser.open(made.as_uri())
    count = "document.querySelectorAll('#plot-d .{}').length"
    n_models = len([line for line in run("models").stdout.splitlines()[2:] if line and not line.startswith("`")])
    ticked = browser.value("document.querySelectorAll('#models input:checked').length")
    assert browser.value("document.querySelectorAll('#models input').length") == n_models
    assert browser.value(count.format("model")) == ticked > 5 and browser.value(count.format("band")) == 1
    browser.value("document.getElementById('model-0').focus()")
    browser.press(" ")
    assert browser.value(count.format("model")) == ticked - 1
    browser.value("document.getElementById('keep').focus()")
    browser.press(" ")
    assert browser.value(count.format("kept")) == 1 and browser.value("document.querySelectorAll('#kept li').length") == 1
    browser.value("document.getElementById('clear').click()")
    assert browser.value(count.format("kept")) == 0


def test_nothing_is_loaded(browser, made):
    browser.events.clear()
    browser.open(made.as_uri())
    assert browser.requests() == [made.as_uri()]


def test_pdf(made, tmp_path):
    if find_chromium() is None:
        pytest.skip("no Chromium here: the PDF is then drawn by matplotlib")
    assert print_pdf(made, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 50_000


# ---- the page against the data

GRID = """
axes:
  region: [disk, halo]
  alfven_mach: {values: [0.4, 0.5, 1.0]}
  beta: {values: [0.01, 0.14]}
  injection_scale_pc: {values: [100]}
  rigidity_gv: {from: 1, to: 1.0e5, points: 41, spacing: log}
"""


@pytest.fixture(scope="module")
def against(root, run, reference_data, tmp_path_factory):
    """The page, of a small grid, without Chromium."""
    folder = tmp_path_factory.mktemp("against")
    (folder / "in.yaml").write_text(GRID)
    names = ("AMS-02_B_C_rigidity", "AMS-02_B_O_rigidity", "DAMPE_B_C_kineticEnergyPerNucleon", "CALET_B_C_kineticEnergyPerNucleon")
    files = [reference_data / "cr" / f"{name}.txt" for name in names]
    variants = []
    for name, settings in (("formula", []), ("angle", ["angle"]), ("both", ["angle", "prefactor"])):
        known = {"angle": "model.truncation_angle=published", "prefactor": "model.disk_prefactor=published"}
        options = [word for setting in settings for word in ("--set", known[setting])]
        assert run("scan", folder / "in.yaml", *options, "-o", folder / f"{name}.h5").returncode == 0
        done = run("fit", folder / f"{name}.h5", "--data", *files, "--disk-size", "0.3,0.9", "-o", folder / f"fit_{name}.h5")
        assert done.returncode == 0, done.stderr
        variants.append(f"{name}={folder / name}.h5,{folder / f'fit_{name}'}.h5")
    script = root / "analysis" / "figures" / "against_data.py"
    command = [sys.executable, script, *variants, "--data", reference_data / "cr", "-o", folder / "page.html", "--pdf"]
    environment = {**os.environ, "PATH": "/nowhere", "DMUMU_CHROMIUM": ""}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_against_the_data_says_what_the_fit_found(against):
    text = (against / "page.html").read_text(encoding="utf-8")
    assert outside(text) == []
    for name in ("formula", "angle", "both"):
        fit = xarray.open_dataset(against / f"fit_{name}.h5", engine="h5netcdf")
        assert f"<td>{float(fit['best_chi2'][0]):.2f}</td>" in text
        disk, halo = ((fit[f"{r}_alfven_mach"] == mach) & (fit[f"{r}_beta"] == 0.14) for r, mach in (("disk", 0.4), ("halo", 0.5)))
        low = fit["chi2_disk"].where(disk).min(), fit["chi2_halo"].where(halo).min()
        row = re.search(rf"disk 0\.4, halo 0\.5, {dict(formula='formula', angle='published angle', both='published angle and 1/8')[name]}</td><td>([\d.]+)</td>", text)
        assert float(row[1]) >= max(map(float, low)) - 0.06  # a pair is no better than the best of its points
    assert text.count("<svg") == 3
    assert (against / "page.pdf").read_bytes().startswith(b"%PDF")


def test_make_report_without_data_says_so(root, dmumu, tmp_path):
    environment = {**os.environ, "DMUMU_REFERENCE_DATA": str(tmp_path), "BUILD": str(pathlib.Path(dmumu).parent), "REPORT": str(tmp_path / "out")}
    done = subprocess.run(["bash", str(root / "tools" / "report.sh")], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1 and "AMS-02_B_C_rigidity.txt is not there" in done.stderr
    assert "DMUMU_REFERENCE_DATA" in done.stderr and not (tmp_path / "out").exists()
