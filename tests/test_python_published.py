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
