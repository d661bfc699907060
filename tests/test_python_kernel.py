"""The kernel from Python: models, curves, D_mumu, media."""

import ctypes
import dataclasses
import math
import threading

import numpy as np
import pytest

import dmumu
from dmumu import _library
from dmumu.kernel import CHOICES

POINT = {"region": "halo", "alfven_mach": 0.5, "beta": 0.14, "injection_scale_pc": 100.0}
OF_KERNEL = {name: value for name, value in POINT.items() if name != "alfven_mach"}
RIGIDITY = np.geomspace(1, 1e6, 7)


def as_words(struct):
    """Every number of a struct, nested ones too."""
    words = []
    for name, *_ in struct._fields_:
        value = getattr(struct, name)
        for item in value if isinstance(value, ctypes.Array) else [value]:
            words += as_words(item) if isinstance(item, ctypes.Structure) else [(name, item)]
    return words


def test_defaults_are_the_library_s(library):
    theirs = _library.Model()
    library.handle.dmumu_model_default(theirs)
    ours = as_words(dmumu.Model().as_c())
    assert len(ours) == 3 + 3 + 7 + 2 * 9
    for (name, mine), (_, wanted) in zip(ours, as_words(theirs), strict=True):
        assert mine == wanted or (math.isnan(mine) and math.isnan(wanted)), name


def test_every_field_reaches_the_library():
    """Each field changed makes another struct, and just that field."""
    fields = {
        "modes": ("slow",),
        "energy_fraction": {"alfven": 0.5},
        "broadening": "gaussian",
        "alfven_cascade": "b06",
        "harmonics": 3,
        "confinement": "none",
        "truncation_angle": "published",
        "disk_prefactor": "published",
        "tolerance": 1e-3,
    }
    assert set(fields) | {"disk", "halo"} == {field.name for field in dataclasses.fields(dmumu.Model)}
    plain = as_words(dmumu.Model().as_c())
    for field, value in fields.items():
        changed = as_words(dataclasses.replace(dmumu.Model(), **{field: value}).as_c())
        different = {a[0] for a, b in zip(changed, plain, strict=True) if a[1] != b[1] and not math.isnan(a[1])}
        assert different == {field}
    regions = {
        "magnetic_field_ug": 2.0,
        "alfven_speed_km_s": 20.0,
        "density_cm3": 0.1,
        "temperature_k": 1e4,
        "zone_size_pc": 1.0,
        "damping": (),
        "x_c": "spitzer",
        "beta_follows": "density",
    }
    assert set(regions) == {field.name for field in dataclasses.fields(dmumu.Region)}
    names = {"damping": {"collisionless"}}
    for field, value in regions.items():
        changed = dataclasses.replace(dmumu.Model(), halo=dataclasses.replace(dmumu.Region(), **{field: value})).as_c()
        both = zip(as_words(changed.region[1]), as_words(dmumu.Model().as_c().region[1]), strict=True)
        assert {a[0] for a, b in both if str(a[1]) != str(b[1])} == names.get(field, {field})
        both = zip(as_words(changed.region[0]), as_words(dmumu.Model().as_c().region[0]), strict=True)
        assert all(str(a[1]) == str(b[1]) for a, b in both)


def test_a_curve_is_that_of_the_program(run):
    words = ("--region", "halo", "--alfven-mach", "0.5", "--beta", "0.14", "--injection-scale", "100")
    done = run("curve", *words, "--rigidity", "1:1e6:7")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line and not line.startswith("#")]
    curve = dmumu.curve(dmumu.Model(), [float(line[0]) for line in lines], **POINT)
    np.testing.assert_allclose(curve.D, [float(line[2]) for line in lines], rtol=1e-9)
    assert set(curve.quality.values) == {0} and np.all(curve.rel_error < 1e-4)


def test_what_a_curve_holds():
    curve = dmumu.curve(dmumu.Model(modes=("fast", "slow")), RIGIDITY, **POINT)
    assert set(curve.data_vars) == {"D", "D_fast", "D_slow", "rel_error", "mu_star", "quality"}
    assert curve.D.attrs["units"] == "cm2 s-1" and curve.rigidity.attrs["units"] == "GV"
    assert dmumu.quality_counts(curve) == {"ok": 7, "not_confined": 0, "not_converged": 0, "failed": 0}
    assert float(curve.beta) == 0.14 and str(curve.region.values) == "halo"


def test_the_reference_kernel_agrees():
    fast, ref = (dmumu.curve(dmumu.Model(), [1e3], kernel=kernel, **POINT) for kernel in ("fast", "ref"))
    np.testing.assert_allclose(fast.D, ref.D, rtol=1e-4)
    assert fast.D.values != ref.D.values, "the same kernel twice"


def test_rigidities_in_any_order_and_memory():
    kernel = dmumu.Kernel(dmumu.Model(), 0.5)
    wanted = kernel.curve(RIGIDITY, **OF_KERNEL).D.values
    np.testing.assert_array_equal(kernel.curve(RIGIDITY[::-1], **OF_KERNEL).D, wanted[::-1])
    np.testing.assert_array_equal(kernel.curve(RIGIDITY[::2], **OF_KERNEL).D, wanted[::2])
    assert kernel.curve(RIGIDITY[3], **OF_KERNEL).D.values == wanted[3:4]
    failed = kernel.curve([1e20, 1.0], **OF_KERNEL)
    assert np.isnan(failed.D.values[0]) and failed.quality.values[0] == 3 and failed.D.values[1] == wanted[0]
    with pytest.raises(ValueError, match="rigidity_gv: an array of 2 dimensions"):
        kernel.curve([[1.0]], **OF_KERNEL)


