"""Tokens a second of a whole GGUF model, side by side: Ropewalk, Transformers, and llama.cpp where it is installed.

Needs the file (scripts/models smollm2) and the package accelerate, without which Transformers reads no GGUF.

usage: gguf_bench.py PARITY_SCORE [TOKENS...] [--threads N]       TOKENS: 4096 8192 by default

All read SmolLM2-135M from the same file (scripts/models smollm2) and run the same random tokens once, in one forward
without a cache to fill again, and all make the logits of the last 1,024. Ours is bfloat16, dequantising included;
Transformers' is bfloat16 with SDPA on weights dequantised beforehand; llama.cpp's (llama-cpp-python, flash attention
on) computes on the quantised blocks in batches of 512. Compare ratios of one run.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
from smollm2 import SMOLLM2  # noqa: E402

SCORED = 1024
VOCABULARY = 49152
LLAMA_CPP_BATCH = 512


def ours(tool, tokens, threads, scratch):
    job = {"checkpoint": str(SMOLLM2), "methods": [], "trained_length": 8192, "dtype": "bfloat16",
           "query_offset": 0, "threads": threads, "out": str(scratch / "out.f32")}  # fmt: skip
    warm = {**job, "tokens": tokens[:512], "scored_from": 1}
    timed = {**job, "tokens": tokens, "scored_from": len(tokens) - SCORED}
    (scratch / "jobs.json").write_text(json.dumps([warm, timed]))
    done = subprocess.run([tool, scratch / "jobs.json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["seconds"]


def transformers_seconds(model, tokens):
    ids = torch.tensor([tokens])
    with torch.inference_mode():
        model(ids[:, :512], use_cache=False)
        start = time.perf_counter()
        logits = model(ids, use_cache=False, logits_to_keep=SCORED + 1).logits[0, :-1].float()
        torch.log_softmax(logits, -1).gather(1, ids[0, -SCORED:, None]).sum().item()
        return time.perf_counter() - start


def llama_cpp_seconds(tokens, threads):
    import llama_cpp

    model = llama_cpp.Llama(str(SMOLLM2), n_ctx=len(tokens), n_batch=LLAMA_CPP_BATCH, n_threads=threads,
                            n_threads_batch=threads, flash_attn=True, verbose=False)  # fmt: skip
    model.eval(tokens[:LLAMA_CPP_BATCH])
    model.reset()
    model._ctx.kv_cache_clear()
    start = time.perf_counter()
    for begin in range(0, len(tokens), LLAMA_CPP_BATCH):
        # Llama.eval() asks for the logits of all tokens or of the last one: this is its body.
        is_scored = begin >= len(tokens) - SCORED
        model._batch.set_batch(tokens[begin : begin + LLAMA_CPP_BATCH], n_past=begin, logits_all=is_scored)
        model._ctx.decode(model._batch)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parity_score", type=pathlib.Path)
    parser.add_argument("tokens", type=int, nargs="*", default=[4096, 8192])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(
        SMOLLM2.parent, gguf_file=SMOLLM2.name, dtype=torch.bfloat16, attn_implementation="sdpa"
    ).eval()
    for count in options.tokens:
        generator = torch.Generator().manual_seed(count)
        tokens = torch.randint(VOCABULARY, (count,), generator=generator).tolist()
        with tempfile.TemporaryDirectory() as scratch:
            mine = ours(options.parity_score, tokens, options.threads, pathlib.Path(scratch))
        others = {"Transformers": transformers_seconds(model, tokens)}
        try:
            others["llama.cpp"] = llama_cpp_seconds(tokens, options.threads)
        except ImportError:
            pass  # built from source when it is installed: not among our requirements
        line = f"{count} tokens, {options.threads} threads: {count / mine:.0f} tokens/s"
        for name, seconds in others.items():
            line += f"; {name} {count / seconds:.0f} ({seconds / mine:.2f}x)"
        print(line, flush=True)


if __name__ == "__main__":
    main()
