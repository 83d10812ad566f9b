#!/usr/bin/env python3
"""Write what was measured of a trained model into its card.

usage: .venv/bin/python scripts/model_card.py MODEL RUNS [RUNS...]

RUNS is a folder that scripts/measure-model wrote: of MODEL itself the first one, of models of the
same config but other training seeds all further ones. The section "Quality" of MODEL/README.md is
replaced. The 5-gram model that the text is compared with is trained here, on the texts that MODEL
was trained on (its train_config.json, .corpora/train) with MODEL's tokenizer. Needs the packages of
`scripts/setup --tests` (sentencepiece).
"""

import argparse
import json
import pathlib
import sys

import numpy
import sentencepiece

import ngram
from plot.run import PlotError, read_run

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADING = "## Quality\n"
ORDER = 5
RESAMPLES = 10_000
# What training is for: keys found at each length, and in each third of the depths.
AIM, AIM_OF_A_THIRD = 0.99, 0.97


def table(columns, lines):
    rule = "|---" * len(columns) + "|"
    return "\n".join(["| " + " | ".join(columns) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines), ""])


def interval(values, weights):
    """sum(values) / sum(weights) and its 95 % interval, documents resampled (percentiles)."""
    values, weights = numpy.asarray(values, float), numpy.asarray(weights, float)
    drawn = numpy.random.default_rng(1).integers(len(values), size=(RESAMPLES, len(values)))
    ratios = values[drawn].sum(1) / weights[drawn].sum(1)
    low, high = numpy.quantile(ratios, [0.025, 0.975])
    return values.sum() / weights.sum(), low, high


def shown(estimate, digits=3):
    value, low, high = (f"{number:.{digits}f}" for number in estimate)
    return f"{value} ({low} to {high})"


def counted(seeds):
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}"


def unasked(runs, seeds):
    """Names the seeds that this part says nothing about, so that a reader does not take them for failed or passed."""
    missing = [seed for seed in seeds if seed not in runs]
    return f"\nThis sweep was not run on training {counted(missing)}.\n" if missing else ""


def line_of(run, method, protocol, length, band="all"):
    """One line of a run's summary.csv; None when that was not run."""
    lines = run.summary
    lines = lines[(lines["method"] == method) & (lines["protocol"] == protocol)]
    lines = lines[(lines["length"] == length) & (lines["band"] == band)]
    return None if lines.empty else lines.iloc[0]


def hits(line):
    return "-" if line is None or line["n"] == 0 else f"{int(line['hits'])}/{int(line['n'])}"


def nats(line):
    return "-" if line is None or numpy.isnan(line["estimate"]) else f"{line['estimate']:.3f}"


# --- inside the trained length ---------------------------------------------------------------------


def digits_right(run, protocol, length):
    """Of the digits of needle-absent keys, each asked behind the right ones before it."""
    right = [
        hit
        for row in run.rows
        if (row["protocol"], row["length"]) == (protocol, length)
        for hit in row["retrieval"]["token_hits"][-5:]
    ]
    return sum(right), len(right)


def misses(line, aim):
    return line is not None and line["n"] > 0 and line["estimate"] < aim


def retrieval(runs):
    lines, below = [], []
    for seed, run in runs.items():
        for protocol in run.protocols("retrieval"):
            lengths = run.eval_of(protocol)["lengths"]
            of = lambda band: [line_of(run, "plain", protocol, length, band) for length in lengths]  # noqa: B023
            if protocol.endswith("/absent"):
                cells = []
                for length, line in zip(lengths, of("all"), strict=True):
                    right, asked = digits_right(run, protocol, length)
                    cells.append(f"{hits(line)}; digits {100 * right / asked:.1f} %")
                lines.append([seed, protocol, "-", *cells])
                continue
            percent = [f"{hits(line)} = {100 * line['estimate']:.2f} %" for line in of("all")]
            lines.append([seed, protocol, "all", *percent])
            for band in ("early", "middle", "late"):
                lines.append([seed, protocol, f"{band} third", *map(hits, of(band))])
            for band in ("all", "early", "middle", "late"):
                for length, line in zip(lengths, of(band), strict=True):
                    if misses(line, AIM if band == "all" else AIM_OF_A_THIRD):
                        place = "" if band == "all" else f", {band} third"
                        below.append(f"seed {seed}, `{protocol}` at {length}{place}: {100 * line['estimate']:.2f} %")
    trained = next(iter(runs.values()))
    lengths = [str(length) for length in trained.experiment["lengths"]]
    return (
        "### Finding a pass key inside the trained length\n\n"
        "Exact match of the whole key, prompts of exactly so many tokens, seeds never trained on "
        "(`configs/sweeps/card-retrieval.json`). `niah/text` hides it in held-out text. `absent`: the "
        "key is not in the prompt, so 0 keys and 10 % of the digits (asked behind the right ones) is "
        "chance.\n\n" + table(["seed", "protocol", "depth", *lengths], lines)
        + f"\nBelow the aim of {100 * AIM:.0f} % at every length and {100 * AIM_OF_A_THIRD:.0f} % in every third of "
        f"the depths, of training seeds {', '.join(runs)}: {'; '.join(below) or 'nothing'}.\n"
    )


