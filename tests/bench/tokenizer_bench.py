#!/usr/bin/env python3
"""Encoding speed of our tokenizer beside that of Hugging Face's tokenizers, one thread each, by CPU time.

    tokenizer_bench.py ENCODE_TOOL [NAME...]      NAME: smollm2, or one of tests/parity/tokenizer_makers.py

Each reads the same texts, whole files at a time: prose (the built-in model's texts, where scripts/corpora has
put them) and source code (the Python library). Both start with an empty cache at every text. The best of
three runs, the two programs by turns.
"""

import os
import pathlib
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))

import tokenizer_makers  # noqa: E402
import tokenizer_texts  # noqa: E402
import tokenizers_parity  # noqa: E402

RUNS = 3
BYTES = 4_000_000  # of each kind


def some_of(texts):
    return "".join(texts).encode("utf-8")[:BYTES].decode("utf-8", errors="ignore")


def theirs(tokenizer, text):
    start = time.process_time()
    tokenizer.encode(text, add_special_tokens=False)
    return time.process_time() - start


def main(tool, *names):
    makers = {"smollm2": tokenizer_makers.smollm2} | tokenizer_makers.GENERATED
    kinds = {"prose": some_of(tokenizer_texts.corpora()), "source code": some_of(tokenizer_texts.source_code())}
    lines = tokenizers_parity.training_lines()
    print("| tokenizer | text | MB | ours, MB/s | tokenizers, MB/s | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for name in names or ["smollm2", "llama3", "qwen2", "llama2"]:
        tokenizer, config = makers[name](lines)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            tokenizers_parity.write(tokenizer, config, folder)
            for kind, text in kinds.items():
                if not text:
                    continue
                times = {"ours": [], "theirs": []}
                for _ in range(RUNS):
                    fresh = tokenizer.from_file(str(folder / "tokenizer.json"))
                    times["theirs"].append(theirs(fresh, text))
                    times["ours"].append(tokenizers_parity.ours(tool, folder, [text])[0]["seconds"])
                size = len(text.encode("utf-8")) / 1e6
                a, b = size / min(times["ours"]), size / min(times["theirs"])
                print(f"| {name} | {kind} | {size:.1f} | {a:.1f} | {b:.1f} | {a / b:.1f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
