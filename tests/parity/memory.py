"""Holds the memory of the scorer to its promises and to our own formula.

usage: memory.py SCORE_TOOL [all]

Without `all` the cases that take seconds; with it those of README too, which take minutes. Anonymous resident memory, sampled by the tool while it scores: mapped weights are not in it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch

import checkpoints
from parity import random_tokens

GB = 1e9
SMALL = dict(hidden=192, heads=3, kv_heads=3, head_dim=64, dtype=torch.bfloat16)
SEVEN_B = dict(
    hidden=4096, heads=32, kv_heads=32, head_dim=128, layers=1, intermediate=11008, dtype=torch.bfloat16
)
# name, shape, tokens, compute dtype, limit in bytes
QUICK = [
    ("4 layers, 192 wide", checkpoints.Shape("small", layers=4, **SMALL), 49_152, "bfloat16", 0.5 * GB),
    ("4 layers, 192 wide", checkpoints.Shape("small", layers=4, **SMALL), 32_768, "float32", 0.5 * GB),
    ("4 layers, 192 wide", checkpoints.Shape("small", layers=4, **SMALL), 16_384, "bfloat16", 0.5 * GB),
    ("12 layers, 192 wide", checkpoints.Shape("deep", layers=12, **SMALL), 16_384, "bfloat16", 0.5 * GB),
    ("1 layer of Llama-2-7B", checkpoints.Shape("seven", **SEVEN_B), 4_096, "bfloat16", 1.0 * GB),
]
LONG = [
    ("4 layers, 192 wide", checkpoints.Shape("small", layers=4, **SMALL), 200_000, "bfloat16", 1.5 * GB),
    ("1 layer of Llama-2-7B", checkpoints.Shape("seven", **SEVEN_B), 32_768, "bfloat16", 3.0 * GB),
]


def measure(tool, scratch, shape, tokens, dtype):
    folder = scratch / shape.name
    if not folder.exists():
        checkpoints.make(shape, folder, 1)
    job = {
        "checkpoint": str(folder),
        "methods": [],
        "trained_length": 4096,
        "dtype": dtype,
        "query_offset": 0,
        "tokens": random_tokens(tokens, 1),
        "scored_from": tokens - 1024,
        "converts_weights": dtype == "float32",
        "out": str(scratch / "out.f32"),
    }
    (scratch / "jobs.json").write_text(json.dumps([job]))
    done = subprocess.run([tool, str(scratch / "jobs.json")], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    failures = 0
    peaks = {}
    with tempfile.TemporaryDirectory() as name:
        cases = QUICK + (LONG if sys.argv[2:] == ["all"] else [])
        for title, shape, tokens, dtype, limit in cases:
            got = measure(sys.argv[1], pathlib.Path(name), shape, tokens, dtype)
            peak, estimate = got["anonymous_bytes"], got["estimated_bytes"]
            peaks[shape.name, tokens, dtype] = peak
            good = peak <= limit and abs(estimate / peak - 1) <= 0.15
            failures += not good
            print(
                f"{'ok  ' if good else 'FAIL'} {title:22} {tokens:7,} tokens {dtype}: "
                f"{peak / GB:.2f} GB (limit {limit / GB:.1f}), formula {estimate / GB:.2f} GB, "
                f"{got['seconds']:.1f} s, {got['kernel']}",
                flush=True,
            )
    shallow, deep = peaks["small", 16384, "bfloat16"], peaks["deep", 16384, "bfloat16"]
    good = abs(deep / shallow - 1) <= 0.05
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} 12 layers against 4: {deep / shallow:.3f} of the memory")
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
