"""SmolLM2's perplexity by `ppl/half-chunk` equals llama.cpp's of the same GGUF file within 1 %.

    llama_cpp_perplexity.py ROPEWALK [TOKENS]      TOKENS: 16384 by default

Run by hand: it needs the file (scripts/models smollm2), the texts (scripts/corpora) and the package llama-cpp-python,
which pip builds from source. llama.cpp's side is its perplexity tool's default protocol, written out here over
llama-cpp-python: disjoint chunks of n tokens, the first one replaced by BOS where the model asks for one, the tokens
after n / 2 scored, a rest shorter than n left out. It computes on the quantised blocks with quantised activations,
which Ropewalk does not: hence the tolerance.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy
import pandas

from smollm2 import SMOLLM2
from tokenizer_texts import ROOT

NOVEL = ROOT / ".corpora/heldout/austen_emma.txt"
LENGTHS = [512, 2048]
TOLERANCE = 0.01


def llama_cpp_half_chunk(tokens, length):
    """-> mean NLL in nats, tokens scored"""
    model = llama_cpp.Llama(str(SMOLLM2), n_ctx=length, n_batch=512, logits_all=True, flash_attn=True, verbose=False)
    starts_with_bos = llama_cpp.llama_vocab_get_add_bos(model._model.vocab)
    nll = []
    for begin in range(0, len(tokens) - length + 1, length):
        chunk = list(tokens[begin : begin + length])
        given = [model.token_bos(), *chunk[1:]] if starts_with_bos else chunk
        model.reset()
        model.eval(given)
        logits = model.scores[length // 2 : length - 1].astype(numpy.float64)  # of the tokens after them
        largest = logits.max(axis=1)
        log_sums = largest + numpy.log(numpy.exp(logits - largest[:, None]).sum(axis=1))
        nll.extend(log_sums - logits[numpy.arange(len(logits)), chunk[length // 2 + 1 :]])
    return float(numpy.mean(nll)), len(nll)


def ours(ropewalk, text, folder, dtype):
    """-> {length: its line of summary.csv}"""
    (folder / "text.txt").write_text(text, encoding="utf-8")
    evaluation = {"type": "perplexity", "protocol": "half-chunk", "corpus": [str(folder / "text.txt")]}
    experiment = {"model": str(SMOLLM2), "trained_length": 8192, "dtype": dtype, "seed": 1, "baseline": "plain",
                  "methods": {"plain": []}, "lengths": LENGTHS, "evals": [evaluation]}  # fmt: skip
    (folder / "experiment.json").write_text(json.dumps(experiment))
    run = folder / dtype
    subprocess.run([ropewalk, "sweep", folder / "experiment.json", "--out", run], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([ropewalk, "summarize", run], check=True, capture_output=True)
    summary = pandas.read_csv(run / "summary.csv")
    return {length: summary[summary["length"] == length].iloc[0] for length in LENGTHS}


def main(ropewalk, count="16384"):
    vocabulary = llama_cpp.Llama(str(SMOLLM2), vocab_only=True, verbose=False)
    text = NOVEL.read_text(encoding="utf-8")
    tokens = vocabulary.tokenize(text.encode(), add_bos=False)[: int(count)]
    text = vocabulary.detokenize(tokens).decode("utf-8", errors="ignore")
    theirs = {length: llama_cpp_half_chunk(tokens, length) for length in LENGTHS}
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float32", "bfloat16"):
            measured = ours(ropewalk, text, pathlib.Path(folder), dtype)
            for length in LENGTHS:
                nll, scored = theirs[length]
                mine = measured[length]
                ratio = mine["perplexity"] / numpy.exp(nll)
                good = mine["tokens"] == scored and abs(ratio - 1) <= TOLERANCE
                failures += not good
                print(f"{'ok  ' if good else 'FAIL'} {dtype:8} chunks of {length:,}: perplexity {mine['perplexity']:.3f} of "
                      f"{mine['tokens']:,} tokens, llama.cpp {numpy.exp(nll):.3f} of {scored:,}, ratio {ratio:.4f}", flush=True)  # fmt: skip
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
