"""The structs of include/dmumu.h, part 'Against the data', field by field: published D(R), transport, ratios, their fit."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_bool, c_char_p, c_double, c_int, c_size_t

N_RATIO_TERMS = 2  # DMUMU_RATIO_TERMS


class Nuclide(ctypes.Structure):
    """struct dmumu_nuclide."""

    _fields_ = [("name", c_char_p), ("charge", c_int), ("mass_number", c_int), ("mass_gev", c_double)]


class Break(ctypes.Structure):
    """struct dmumu_break."""

    _fields_ = [("rigidity_gv", c_double), ("slope", c_double), ("smoothness", c_double)]


class Parametrisation(ctypes.Structure):
    """struct dmumu_parametrisation."""

    _fields_ = [
        ("name", c_char_p),
        ("title", c_char_p),
        ("source", c_char_p),
        ("d0_cm2_s", c_double),
        ("rigidity_gv", c_double),
        ("velocity_power", c_double),
        ("slope", c_double),
        ("low", Break),
        ("high", Break),
        ("halo_height_kpc", c_double),
        ("alfven_speed_km_s", c_double),
        ("adds_advection", c_bool),
        ("from_gv", c_double),
        ("to_gv", c_double),
    ]


class Distance(ctypes.Structure):
    """struct dmumu_distance."""

    _fields_ = [("rms", c_double), ("worst", c_double), ("normalisation", c_double), ("slope", c_double)]


class Galaxy(ctypes.Structure):
    """struct dmumu_galaxy."""

    _fields_ = [
        ("halo_height_kpc", c_double),
        ("disk_height_kpc", c_double),
        ("gas_surface_density_mg_cm2", c_double),
        ("advection_km_s", c_double),
    ]


class Transport(ctypes.Structure):
    """struct dmumu_transport."""

    _fields_ = [("d_eff_cm2_s", c_double), ("grammage_g_cm2", c_double), ("escape_time_myr", c_double)]


class Channel(ctypes.Structure):
    """struct dmumu_channel."""

    _fields_ = [("from", c_int), ("to", c_int), ("cross_section_mb", POINTER(c_double))]


class CrossSections(ctypes.Structure):
    """struct dmumu_cross_sections."""

    _fields_ = [
        ("n_energies", c_size_t),
        ("energy_gev_n", POINTER(c_double)),
        ("n_channels", c_size_t),
        ("channel", POINTER(Channel)),
    ]


class Progenitor(ctypes.Structure):
    """struct dmumu_progenitor."""

    _fields_ = [("isotope", c_int), ("per_oxygen", c_double), ("per_boron", c_double)]


class RatioModel(ctypes.Structure):
    """struct dmumu_ratio_model."""

    _fields_ = [
        ("ratio", c_int),
        ("abscissa", c_int),
        ("flux_slope", c_double),
        ("modulation_gv", c_double),
        ("production", POINTER(CrossSections)),
        ("n_progenitors", c_size_t),
        ("progenitor", POINTER(Progenitor)),
    ]


class RatioTerm(ctypes.Structure):
    """struct dmumu_ratio_term."""

    _fields_ = [("rigidity_gv", c_double), ("velocity", c_double), ("gain_cm2_g", c_double), ("loss_cm2_g", c_double)]


class RatioPoint(ctypes.Structure):
    """struct dmumu_ratio_point."""

    _fields_ = [("term", RatioTerm * N_RATIO_TERMS), ("a", c_double), ("b", c_double)]


class FitSet(ctypes.Structure):
    """struct dmumu_fit_set."""

    _fields_ = [
        ("n", c_size_t),
        ("point", POINTER(RatioPoint)),
        ("value", POINTER(c_double)),
        ("sigma", POINTER(c_double)),
        ("normalisation_sigma", c_double),
    ]


STRUCTS: dict[str, type[ctypes.Structure]] = {
    "dmumu_nuclide": Nuclide,
    "dmumu_break": Break,
    "dmumu_parametrisation": Parametrisation,
    "dmumu_distance": Distance,
    "dmumu_galaxy": Galaxy,
    "dmumu_transport": Transport,
    "dmumu_channel": Channel,
    "dmumu_cross_sections": CrossSections,
    "dmumu_progenitor": Progenitor,
    "dmumu_ratio_model": RatioModel,
    "dmumu_ratio_term": RatioTerm,
    "dmumu_ratio_point": RatioPoint,
    "dmumu_fit_set": FitSet,
}
