"""A run directory as it lies on disk: what was asked, every row, and what `ropewalk summarize` made of it."""

import dataclasses
import json
import pathlib

import pandas

SCHEMA_VERSION = 1
TABLES = ["summary", "effective_length", "comparison", "position_nll"]


class PlotError(Exception):
    """Names the file, the cause and the next step."""

    def __init__(self, place, cause, next_step=""):
        super().__init__(f"{place}: {cause}" + (f"; {next_step}" if next_step else ""))


@dataclasses.dataclass(frozen=True)
class Run:
    folder: pathlib.Path
    experiment: dict  # resolved
    identity: dict  # hashes of what determines results
    provenance: list  # who computed
    rows: list  # of rows.jsonl; of two lines for a cell the later one
    summary: pandas.DataFrame  # one line per method, protocol, length and depth band
    effective_length: pandas.DataFrame
    comparison: pandas.DataFrame
    position_nll: pandas.DataFrame
    methods_text: str  # a paragraph for an appendix

    @property
    def methods(self):
        """Baseline first, then fixed factors, then families that change with the length."""
        names = list(self.experiment["methods"])
        return sorted(names, key=lambda name: (name != self.baseline, self.is_family(name), names.index(name)))

    @property
    def baseline(self):
        return self.experiment["baseline"]

    @property
    def plain(self):
        """Name of the method that scales nothing; None when there is none."""
        return next((name for name, chain in self.experiment["methods"].items() if chain == []), None)

    @property
    def trained_length(self):
        return int(self.identity["trained_length"])

    @property
    def tau(self):
        return float(self.experiment["tau"])

    @property
    def seed(self):
        return self.experiment["seed"]

    @property
    def weights(self):
        """The first twelve digits of the weights' SHA-256."""
        return str(self.identity["weights"])[:12]

    def is_family(self, method):
        """Whether the plan of a method changes with the length: then it is a family of models."""
        lines = self.summary[self.summary["method"] == method]
        return bool((lines["by_length"] == "yes").any())

    def rows_of(self, method):
        """Methods with equal chains share cells: the names under which rows of this one may stand."""
        chain = self.experiment["methods"][method]
        return {name for name, other in self.experiment["methods"].items() if other == chain}

    def protocols(self, kind):
        """Protocol ids of "retrieval" or "perplexity" that have lines in the summary, sorted."""
        ids = sorted(self.summary["protocol"].unique())
        return [id for id in ids if id.startswith("ppl/") == (kind == "perplexity")]

    def methods_in(self, table):
        """Those methods of a table that are in it, in order of report."""
        present = set(table["method"])
        return [method for method in self.methods if method in present]

    def eval_of(self, protocol):
        """The eval of the experiment that this protocol id answers."""
        for asked in self.experiment["evals"]:
            family = "ppl" if asked["type"] == "perplexity" else asked["type"]
            if not protocol.startswith(f"{family}/{asked['protocol']}"):
                continue
            if family == "ppl":
                return asked
            is_absent, is_absolute = protocol.endswith("/absent"), "/absolute" in protocol
            if (asked["absent"], asked["placement"] == "absolute") == (is_absent, is_absolute):
                return asked
        raise PlotError(self.folder / "summary.csv", f"the experiment does not ask for {protocol}")

    def claim(self, method, protocol, measure):
        """The line of effective_length.csv with this measure; None when there is none."""
        table = self.effective_length
        found = table[(table["method"] == method) & (table["protocol"] == protocol) & (table["measure"] == measure)]
        return None if found.empty else found.iloc[0]


def read_json(file):
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlotError(file, "no such file", "give a directory that `ropewalk sweep` has written") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PlotError(file, f"not JSON: {error}", "restore it from a copy") from None


def read_rows(file):
    """Rows by cell. A torn last line does not count: the sweep that wrote it died there."""
    if not file.exists():
        raise PlotError(file, "no such file", "give a directory that `ropewalk sweep` has written")
    rows = {}
    whole = file.read_text(encoding="utf-8").rpartition("\n")[0]
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise PlotError(f"{file}:{number}", f"not a row: {error}", "restore the file from a copy") from None
        if row.get("schema_version") != SCHEMA_VERSION:
            raise PlotError(f"{file}:{number}", f"schema_version is not {SCHEMA_VERSION}")
        rows[row["cell"]] = row
    return list(rows.values())


def read_table(file):
    again = f"run `ropewalk summarize {file.parent}` again"
    if not file.exists():
        raise PlotError(file, "no such file", f"run `ropewalk summarize {file.parent}` first")
    try:
        table = pandas.read_csv(file, keep_default_na=False, na_values=[""], dtype={"method": str, "grid": str})
    except ValueError as error:
        raise PlotError(file, f"not a table: {error}", again) from None
    if "schema_version" not in table or not (table["schema_version"] == SCHEMA_VERSION).all():
        raise PlotError(file, f"schema_version is not {SCHEMA_VERSION}", again)
    return table


def read_run(folder):
    """Throws PlotError where a file is missing or not what it should be."""
    folder = pathlib.Path(folder)
    manifest = read_json(folder / "manifest.json")
    tables = {name: read_table(folder / f"{name}.csv") for name in TABLES}
    methods_text = folder / "methods.txt"
    return Run(
        folder=folder,
        experiment=read_json(folder / "experiment.json"),
        identity=manifest["identity"],
        provenance=manifest["provenance"],
        rows=read_rows(folder / "rows.jsonl"),
        methods_text=methods_text.read_text(encoding="utf-8") if methods_text.exists() else "",
        **tables,
    )
