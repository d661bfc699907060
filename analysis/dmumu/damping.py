"""Where damping ends the cascade of the fast modes: x_max = k_max L against the angle between wave and field.

    from dmumu import damping
    damping.x_max(angle_deg, alfven_mach=0.5, beta=0.14)               # halo: collisionless
    damping.x_max(angle_deg, alfven_mach=0.5, beta=0.14, x_c=1e6)      # disk: the smaller of collisionless and viscous

Equations, with xi = cos(angle) and gamma = m_p/m_e (Yan & Lazarian 2008, ApJ 673, 942; Petrosian, Yan & Lazarian 2006,
ApJ 644, 603):

    collisionless          x_max = 4 M_A^4 gamma xi^2 / (pi beta (1 - xi^2)^2) exp(2/(beta gamma xi^2))
    viscous, beta < 1      x_max = x_c (1 - xi^2)^(-2/3)
    viscous, beta >= 1     x_max = x_c |1 - 3 xi^2|^(-4/3)

Logarithms are what is computed, since the exponential leaves the range of a double across the field. Along the field both
scales are infinite at beta < 1. Where x_max < 1 no fast mode survives. The same formulas, in C: src/core/damping.c.
"""

import numpy

__all__ = ["PROTON_ELECTRON_MASS_RATIO", "ln_collisionless", "ln_viscous", "ln_x_max", "x_max"]

PROTON_ELECTRON_MASS_RATIO = 1836.15267343  # CODATA 2018


def _squares(angle_deg):
    """(xi^2, 1 - xi^2) without the cancellation that 1 - cos^2 has along the field; exactly (0, 1) at 90 degrees."""
    angle = numpy.asarray(angle_deg, dtype=float)
    cosine = numpy.where(angle == 90, 0.0, numpy.cos(numpy.radians(angle)))
    return cosine**2, numpy.sin(numpy.radians(angle)) ** 2


def ln_collisionless(angle_deg, alfven_mach, beta, mass_ratio=PROTON_ELECTRON_MASS_RATIO):
    """ln x_max of collisionless damping; arguments broadcast; angle in degrees, 0 to 90; infinite at both ends."""
    xi2, sine2 = _squares(angle_deg)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        value = (
            numpy.log(4 * alfven_mach**4 * mass_ratio / (numpy.pi * beta))
            + numpy.log(xi2)
            - 2 * numpy.log(sine2)
            + 2 / (beta * mass_ratio * xi2)
        )
    return numpy.where(xi2 == 0, numpy.inf, value)  # across the field the exponential wins over xi^2


def ln_viscous(angle_deg, beta, x_c):
    """ln x_max of viscous damping; arguments broadcast; angle in degrees, 0 to 90."""
    xi2, sine2 = _squares(angle_deg)
    with numpy.errstate(divide="ignore"):
        low = -2 / 3 * numpy.log(sine2)
        high = -4 / 3 * numpy.log(abs(1 - 3 * xi2))
    return numpy.log(x_c) + numpy.where(numpy.asarray(beta) < 1, low, high)


def ln_x_max(angle_deg, alfven_mach, beta, x_c=None):
    """ln x_max: collisionless alone (halo) without x_c, else the smaller of collisionless and viscous (disk)."""
    collisionless = ln_collisionless(angle_deg, alfven_mach, beta)
    return collisionless if x_c is None else numpy.fmin(collisionless, ln_viscous(angle_deg, beta, x_c))


def x_max(angle_deg, alfven_mach, beta, x_c=None):
    """exp(ln_x_max), infinite where that leaves the range of a double."""
    with numpy.errstate(over="ignore"):
        return numpy.exp(ln_x_max(angle_deg, alfven_mach, beta, x_c))
