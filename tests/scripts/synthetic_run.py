"""Makes run directories that no model has computed, in the exact form that `ropewalk sweep` and
`ropewalk summarize` write: for the tests of scripts/plot.py. Deterministic.

usage: synthetic_run.py KIND DIR     KIND is one of full, many, one_length, one_method, all_failed
"""

import csv
import hashlib
import json
import math
import pathlib
import random
import statistics
import sys

LENGTHS = [4096, 8192, 16384, 32768, 65536, 131072, 200000]
TRAINED = 4096
DEPTHS = 10
LANDMARK = "passkey/landmark/1/forced/per-length"
ABSENT = "passkey/landmark/1/forced/per-length/absent"
FIXED, TRUNCATED, LAST = "ppl/fixed-target/1/bos", "ppl/truncated/1/bos", "ppl/last-window/1/bos"
PRESS = "ppl/press-1024/1/bos"
DOCUMENTS = 10

# Method -> its chain, the length at which it is right half of the time, and what it costs inside the window.
METHODS = {
    "dual_chunk": ([{"type": "dual_chunk/1", "chunk": 3072, "local": 512}], 150000, 0.02),
    "linear": ([{"type": "linear/1", "factor": 8}], 3000, 0.9),
    "ntk": ([{"type": "ntk/1", "factor": 8}], 18000, 0.05),
    "plain": ([], 9000, 0.0),
    "self_extend": ([{"type": "self_extend/1", "group": 16, "window": 1024}], 60000, 0.03),
    "yarn": ([{"type": "yarn/1", "factor": "length/trained"}], 300000, 0.01),
}
# As many as the published sweep has. The baseline is right up to the trained length and skipped at the longest ones.
MANY = {
    "plain": ([], 4600, 0.0),
    "linear-4": ([{"type": "linear/1", "factor": 4}], 600, 1.6),
    "linear-by-length": ([{"type": "linear/1", "factor": "length/trained"}], 5600, 0.0),
    "ntk-8": ([{"type": "ntk/1", "factor": 8}], 40000, 0.19),
    "dynamic_ntk": ([{"type": "dynamic_ntk/1", "factor": 1}], 14000, 0.0),
    "yarn-16": ([{"type": "yarn/1", "factor": 16}], 110000, 0.06),
    "dynamic_yarn": ([{"type": "dynamic_yarn/1"}], 300000, 0.0),
    "llama3-8": ([{"type": "llama3/1", "factor": 8}], 30000, 0.12),
    "self_extend": ([{"type": "self_extend/1", "group": 64, "window": 512}], 900000, 0.01),
    "dual_chunk": ([{"type": "dual_chunk/1", "chunk": 3072, "local": 512}], 5000000, 0.0),
    "rerope": ([{"type": "rerope/1", "window": 2048}], 2000000, 0.01),
    "lm_infinite": ([{"type": "lm_infinite/1", "window": 4096, "global_tokens": 10}], 9000, 0.0),
    "streaming": ([{"type": "streaming/1", "sinks": 4, "window": 4092}], 9000, 0.0),
}
FAMILIES = {"yarn", "linear-by-length", "dynamic_ntk", "dynamic_yarn"}


def wilson(hits, n, z=1.959963985):
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def at_least(hits, n, p):
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(hits, n + 1))


def exact_low(hits, n, alpha=0.05):
    """The p at which `hits` or more have probability alpha, by bisection."""
    if hits == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_least(hits, n, middle) < alpha else (low, middle)
    return low