# --- text ------------------------------------------------------------------------------------------


def nll_by_document(run, family, length):
    """{document: (NLL of every target in nats, document tokens of the targets, bytes)}."""
    found = {}
    for row in run.rows:
        if row["protocol"].startswith(family) and row["length"] == length:
            forwards = row["perplexity"]["forwards"]
            scored = [forward["scored"] for forward in forwards]
            values = [numpy.load(run.folder / forward["nll_file"]) for forward in forwards]
            kept = [value[: end - begin] for value, (begin, end) in zip(values, scored, strict=True)]
            targets = numpy.concatenate([numpy.arange(*part) for part in scored])
            nll = numpy.concatenate(kept).astype(float)
            found[row["perplexity"]["document"]] = (nll, targets, row["perplexity"]["bytes"])
    return dict(sorted(found.items()))


def baseline(model):
    """The n-gram model of MODEL's training texts, and its tokenizer."""
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model / "tokenizer.model"))
    texts = sorted((ROOT / ".corpora" / "train").glob("*.txt"))
    if not texts:
        raise PlotError(ROOT / ".corpora" / "train", "holds no text", "run scripts/corpora")
    tokens = [numpy.array(pieces.encode(text.read_text(encoding="utf-8"))) for text in texts]
    return ngram.NGram(tokens, ORDER, pieces.vocab_size(), pieces.bos_id()), pieces


def baseline_nll(model, pieces, document, targets):
    tokens = numpy.array(pieces.encode((ROOT / document).read_text(encoding="utf-8")))
    return model.nll(tokens)[targets]


def bits(nats):
    return nats / numpy.log(2)


def text(runs, model):
    grams, pieces = baseline(model)
    lines, gains = [], []
    theirs = {}
    for seed, run in runs.items():
        ours = nll_by_document(run, "ppl/press", run.trained_length)
        theirs = theirs or {name: baseline_nll(grams, pieces, name, at).sum() for name, (_, at, _) in ours.items()}
        size = [count for _, _, count in ours.values()]
        total = bits(numpy.array([nll.sum() for nll, _, _ in ours.values()]))
        lines.append([f"seed {seed}", shown(interval(total, size))])
        apart = total - bits(numpy.array([theirs[name] for name in ours]))
        lines.append([f"seed {seed} minus 5-gram, paired", shown(interval(apart, size))])
        fixed = {length: nll_by_document(run, "ppl/fixed-target", length) for length in (1280, 2048, 4096)}
        count = [len(nll) for nll, _, _ in fixed[1280].values()]
        for near, far in ((1280, 2048), (2048, 4096), (1280, 4096)):
            change = [(fixed[far][name][0] - nll).sum() for name, (nll, _, _) in fixed[near].items()]
            gains.append([seed, f"{near - 1024:,} to {far - 1024:,}", shown(interval(change, count), 4)])
    lines.append(["5-gram, modified Kneser-Ney", shown(interval(bits(numpy.array(list(theirs.values()))), size))])
    return (
        "### Held-out text\n\n"
        f"{len(size)} documents by three authors, {sum(size) / 1e6:.2f} MB, every token once behind 3,072 to "
        "4,095 others of its document, fewer where it begins (`ppl/press-1024` at 4,096; `configs/sweeps/card-text.json`). The 5-gram model "
        "(`scripts/ngram.py`) has the same vocabulary and training texts. In parentheses 95 % intervals, documents "
        "resampled.\n\n"
        + table(["model", "bits per byte"], lines)
        + "\nThe same last 1,024 tokens of each document behind more and more of it (`ppl/fixed-target`): change of "
        "their NLL in nats per token as the context before the first of them grows.\n\n"
        + table(["seed", "tokens of context", "change of NLL"], gains)
    )


