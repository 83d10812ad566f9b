"""A finished figure with the numbers behind it, and how its files are written."""

import dataclasses
import re

import pandas
from matplotlib.figure import Figure
from matplotlib import pyplot

# No dates and no versions: the same run gives the same bytes.
METADATA = {
    "pdf": {"Creator": "ropewalk", "Producer": None, "CreationDate": None},
    "svg": {"Creator": "ropewalk", "Date": None},
    "png": {"Software": None},
}


class NothingToDraw(Exception):
    """A run has no data for a figure; the text says why, for the reader of the report."""


@dataclasses.dataclass(frozen=True)
class Drawing:
    name: str  # of its files, without ending
    protocol: str  # id that its numbers cite; "" for a figure of plans alone
    title: str  # what is seen, in one line
    figure: Figure
    data: pandas.DataFrame  # every value that is drawn
    table: str  # LaTeX

    def save(self, folder):
        """Writes NAME.{pdf,svg,png,csv,tex} and returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for ending, metadata in METADATA.items():
            paths.append(folder / f"{self.name}.{ending}")
            self.figure.savefig(paths[-1], format=ending, metadata=metadata)
        paths.append(folder / f"{self.name}.csv")
        self.data.to_csv(paths[-1], index=False, lineterminator="\n", float_format="%.9g")
        paths.append(folder / f"{self.name}.tex")
        paths[-1].write_text(self.table, encoding="utf-8")
        pyplot.close(self.figure)
        return paths


def slug(kind, protocol):
    """heatmap-passkey-landmark-1-forced-per-length"""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind} {protocol}".lower()).strip("-")


def control_note(protocol):
    """What a caption says first where there is no needle."""
    return "Negative control, without a needle: a hit is a false one. " if "/absent" in protocol else ""
