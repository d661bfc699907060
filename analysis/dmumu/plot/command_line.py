"""The command line of the figures: arguments, files written, errors as sentences.

Exit status: 0 done, 1 a file could not be written, 2 bad usage or input, as in `dmumu`. Nothing is written
before all is drawn.
"""

import argparse
import io
import os
import pathlib
import sys
import tempfile

from . import curves, maps, pitch, truncation
from .selection import AXES, NUMERIC, PlotError, open_complete, option

__all__ = ["main"]

FORMATS = ("pdf", "png", "svg")
PARAMETERS = ", ".join(AXES)
CUBE_HELP = "HDF5 file written by `dmumu scan`"
VARIABLE_HELP = "a variable of the cube, `slope` (d ln D/d ln rigidity) or `mean_free_path` (3D/c) (default D)"
TOP_EPILOG = """\
Each command has a --help with examples. A parameter is one of region, alfven_mach, beta, injection_scale (pc) and
rigidity (GV); those that a figure does not vary are held by options of their names, at the nearest value of the
cube, which the title says; an axis with one value needs no option.

Output: -o NAME.pdf, NAME.png or NAME.svg writes that file, -o NAME writes NAME.pdf and NAME.png (--format chooses).
Nothing is replaced without --overwrite.

Exit status: 0 done, 1 a file could not be written, 2 bad usage or input.
"""


