#!/usr/bin/python3
"""Fit a medium to D(R) by MCMC: which M_A, beta and L give the diffusion coefficient that somebody has measured?

    make demo                                                   # a cube, once: demo/galaxy.h5
    analysis/examples/fit_medium.py demo/galaxy.h5 -o fit.png

The data are synthetic, so that the answer is known: D of a medium between the nodes of the cube, computed by the kernel
where libdmumu is there (else looked up), with a scatter. Everything that the sampler asks for is looked up: a likelihood
of all walkers at once is one call of the cube. At the end stands whether the truth lies where the posterior says, within
99 % in each parameter, which by chance alone it does not for one seed in thirty or so; the exit status is then 1. M_A and L
are nearly one parameter in the halo, since more turbulence on a larger scale scatters alike: long, thin posteriors are right.

Cells begin with '# %%', as editors and Jupyter (jupytext) know them. Needs emcee, and for a figure matplotlib.
"""

# %% What to do
import argparse
import pathlib
import sys
import time

import emcee
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # of no use, and no harm, where dmumu is installed

import dmumu

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("cube", help="a cube of `dmumu scan` with at least two values of M_A, beta and L")
parser.add_argument("-o", "--output", help="a figure of data, fit and posterior (.png, .pdf, .svg)")
parser.add_argument("--region", default="halo", choices=["disk", "halo"])
parser.add_argument("--truth", nargs=3, type=float, metavar=("M_A", "BETA", "L_PC"), help="default: inside the cube")
parser.add_argument("--scatter", type=float, default=0.05, help="of ln D (default 0.05)")
parser.add_argument("--walkers", type=int, default=32)
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--seed", type=int, default=1)
chosen = parser.parse_args()
start = time.monotonic()

# %% The cube
# What is outside of it is NaN instead of an exception: the sampler will look there, and the prior is to say no.
try:
    cube = dmumu.Cube(chosen.cube, nan_outside=True)
except (OSError, ValueError, dmumu.LibraryError) as problem:
    sys.exit(f"fit_medium: {problem}")
print(cube)

NAMES = ("alfven_mach", "beta", "injection_scale_pc")
AXES = [cube.axes[name] for name in ("alfven_mach", "beta", "injection_scale")]
for name, axis in zip(NAMES, AXES, strict=True):
    if len(axis) < 2:
        sys.exit(f"fit_medium: {chosen.cube} has one value of {name}: nothing to fit")
low, high = (np.log([axis[end] for axis in AXES]) for end in (0, -1))


def ln_d(theta, rigidity_gv):
    """ln D: theta [..., 3], ln of M_A, beta, L/pc; rigidity_gv [n] GV; returns [..., n], NaN where there is no D."""
    mach, beta, scale = (np.exp(theta[..., i])[..., None] for i in range(3))
    where = dict(alfven_mach=mach, beta=beta, injection_scale_pc=scale, rigidity_gv=rigidity_gv)
    return np.log(cube(region=chosen.region, **where))


# %% The data
# 25 rigidities, even in ln R, and a medium that is no node of the cube.
rng = np.random.default_rng(chosen.seed)
rigidity = np.geomspace(*cube.axes["rigidity"][[0, -1]], 25)
truth = np.log(chosen.truth) if chosen.truth else low + np.array([0.42, 0.57, 0.64]) * (high - low)
exact = ln_d(truth, rigidity)
try:
    medium = dict(zip(NAMES, np.exp(truth), strict=True))
    computed = np.log(dmumu.curve(cube.model, rigidity, region=chosen.region, **medium).D.values)
    print(f"data: by the kernel; the look-up is within {np.nanmax(np.abs(exact - computed)):.1e} of it in ln D")
    exact = computed
except (dmumu.LibraryError, dmumu.CubeError, ImportError) as problem:
    print(f"data: looked up, since the kernel is not to be had: {problem}")
known = np.isfinite(exact)
if known.sum() < 4:
    sys.exit(f"fit_medium: {chosen.cube} has D at {known.sum()} of the rigidities only, at M_A, beta, L = {np.exp(truth)}")
