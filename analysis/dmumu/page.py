"""Self-contained pages: HTML with its style and its figures inside, and a PDF of it through a headless Chromium."""

import html
import io
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import zlib

import matplotlib

__all__ = ["CSS", "find_chromium", "figure_svg", "page", "print_pdf", "table"]

CSS = """
:root { color-scheme: light; --ink: #1b1f24; --quiet: #5b6470; --line: #d8dde3; --paper: #ffffff; --shade: #f4f6f8; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, "Segoe UI", "Liberation Sans", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p, li { max-width: 46rem; } .quiet, figcaption, caption { color: var(--quiet); font-size: .9rem; }
figure { margin: 1rem 0; break-inside: avoid; } figure svg { width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0; }
caption { text-align: left; caption-side: top; padding-bottom: .3rem; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; } th { font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child, .left { text-align: left; } td.left { white-space: normal; } code { font-size: .88em; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
.says { border-left: 4px solid #2a5d8f; background: var(--shade); padding: .6rem 1rem; margin: 1rem 0; }
@media print { html { font-size: 10px; } body { max-width: none; padding: 0; font-size: 1rem; } .scroll { overflow: visible; } h2 { break-after: avoid; } .screen { display: none; } }
"""


def text(value):
    """For HTML: anything that is not markup already."""
    return html.escape(str(value))


def table(head, rows, caption="", left=()):
    """A table; cells are texts. The first column and those of `left` are left-aligned and may wrap."""
    sides = [" class='left'" if i in left else "" for i in range(len(head))]
    cells = "".join(f"<th scope='col'{side}>{text(cell)}</th>" for side, cell in zip(sides, head, strict=True))
    lines = ("".join(f"<td{side}>{text(cell)}</td>" for side, cell in zip(sides, row, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    said = f"<caption>{text(caption)}</caption>" if caption else ""
    return f"<div class='scroll'><table>{said}<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"


def figure_svg(figure, description, caption=""):
    """A matplotlib figure as inline SVG, described for those who do not see it; ids made its own."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "dmumu"}):  # the same ids every time
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    own = f"f{zlib.crc32(svg.encode())}-"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{own}\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{own}", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(description, quote=True)}" ', 1)
    said = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return f"<figure>{svg}{said}</figure>"


def page(title, body, script=""):
    """The whole document. Nothing in it points outside."""
    scripts = f"<script>{script}</script>" if script else ""
    return (
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{text(title)}</title>"
        f"<meta name='viewport' content='width=device-width, initial-scale=1'><style>{CSS}</style></head>\n"
        f"<body>{body}{scripts}</body></html>\n"
    )


def find_chromium():
    """Path of a Chromium or Chrome, or None; $DMUMU_CHROMIUM goes before."""
    names = [os.environ.get("DMUMU_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


def run_chromium(*arguments, timeout=120):
    """Chromium without a window, in a profile of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            find_chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={profile}", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def print_pdf(page_path, pdf_path):
    """Print a page to PDF; False where there is no Chromium, or it fails."""
    if find_chromium() is None:
        return False
    target = pathlib.Path(pdf_path).resolve()
    target.unlink(missing_ok=True)
    try:
        run_chromium("--no-pdf-header-footer", f"--print-to-pdf={target}", pathlib.Path(page_path).resolve().as_uri())
    except subprocess.TimeoutExpired:
        return False
    return target.exists() and target.read_bytes().startswith(b"%PDF")
