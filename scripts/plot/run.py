"""A run directory as it lies on disk: what was asked, every row, and what `ropewalk summarize` made of it."""

import dataclasses
import json
import pathlib

import pandas

AS_CONFIGURED = "as_configured"  # stands for the scaling of the checkpoint
SCHEMA_VERSION = 1
TABLES = ["summary", "effective_length", "comparison"]


class PlotError(Exception):
    """Names the file, the cause and the next step."""

    def __init__(self, place, cause, next_step=""):
        super().__init__(f"{place}: {cause}" + (f"; {next_step}" if next_step else ""))


@dataclasses.dataclass(frozen=True)
class Run:
    folder: pathlib.Path
    experiment: dict  # resolved
    chains: dict  # of every method: what as_configured stands for is spelled out
    identity: dict  # hashes of what determines results
    provenance: list  # who computed
    rows: list  # of rows.jsonl; of two lines for a cell the later one
    summary: pandas.DataFrame  # one line per method, protocol, length and depth band
    effective_length: pandas.DataFrame
    comparison: pandas.DataFrame
    position_nll: pandas.DataFrame | None  # None where a run was published without nll/, of which it is made
    methods_text: str  # a paragraph for an appendix

    @property
    def methods(self):
        """Baseline first, then fixed factors, then families that change with the length."""
        names = list(self.chains)
        return sorted(names, key=lambda name: (name != self.baseline, self.is_family(name), names.index(name)))

    @property
    def baseline(self):
        return self.experiment["baseline"]

    @property
    def plain(self):
        """Name of the method that scales nothing; None when there is none."""
        return next((name for name, chain in self.chains.items() if chain == []), None)

    @property
    def trained_length(self):
        return int(self.identity["trained_length"])

    @property
    def tau(self):
        return float(self.experiment["tau"])

    @property
    def confidence(self):
        """That of every two-sided interval and of every one-sided bound: 1 - alpha, as "95 %"."""
        return f"{100 * (1 - self.experiment['alpha']):.4g} %"

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
        chain = stated(self.chains[method])
        return {name for name, other in self.chains.items() if stated(other) == chain}

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
            if protocol in ids_of(asked):
                return asked
        raise PlotError(self.folder / "summary.csv", f"the experiment does not ask for {protocol}")

    def claim(self, method, protocol, measure):
        """The line of effective_length.csv with this measure; None when there is none."""
        table = self.effective_length
        found = table[(table["method"] == method) & (table["protocol"] == protocol) & (table["measure"] == measure)]
        return None if found.empty else found.iloc[0]


def ids_of(asked):
    """Protocol ids that rows of an eval may have: what the tokenizer decides, the experiment does not say."""
    if asked["type"] == "perplexity":
        name, version = asked["protocol"].rsplit("/", 1)
        stride = f"-{asked['stride']}" if asked.get("stride") else ""
        return {f"ppl/{name}{stride}/{version}{bos}" for bos in ("", "/bos")}
    needle = asked["placement"] + ("/absent" if asked["absent"] else "")
    return {f"{asked['type']}/{asked['protocol']}{forced}/{needle}" for forced in ("", "/forced")}


def chains_of(experiment, identity):
    """method -> its chain. A manifest that does not say what is configured leaves that as it is."""
    own = identity.get("configured", AS_CONFIGURED)
    return {name: own if chain == AS_CONFIGURED else chain for name, chain in experiment["methods"].items()}


def stated(chain):
    """A chain as two can be compared: that of a checkpoint has no versions, and leaves out what is null where every
    default is spelled out."""
    if chain == AS_CONFIGURED:
        return chain
    given = [{key: value for key, value in scaling.items() if value is not None} for scaling in chain]
    return [scaling | {"type": scaling["type"].partition("/")[0]} for scaling in given]


def read_json(file):
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlotError(file, "no such file", "give a directory that `ropewalk sweep` has written") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PlotError(file, f"not JSON: {error}", "restore it from a copy") from None


def read_rows(file):
    """Rows by cell. A torn last line does not count: the sweep that wrote it died there.

    Lines end at a line feed alone: names of documents may hold what str.splitlines takes for an end too."""
    if not file.exists():
        raise PlotError(file, "no such file", "give a directory that `ropewalk sweep` has written")
    rows = {}
    whole = file.read_bytes().split(b"\n")[:-1]
    for number, line in enumerate(whole, 1):
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
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
    if (folder / "summary.csv").exists() and not (folder / "manifest.json").exists():
        raise PlotError(
            folder / "manifest.json", "no such file: a summary of several runs alone cannot be drawn",
            "make one run of them with `ropewalk sweep EXPERIMENT --out DIR --from RUN --from RUN`, and summarize it",
        )  # fmt: skip
    manifest = read_json(folder / "manifest.json")
    experiment = read_json(folder / "experiment.json")
    tables = {name: read_table(folder / f"{name}.csv") for name in TABLES}
    positions = folder / "position_nll.csv"
    is_published_without = not positions.exists() and not (folder / "nll").exists()
    methods_text = folder / "methods.txt"
    return Run(
        folder=folder,
        experiment=experiment,
        chains=chains_of(experiment, manifest["identity"]),
        identity=manifest["identity"],
        provenance=manifest["provenance"],
        rows=read_rows(folder / "rows.jsonl"),
        position_nll=None if is_published_without else read_table(positions),
        methods_text=methods_text.read_text(encoding="utf-8") if methods_text.exists() else "",
        **tables,
    )