rigidity, exact = rigidity[known], exact[known]
data = exact + chosen.scatter * rng.standard_normal(len(rigidity))

# %% The posterior
# Flat in ln M_A, ln beta, ln L within the cube; the scatter is known.


def ln_posterior(theta):
    """Of all walkers at once: theta [walkers, 3] to [walkers]."""
    chi2 = np.sum(((ln_d(theta, rigidity) - data) / chosen.scatter) ** 2, axis=-1)
    return np.where(np.isfinite(chi2), -0.5 * chi2, -np.inf)


# %% The sampler
# Walkers begin at the best of many random points, as far apart as these are.
tried = rng.uniform(low, high, (200 * chosen.walkers, 3))
order = np.argsort(ln_posterior(tried))[::-1]
first = tried[order[: chosen.walkers]]
np.random.seed(chosen.seed)  # emcee draws from numpy's global state
sampler = emcee.EnsembleSampler(chosen.walkers, 3, ln_posterior, vectorize=True)
begun = time.monotonic()
sampler.run_mcmc(first, chosen.steps)
seconds = time.monotonic() - begun
looked_up = chosen.walkers * chosen.steps * len(rigidity)
samples = sampler.get_chain(discard=chosen.steps // 3, flat=True)
correlated = sampler.get_autocorr_time(discard=chosen.steps // 3, tol=0)
print(
    f"{chosen.walkers} walkers, {chosen.steps} steps, {looked_up:.2g} look-ups in {seconds:.1f} s; acceptance "
    f"{np.mean(sampler.acceptance_fraction):.2f}, autocorrelation over {np.max(correlated):.0f} steps"
)

# %% What came out
print(f"{'':20} {'truth':>10} {'median':>10} {'99 % from':>10} {'to':>10} {'of prior':>10}")
recovered = True
for i, name in enumerate(NAMES):
    least, median, most = np.quantile(samples[:, i], [0.005, 0.5, 0.995])
    inside, part = least <= truth[i] <= most, (most - least) / (0.99 * (high[i] - low[i]))
    recovered &= bool(inside)
    numbers = (*np.exp([truth[i], median, least, most]), part)
    print(f"{name:20} " + " ".join(f"{number:10.4g}" for number in numbers) + ("" if inside else "   truth outside"))
fitted = ln_d(samples[:: max(1, len(samples) // 500)], rigidity)
residual = (np.median(fitted, axis=0) - exact) / chosen.scatter
print(f"D(R) of the fit is within {np.max(np.abs(residual)):.2f} of the scatter of the true one")
print(f"truth recovered: {'yes' if recovered else 'no'}; {time.monotonic() - start:.1f} s in all")

# %% The picture
if chosen.output:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = plt.subplots(2, 2, figsize=(8, 6.4), constrained_layout=True)
    upper = axes[0, 0]
    upper.fill_between(rigidity, *np.exp(np.quantile(fitted, [0.025, 0.975], axis=0)), alpha=0.4, label="fit, 95 %")
    upper.errorbar(rigidity, np.exp(data), chosen.scatter * np.exp(data), fmt="k.", label="data")
    upper.plot(rigidity, np.exp(exact), "k--", lw=0.8, label="truth")
    upper.set(xscale="log", yscale="log", xlabel="rigidity [GV]", ylabel=r"$D$ [cm$^2$ s$^{-1}$]")
    upper.legend(frameon=False)
    labels = (r"$M_\mathrm{A}$", r"$\beta$", r"$L$ [pc]")
    for panel, (x, y) in zip(axes.flat[1:], ((0, 1), (0, 2), (1, 2)), strict=True):
        panel.hexbin(np.exp(samples[:, x]), np.exp(samples[:, y]), gridsize=40, cmap="cividis", mincnt=1,
                     xscale="log", yscale="log", linewidths=0)  # fmt: skip
        panel.plot(*np.exp(truth[[x, y]]), "r+", ms=12, mew=2)
        panel.set(xlabel=labels[x], ylabel=labels[y])
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())
    figure.savefig(chosen.output, dpi=150)

# %%
sys.exit(0 if recovered else 1)