def numbers(text):
    """A comma list of numbers."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as problem:
        reason = f"'{text}' is not a number or a comma list of numbers such as 0.1,0.5,1"
        raise argparse.ArgumentTypeError(reason) from problem


def number(text):
    """One number."""
    try:
        return float(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from problem


def words(text):
    """A comma list of names."""
    return [part.strip() for part in text.split(",")]


def formats(text):
    """A comma list of file formats."""
    chosen = words(text)
    for name in chosen:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(FORMATS)}")
    return chosen


def add_output(parser):
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o", "--output", required=True, metavar="NAME",
        help="NAME.pdf, .png or .svg; without a suffix, --format says which",
    )  # fmt: skip
    group.add_argument(
        "--format", type=formats, default=["pdf", "png"], metavar="LIST",
        help="for a NAME without a suffix (default pdf,png)",
    )  # fmt: skip
    group.add_argument(
        "--dpi", type=number, default=300, metavar="N", help="dots per inch of PNG, and of maps in PDF and SVG (default 300)"
    )
    group.add_argument("--overwrite", action="store_true", help="replace files that exist")


def add_held(parser):
    group = parser.add_argument_group("what is held (the nearest value of the cube is taken)")
    group.add_argument("--region", type=words, metavar="LIST", help="disk, halo or disk,halo: a panel each (default all)")
    units = {"injection_scale": ", pc", "rigidity": ", GV"}
    for axis in NUMERIC:
        group.add_argument(option(axis), type=number, metavar="X", help=axis + units.get(axis, ""))


def fixed_of(options):
    return {axis: getattr(options, axis) for axis in NUMERIC}


def add_command(commands, name, function, summary, examples):
    parser = commands.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + ".", allow_abbrev=False,
        epilog="examples:\n" + "".join(f"  python3 -m dmumu.plot {name} {example}\n" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.set_defaults(function=function, name=name)
    return parser


def run_family(options):
    return curves.draw_family(
        open_complete(options.cube), options.over, options.variable, options.against, options.region, fixed_of(options),
        options.values,
    )  # fmt: skip


def run_modes(options):
    return curves.draw_modes(open_complete(options.cube), options.region, fixed_of(options))


def run_pitch(options):
    return pitch.draw_pitch(options.text, options.rigidity)


def run_truncation(options):
    return truncation.draw_truncation(
        options.alfven_mach, options.beta, options.x_c, options.region, options.injection_scale
    )


def run_map(options):
    return maps.draw_map(
        open_complete(options.cube), options.x, options.y, options.variable, options.region, fixed_of(options)
    )


def run_quality(options):
    return maps.draw_quality(open_complete(options.cube), options.x, options.y, options.region, fixed_of(options))


def run_error(options):
    return maps.draw_error(
        open_complete(options.cube), options.x, options.y, options.axis, options.region, fixed_of(options), options.errors
    )


def add_curves(commands):
    family = add_command(
        commands, "family", run_family, "curves of D against rigidity, one for each value of a parameter",
        ["galaxy.h5 --over alfven_mach --beta 0.1 --injection-scale 100 -o over_mach",
         "galaxy.h5 --over region --alfven-mach 0.5 --beta 0.1 --injection-scale 100 -o disk_halo.pdf",
         "galaxy.h5 --over beta --values 0.01,0.1,1 --variable slope --alfven-mach 0.5 --injection-scale 100 -o slopes",
         "galaxy.h5 --over rigidity --values 1,1e3,1e6 --against alfven_mach --beta 0.1 --injection-scale 100 -o mach.svg"],
    )  # fmt: skip
    family.add_argument("cube", help=CUBE_HELP)
    family.add_argument("--over", required=True, metavar="PARAMETER", help=f"one curve per value: {PARAMETERS}")
    family.add_argument("--values", type=numbers, metavar="LIST", help="only the curves nearest to these values")
    family.add_argument("--against", default="rigidity", metavar="PARAMETER", help="the x axis (default rigidity)")
    family.add_argument("--variable", default="D", metavar="NAME", help=VARIABLE_HELP)
    add_held(family)
    add_output(family)

    modes = add_command(
        commands, "modes", run_modes, "D against rigidity of all modes together and of each alone",
        ["galaxy.h5 --alfven-mach 0.5 --beta 0.1 --injection-scale 100 -o modes"],
    )  # fmt: skip
    modes.add_argument("cube", help=CUBE_HELP)
    add_held(modes)
    add_output(modes)


def add_maps(commands):
    axis_help = "parameter along {}: " + ", ".join(NUMERIC)
    each = {}
    for name, function, summary, examples in (
        ("map", run_map, "map of D, of its local slope or of another quantity over two parameters",
         ["galaxy.h5 -x alfven_mach -y beta --injection-scale 100 --rigidity 1e3 -o map",
          "galaxy.h5 -x rigidity -y alfven_mach --variable slope --beta 0.1 --injection-scale 100 -o slope"]),
        ("quality", run_quality, "map of the quality of D over two parameters, the worst over those not held",
         ["galaxy.h5 -x rigidity -y alfven_mach -o quality",
          "galaxy.h5 -x rigidity -y alfven_mach --region halo --beta 0.1 --injection-scale 100 -o quality.png"]),
        ("error", run_error, "map of the interpolation error that `dmumu refine` stored, the largest over what is not held",
         ["galaxy.h5 --errors side.h5 -x alfven_mach -y beta -o error",
          "galaxy.h5 --errors side.h5 -x rigidity -y beta --axis beta --region halo -o error.pdf"]),
    ):  # fmt: skip
        each[name] = add_command(commands, name, function, summary, examples)
        each[name].add_argument("cube", help=CUBE_HELP)
        each[name].add_argument("-x", required=True, metavar="PARAMETER", help=axis_help.format("x"))
        each[name].add_argument("-y", required=True, metavar="PARAMETER", help=axis_help.format("y"))
    each["map"].add_argument("--variable", default="D", metavar="NAME", help=VARIABLE_HELP)
    each["error"].add_argument("--axis", metavar="PARAMETER", help="only the error of interpolating along it (default each)")
    each["error"].add_argument("--errors", metavar="SIDE.h5", help="of `dmumu refine --errors` (default: the cube itself)")
    for parser in each.values():
        add_held(parser)
        add_output(parser)


def add_cubeless(commands):
    text = add_command(
        commands, "pitch", run_pitch, "D_mumu against mu, per mode and kind of resonance",
        ["pitch.txt -o pitch", "pitch.txt --rigidity 1,1e3,1e6 -o pitch.svg"],
    )  # fmt: skip
    text.add_argument("text", help="file written by `dmumu curve ... --pitch=64 -o FILE`")
    text.add_argument(
        "--rigidity", type=numbers, metavar="LIST", help="GV, a panel each; of those in the file (default all)"
    )
    add_output(text)

    scale = add_command(
        commands, "truncation", run_truncation,
        "where damping ends the fast cascade, x_max = k_max L, against the angle between wave and field",
        ["--beta 0.01,0.1,1 -o truncation", "--alfven-mach 0.1,0.5,1 --beta 0.14 --injection-scale 100 -o truncation.pdf"],
    )  # fmt: skip
    several = "one value or, of one of the two, several (default %(default)s)"
    scale.add_argument("--alfven-mach", type=numbers, default="0.5", metavar="LIST", help=several)
    scale.add_argument("--beta", type=numbers, default="0.14", metavar="LIST", help=several)
    scale.add_argument("--x-c", type=number, default=1e6, metavar="X", help="viscous cut-off in the disk (default 1e6)")
    scale.add_argument("--region", type=words, default=["halo", "disk"], metavar="LIST", help="halo, disk or both (default)")
    scale.add_argument("--injection-scale", type=number, metavar="L", help="pc; adds an axis with 1/k_max in pc")
    add_output(scale)


def outputs(options):
    """The files to write, {path: format}; PlotError where one exists and may not be replaced, or has no folder."""
    name = pathlib.Path(options.output)
    suffix = name.suffix[1:].lower()
    if suffix in FORMATS:
        files = {name: suffix}
    elif suffix in ("eps", "ps", "jpg", "jpeg", "tif", "tiff", "gif", "webp"):
        raise PlotError(f"-o {name}: the formats are {', '.join(FORMATS)}, not {suffix}")
    else:
        files = {name.with_name(f"{name.name}.{kind}"): kind for kind in options.format}
    for path in files:
        if not path.parent.is_dir():
            raise PlotError(f"-o {options.output}: there is no folder {path.parent}")
        if path.is_dir():
            raise PlotError(f"-o {options.output}: {path} is a folder")
        if path.exists() and not options.overwrite:
            raise PlotError(f"{path} exists; --overwrite replaces it, or choose another -o")
    if not 10 <= options.dpi <= 2400:
        raise PlotError(f"--dpi {options.dpi:g} is outside of 10 to 2400")
    return files


def write(path, content, overwrite):
    """The whole file or none; a file that came into being meanwhile is not replaced either."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        if overwrite:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def render(figure, kind, dpi, command):
    """The figure as bytes, the same each time; the command that drew it is in its metadata."""
    metadata = {
        "pdf": {"Subject": command, "CreationDate": None},
        "png": {"Description": command},
        "svg": {"Description": command, "Date": None},
    }[kind]
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=dpi, metadata=metadata)
    return content.getvalue()


def parser_of():
    parser = argparse.ArgumentParser(
        prog="python3 -m dmumu.plot", description="Figures of what dmumu computes.", epilog=TOP_EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_curves(commands)
    add_maps(commands)
    add_cubeless(commands)
    return parser


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    options = parser_of().parse_args(arguments)
    prefix = f"dmumu.plot {options.name}"
    try:
        files = outputs(options)
        figure = options.function(options)
        command = " ".join(["dmumu.plot", *arguments])
        with curves.plt.rc_context(curves.style.STYLE):  # again: ticks and hatches are drawn here
            contents = {path: render(figure, kind, options.dpi, command) for path, kind in files.items()}
    except (PlotError, OSError) as problem:  # OSError: values that HDF5 cannot read
        print(f"{prefix}: {problem}", file=sys.stderr)
        return 2
    try:
        for path, content in contents.items():
            write(path, content, options.overwrite)
            print(path)
    except OSError as problem:
        print(f"{prefix}: {path}: {problem.strerror}", file=sys.stderr)
        return 1
    return 0
