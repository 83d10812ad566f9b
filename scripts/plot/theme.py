"""How every figure looks: widths of a paper's columns, type, colours that the colour-blind can tell apart."""

import dataclasses

import matplotlib
from matplotlib.colors import LinearSegmentedColormap

COLUMN_INCHES = {1: 3.3, 2: 6.9}  # one and two columns of the customary two-column page

# Okabe and Ito's palette without its yellow, which is too pale for a line on white.
COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h"]
LINES = ["-", "--", "-.", ":"]

# Why a trial has no answer -> how its cell is hatched. Where none was to be asked nothing is missing, and no hatch.
HATCHES = {"out_of_memory": "xxxx", "failed": "++++", "skipped": "////", "not run": "....",
           "not asked": ""}  # fmt: skip
MISSING_FACE = "#E8E8E8"
MUTED = "#777777"
FAINT = "#C8C8C8"

RC = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same glyphs on every machine
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,  # TrueType, as publishers ask
    "ps.fonttype": 42,
    "svg.hashsalt": "ropewalk",  # the same bytes every time
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
}


@dataclasses.dataclass(frozen=True)
class Theme:
    columns: int = 2  # of the page that a figure spans
    paper: bool = False  # the red-yellow-green heat map of published needle figures

    @property
    def width(self):
        return COLUMN_INCHES[self.columns]

    @property
    def heat(self):
        if not self.paper:
            return matplotlib.colormaps["cividis"]
        return LinearSegmentedColormap.from_list("needle", ["#F0496E", "#EBB839", "#0CD79F"])


def apply():
    matplotlib.use("Agg")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(RC)


def style_of(run, method):
    """Colour, marker and line of a method: the same in every figure of a run."""
    index = run.methods.index(method)
    return {
        "color": COLOURS[index % len(COLOURS)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": LINES[index // len(COLOURS) % len(LINES)],
    }


FAMILY_MARK = " †"
FAMILY_NOTE = "† changes with the length: a family of models"


def label_of(run, method):
    return method + (FAMILY_MARK if run.is_family(method) else "")