def test_threads_share_a_kernel():
    kernel = dmumu.Kernel(dmumu.Model(), 0.5)
    wanted, found = dmumu.curve(dmumu.Model(), RIGIDITY, **POINT).D.values, [None] * 4

    def compute(i):
        found[i] = kernel.curve(RIGIDITY, **OF_KERNEL).D.values

    threads = [threading.Thread(target=compute, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for values in found:
        np.testing.assert_array_equal(values, wanted)


@pytest.mark.parametrize(
    "model, words",
    [
        (dmumu.Model(modes=("fast", "kink")), "model.modes: 'kink' is none of fast, alfven, slow"),
        (dmumu.Model(energy_fraction={"kink": 1}), "model.energy_fraction: 'kink' is none of"),
        (dmumu.Model(halo=dmumu.Region(damping=("ohmic",))), "halo.damping: 'ohmic' is none of collisionless, viscous"),
        (dmumu.Model(disk=dmumu.Region(x_c="guess")), "disk.x_c: 'guess' is none of spitzer"),
        (dmumu.Model(disk=dmumu.Region(beta_follows="x")), "disk.beta_follows: 'x' is none of temperature"),
        (dmumu.Model(halo=dmumu.Region(temperature_k=1e4)), "halo: with beta_follows: temperature give"),
        (dmumu.Model(halo=dmumu.Region(zone_size_pc=-1)), "halo.zone_size_pc is -1"),
        (dmumu.Model(tolerance=1), "tolerance"),
        (dmumu.Model(modes=()), "no mode with an energy fraction above 0"),
        *((dataclasses.replace(dmumu.Model(), **{key: "x"}), f"model.{key}: 'x' is none of") for key in CHOICES),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_wrong_with_a_model_is_named(model, words):
    with pytest.raises(ValueError, match=words):
        dmumu.Kernel(model, 0.5)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"region": "bulge"}, "region: 'bulge' is none of disk, halo"),
        ({"alfven_mach": 9.0}, "Mach number 9 is outside"),
        ({"beta": -1.0}, "beta -1 is outside"),
        ({"injection_scale_pc": math.nan}, "injection scale nan pc is outside"),
        ({"kernel": "best"}, "kernel: 'best' is none of fast, ref"),
    ],
)
def test_what_is_wrong_with_a_point_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        dmumu.curve(dmumu.Model(), RIGIDITY, **{**POINT, **change})


@pytest.mark.parametrize("kernel", ["fast", "ref"])
def test_pitch_angles(kernel):
    mu = np.array([0.0, 0.3, 0.6, 0.9])
    pitch = dmumu.pitch(dmumu.Model(), mu, 100.0, kernel=kernel, **POINT)
    parts = (pitch.transit_time + pitch.gyro).sum("mode")
    np.testing.assert_allclose(parts, pitch.total, rtol=1e-12)
    assert np.all(pitch.total > 0) and float(pitch.gyro.sel(mode="slow").max()) == 0
    light_pc_per_s = 2.99792458e10 / 3.0856775814913673e18
    wanted = light_pc_per_s * (1 - mu**2) / (2 * pitch.total)
    np.testing.assert_allclose(pitch.mean_free_path, wanted, rtol=1e-9)
    assert pitch.total.attrs["units"] == "s-1" and pitch.mean_free_path.attrs["units"] == "pc"


def test_the_medium_closes():
    medium = dmumu.medium(dmumu.Model(), **POINT)
    assert medium.magnetic_field_ug == 1 and medium.alfven_speed_km_s == 10 and math.isnan(medium.x_c)
    closed = 3.3 * (3 / medium.magnetic_field_ug) ** 2 * medium.density_cm3 * medium.temperature_k / 1e4
    assert closed == pytest.approx(0.14, rel=1e-12)
    assert dmumu.medium(dmumu.Model(), **{**POINT, "region": "disk"}).x_c == 1e6
    hot = dmumu.Region(alfven_speed_km_s=None, temperature_k=1e6, beta_follows="density")
    assert dmumu.medium(dmumu.Model(halo=hot), **POINT).temperature_k == 1e6


PHYSICS = """\
model:
  modes: [fast, alfven, slow]
  broadening: gaussian
  harmonics: 2
  tolerance: 0.001
  energy_fraction: {fast: 1, alfven: 0.5}
disk: {beta_follows: density, magnetic_field_ug: 2, temperature_k: 8000, zone_size_pc: 900, damping: [], x_c: 1e5}
halo: {density_cm3: 0.01, magnetic_field_ug: 1, zone_size_pc: 5100, damping: [viscous], x_c: spitzer}
"""


def test_a_model_from_its_text():
    pytest.importorskip("yaml")
    model = dmumu.Model.from_physics(PHYSICS)
    assert model.modes == ("fast", "alfven", "slow") and model.harmonics == 2 and model.broadening == "gaussian"
    assert model.energy_fraction == {"fast": 1, "alfven": 0.5} and model.tolerance == 1e-3
    assert model.disk == dmumu.Region(2, None, None, 8000, 900, (), 1e5, "density")
    assert model.halo == dmumu.Region(1, None, 0.01, None, 5100, ("viscous",), "spitzer", "temperature")
    dmumu.Kernel(model, 0.5)
    for text, words in ((PHYSICS + "moon: {}\n", "moon: no section"), ("model: {flavour: 1}", "model.flavour: no key")):
        with pytest.raises(ValueError, match=words):
            dmumu.Model.from_physics(text)