class Table:
    def __init__(self, columns):
        self.columns = ["schema_version", *columns.split()]
        self.lines = []

    def add(self, **values):
        unknown = set(values) - set(self.columns)
        assert not unknown, unknown
        self.lines.append({"schema_version": 1} | {k: self.text(v) for k, v in values.items()})

    @staticmethod
    def text(value):
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:.9g}" if math.isfinite(value) else ""
        return "" if value is None else value

    def write(self, file):
        with open(file, "w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, self.columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.lines)


class SyntheticRun:
    def __init__(self, kind):
        self.kind = kind
        self.random = random.Random(f"ropewalk {kind}")
        self.lengths = [TRAINED] if kind == "one_length" else LENGTHS
        of_kind = {"one_method": {"plain": METHODS["plain"]}, "many": MANY}
        self.methods = of_kind.get(kind, METHODS)
        self.rows = []
        self.summary = Table(
            "method grid by_length protocol length band n hits diverged missing estimate low high interval exact_low"
            " exact_high log_prob perplexity bits_per_byte tokens in_best_set"
        )
        self.effective = Table("method grid by_length protocol measure length estimate low high ended_by ended_at note")
        self.comparison = Table(
            "method grid by_length protocol length baseline unit pairs excluded only_method only_baseline difference"
            " low high test p p_holm family differs"
        )
        self.position = Table("method grid by_length protocol length begin end tokens nll perplexity")
        self.hits = {}
        self.nll = {}

    def shared(self, method, protocol):
        return {"method": method, "grid": None, "by_length": method in FAMILIES, "protocol": protocol}

    def trials(self, length):
        return 30 if length > 65536 else 60

    def status(self, method, length):
        if self.kind == "all_failed":
            return "out_of_memory"
        if self.kind == "many":
            return "skipped" if length > 8 * self.methods[method][1] else "ok"
        if method == "self_extend" and length == 200000:
            return "out_of_memory"
        if method == "linear" and length >= 65536:
            return "skipped"
        return "ok"

    def add_row(self, method, protocol, length, status, **extra):
        key = hashlib.sha256(json.dumps([method, protocol, length, extra], sort_keys=True).encode()).hexdigest()
        reason = {} if status == "ok" else {"reason": f"synthetic: {status}"}
        self.rows.append(
            {"schema_version": 1, "cell": key, "method": method, "protocol": protocol, "length": length,
             "status": status, "plan": key[:16], "kernel": "synthetic", **reason, **extra}
        )  # fmt: skip

    def ask(self, method, length, protocol=LANDMARK):
        """Rows of one cell; the number of hits by band, or None where nothing was answered."""
        middle = self.methods[method][1]
        status = self.status(method, length)
        count = self.trials(length)
        if length > (2 if self.kind == "many" else 8) * middle and status == "ok":
            count = DEPTHS  # trials_after_failure
        bands = [[0, 0, 0] for _ in range(3)]  # answered, hits, diverged
        for trial in range(count):
            index = trial % DEPTHS
            skill = 1 / (1 + (length / middle) ** 3)
            dip = 0.15 * math.sin(math.pi * index / 9) if skill < 0.95 else 0  # lost in the middle
            hit = protocol != ABSENT and self.random.random() < 1.02 * skill * (1 - dip)
            state = "diverged" if (method, length) == ("ntk", 200000) and trial < 4 else status
            self.add_row(
                method, protocol, length, state,
                retrieval={"depth": index / DEPTHS, "depth_index": index, "trial": trial, "source": f"hay#{trial}",
                           "prompt_sha256": hashlib.sha256(f"{protocol}{length}{trial}".encode()).hexdigest(),
                           "hit": hit and state == "ok", "token_hits": [hit] * 5, "argmax": [7] * 6, "ranks": [0] * 5,
                           "log_probs": [-0.1 if hit else -4.0] * 5},
            )  # fmt: skip
            if state in ("ok", "diverged"):
                band = bands[min(2, index * 3 // DEPTHS)]
                band[0] += 1
                band[1] += hit and state == "ok"
                band[2] += state == "diverged"
        return count, bands

    def add_cell(self, method, protocol, length, band, counts, missing):
        n, hits, diverged = counts
        values = {"length": length, "band": band, "n": n, "hits": hits, "diverged": diverged, "missing": missing}
        if n:
            low, high = wilson(hits, n)
            values |= {"estimate": hits / n, "low": low, "high": high, "interval": "wilson", "log_prob": -1.0,
                       "exact_low": exact_low(hits, n), "exact_high": 1 - exact_low(n - hits, n)}  # fmt: skip
        if band == "all" and protocol == LANDMARK:
            values["in_best_set"] = n > 0 and hits / n > 0.85
        self.summary.add(**self.shared(method, protocol), **values)

    def retrieval(self, protocol):
        for method in self.methods:
            certified, point, failed, alive = None, None, None, True
            for length in self.lengths:
                count, bands = self.ask(method, length, protocol)
                total = [sum(band[i] for band in bands) for i in range(3)]
                self.hits[method, length] = total
                self.add_cell(method, protocol, length, "all", total, count - total[0])
                for name, band in zip(("early", "middle", "late"), bands):
                    if band[0]:
                        self.add_cell(method, protocol, length, name, band, 0)
                alive = alive and total[0] > 0 and exact_low(total[1], total[0]) > 0.85
                certified = length if alive else certified
                failed = length if total[0] and not failed and total[1] / total[0] < 0.7 else failed
                point = length if total[0] and total[1] / total[0] >= 0.85 and not failed else point
            if protocol == ABSENT:
                continue
            for measure, length in (("L_cert", certified), ("L_fail", failed), ("L_point", point),
                                    ("L_cert_worst_depth", None)):  # fmt: skip
                self.effective.add(
                    **self.shared(method, protocol), measure=measure, length=length,
                    ended_by="all_lengths" if length == self.lengths[-1] else "not_shown", note="synthetic",
                )  # fmt: skip

    def compare_retrieval(self):
        for method in self.methods:
            for length in self.lengths:
                if method == "plain":
                    continue
                ours, theirs = self.hits[method, length], self.hits["plain", length]
                values = {"length": length, "baseline": "plain", "unit": "prompts", "test": "mcnemar exact"}
                pairs = min(ours[0], theirs[0])
                values |= {"pairs": pairs, "excluded": 0 if pairs else 30, "family": 35}
                if pairs:
                    gap = ours[1] / ours[0] - theirs[1] / theirs[0]
                    values |= {"difference": gap, "low": max(-1.0, gap - 0.1), "high": min(1.0, gap + 0.1),
                               "p": 0.001, "p_holm": 0.01 if abs(gap) > 0.2 else 1.0,
                               "differs": abs(gap) > 0.2}  # fmt: skip
                self.comparison.add(**self.shared(method, LANDMARK), **values)

    def loss(self, method, position):
        """Nats of the token at a position: text helps for a while, then the method breaks."""
        _, middle, cost = self.methods[method]
        gain = 0.12 * math.log2(max(1, min(position, 2 * middle)) / 256)
        return 4.4 + cost - gain + 6.0 / (1 + (3 * middle / position) ** 2)

    def perplexity(self, protocol, lengths):
        methods = ["plain"] if protocol == LAST else list(self.methods)
        for method in methods:
            for length in lengths:
                status = self.status(method, length)
                if status == "skipped":
                    status = "failed"  # a text is too short for every method or for none
                documents = []
                for document in range(DOCUMENTS):
                    at = TRAINED if protocol == LAST else length
                    nll = self.loss(method, at) + self.random.gauss(0, 0.004) + 0.06 * (document % 5)
                    documents.append(nll)
                    self.add_row(
                        method, protocol, length, status,
                        perplexity={"document": f"synthetic-{document}.txt", "document_sha256": f"{document:064}",
                                    "forwards": [], "bytes": 4096, "nll": nll if status == "ok" else None},
                    )  # fmt: skip
                self.add_perplexity_cell(method, protocol, length, documents, status)

    def add_perplexity_cell(self, method, protocol, length, documents, status):
        shared = self.shared(method, protocol)
        if status != "ok":
            self.summary.add(**shared, length=length, band="all", n=0, diverged=0, missing=DOCUMENTS)
            return
        mean, error = statistics.mean(documents), statistics.stdev(documents) / math.sqrt(DOCUMENTS)
        self.nll[method, protocol, length] = mean
        self.summary.add(
            **shared, length=length, band="all", n=DOCUMENTS, diverged=0, missing=0, estimate=mean,
            low=mean - 2 * error, high=mean + 2 * error, interval="bootstrap over documents",
            perplexity=math.exp(mean), bits_per_byte=mean / 2.5, tokens=10240,
        )  # fmt: skip
        begins = range(0, length, TRAINED // 2) if protocol in (TRUNCATED, PRESS) else [length - 1024]
        for begin in begins:
            end = begin + TRAINED // 2  # as summarize has it: of the last one too
            within = min(end, length)
            nll = self.loss(method, max(1, (begin + within) // 2))
            self.position.add(**shared, length=length, begin=begin, end=end, tokens=10 * (within - begin), nll=nll,
                              perplexity=math.exp(nll))  # fmt: skip

    def compare_perplexity(self):
        for method in self.methods:
            for length in self.lengths:
                ours, theirs = (self.nll.get((name, FIXED, length)) for name in (method, "plain"))
                if method == "plain":
                    continue
                values = {"length": length, "baseline": "plain", "unit": "documents", "pairs": DOCUMENTS,
                          "excluded": 0, "family": 35}  # fmt: skip
                if ours and theirs:
                    gap = ours - theirs
                    values |= {"difference": gap, "low": gap - 0.02, "high": gap + 0.02, "differs": abs(gap) > 0.03,
                               "test": "bootstrap over documents", "p": 0.001, "p_holm": 0.02}  # fmt: skip
                self.comparison.add(**self.shared(method, FIXED), **values)
        for method in self.methods:
            for measure, length in (("ppl_not_worse", TRAINED), ("ppl_better", None)):
                self.effective.add(**self.shared(method, FIXED), measure=measure, length=length, ended_by="not_shown",
                                   note="synthetic")  # fmt: skip
            cost = self.methods[method][2]
            known = {} if self.kind == "all_failed" else {"estimate": cost, "low": cost - 0.01, "high": cost + 0.01}
            self.effective.add(**self.shared(method, FIXED), measure="short_context_cost", length=TRAINED,
                               note="synthetic", **known)  # fmt: skip

    def experiment(self):
        def retrieval(absent):
            return {"type": "passkey", "protocol": "landmark/1", "placement": "per-length", "absent": absent,
                    "trials": {str(length): self.trials(length) for length in self.lengths}, "depths": DEPTHS,
                    "design": "stratified", "lengths": self.lengths, "methods": list(self.methods)}  # fmt: skip

        def perplexity(name, methods=tuple(self.methods), **counts):
            return {"type": "perplexity", "protocol": name, "lengths": self.lengths, "methods": list(methods),
                    "corpus": [f"synthetic-{i}.txt" for i in range(DOCUMENTS)], **counts}  # fmt: skip

        return {
            "model": "synthetic, no model", "dtype": "bfloat16", "bos": "auto", "seed": 1, "baseline": "plain",
            "tau": 0.85, "alpha": 0.05, "delta": 0.01, "trials_after_failure": 10, "lengths": self.lengths,
            "methods": {name: chain for name, (chain, _, _) in self.methods.items()},
            "evals": [retrieval(False), retrieval(True), perplexity("fixed-target/1", targets=1024),
                      perplexity("truncated/1"), perplexity("last-window/1", ["plain"], targets=1024),
                      perplexity("press/1", stride=1024)],
        }  # fmt: skip

    def write(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.retrieval(LANDMARK)
        self.compare_retrieval()
        self.retrieval(ABSENT)
        for protocol in (FIXED, TRUNCATED, LAST, PRESS):
            self.perplexity(protocol, self.lengths)
        self.compare_perplexity()
        identity = {"experiment": "e" * 64, "weights": "5" * 64, "tokenizer": "7" * 64, "trained_length": TRAINED,
                    "shape": {"head_dim": 64, "rotary_dim": 64, "theta": 10000.0}, "configured": [],
                    "corpora": {}}  # fmt: skip
        provenance = [{"note": "synthetic: nothing was computed"}]
        manifest = {"schema_version": 1, "identity": identity, "provenance": provenance}
        (folder / "experiment.json").write_text(json.dumps(self.experiment(), indent=2) + "\n")
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows))
        (folder / "methods.txt").write_text("Synthetic: no model has computed these rows.\n")
        self.summary.write(folder / "summary.csv")
        self.effective.write(folder / "effective_length.csv")
        self.comparison.write(folder / "comparison.csv")
        self.position.write(folder / "position_nll.csv")
        return folder


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in {"full", "many", "one_length", "one_method", "all_failed"}:
        print(__doc__, file=sys.stderr)
        return 2
    SyntheticRun(sys.argv[1]).write(sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