# --- beyond the trained length ---------------------------------------------------------------------


def trials_of(run, protocol):
    """How many trials a run asked for at each length of a protocol, in words."""
    trials, fewer = run.eval_of(protocol)["trials"], run.experiment.get("trials_after_failure")
    counts = set(trials.values())
    if len(counts) == 1:
        words = f"{counts.pop()} at each length"
    else:
        words = ", ".join(f"{trials[length]} at {int(length):,}" for length in sorted(trials, key=int))
    if fewer:
        words += f", {fewer} by `trials_after_failure` where the method had failed at a shorter one"
    return words


def trials_by_seed(runs, protocol):
    """Seeds need not have been asked alike: an experiment may have changed between their runs."""
    asked = {}
    for seed, run in runs.items():
        asked.setdefault(trials_of(run, protocol), []).append(seed)
    if len(asked) == 1:
        return next(iter(asked))
    return "; ".join(f"{words} ({counted(seeds)})" for words, seeds in asked.items())


def beyond(runs):
    keys, losses = [], []
    run = next(iter(runs.values()))
    key_protocol, text_protocol = run.protocols("retrieval")[0], run.protocols("perplexity")[0]
    key_lengths, text_lengths = run.eval_of(key_protocol)["lengths"], run.eval_of(text_protocol)["lengths"]
    for method in run.experiment["methods"]:
        for seed, run in runs.items():
            of_keys = [line_of(run, method, key_protocol, length) for length in key_lengths]
            of_text = [line_of(run, method, text_protocol, length) for length in text_lengths]
            keys.append([method, seed, *map(hits, of_keys)])
            losses.append([method, seed, *map(nats, of_text)])
    header = ["method", "seed"]
    return (
        "### Beyond the trained length\n\n"
        "`configs/sweeps/card-beyond.json`: linear, ntk and yarn by factor length / 4,096, without any fine-tuning "
        f"(-: not measured). Pass keys found / asked (`{key_protocol}`); asked were "
        f"{trials_by_seed(runs, key_protocol)}:\n\n"
        + table([*header, *map(str, key_lengths)], keys)
        + f"\nNLL of the last 1,024 tokens of each held-out document, nats per token (`{text_protocol}`, the mean of "
        "the documents that reach every length):\n\n" + table([*header, *map(str, text_lengths)], losses)
    )


def runs_of(part, folders):
    """{training seed: run} of the folders that hold this part."""
    found = {}
    for folder in folders:
        if (folder / part / "summary.csv").exists():
            run = read_run(folder / part)
            config = ROOT / run.experiment["model"] / "train_config.json"
            found[str(json.loads(config.read_text())["seed"])] = run
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("runs", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    card = options.model / "README.md"
    parts = {
        "retrieval": retrieval,
        "text": lambda runs: text(runs, options.model),
        "beyond": beyond,
    }
    try:
        found = {part: runs for part in parts if (runs := runs_of(part, options.runs))}
        seeds = sorted({seed for runs in found.values() for seed in runs}, key=int)
        written = [parts[part](runs) + unasked(runs, seeds) for part, runs in found.items()]
        if not written:
            raise PlotError(options.runs[0], "holds no summarized run", "run scripts/measure-model first")
    except (PlotError, OSError) as error:
        print(f"model_card: {error}", file=sys.stderr)
        return 1
    before = card.read_text(encoding="utf-8").partition(HEADING)[0].rstrip("\n")
    how = (
        "Measured by `scripts/measure-model MODEL RUNS` for each training seed and written here by "
        "`.venv/bin/python scripts/model_card.py MODEL RUNS...`.\n"
    )
    card.write_text("\n".join([before, "", HEADING, how, *written]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
