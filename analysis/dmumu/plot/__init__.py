"""Figures of dmumu's results, for papers and for a quick look: `python3 -m dmumu.plot --help`.

Each command is a function here that gives a matplotlib figure: `draw_family`, `draw_modes`, `draw_map`, `draw_quality`,
`draw_error` take a cube from `open_complete`; `draw_pitch` takes the text of `dmumu curve --pitch`; `draw_truncation`
takes numbers. What cannot be drawn as asked is a `PlotError`, whose message is a sentence for the user.

    from dmumu import plot
    cube = plot.open_complete("galaxy.h5")
    figure = plot.draw_family(cube, "beta", regions=["halo"], fixed={"alfven_mach": 0.5, "injection_scale": 100})
    figure.axes[0].set_ylim(1e27, 1e31)
    figure.savefig("family.pdf")
"""

from .curves import draw_family, draw_modes
from .maps import draw_error, draw_map, draw_quality
from .pitch import draw_pitch
from .selection import PlotError, open_complete
from .truncation import draw_truncation

__all__ = [
    "PlotError",
    "draw_error",
    "draw_family",
    "draw_map",
    "draw_modes",
    "draw_pitch",
    "draw_quality",
    "draw_truncation",
    "open_complete",
]
