"""python3 -m dmumu.plot COMMAND ...: see command_line.py."""

import sys

import matplotlib

matplotlib.use("Agg")

from .command_line import main  # noqa: E402 - after the choice of a backend without a screen

sys.exit(main())
