"""Holds the memory of the scorer to its promises, and `model::peak_bytes` to what is measured.

usage: memory.py PARITY_MEMORY [all]

Without `all` the cases that take seconds, most of them with a sliding window, which costs time in
proportion to the length and holds the same buffers; with it those of README too, which take minutes.

Anonymous resident memory: mapped weights are not in it. What a path adds to the process is compared
with what the formula says of it, on any machine; where that is most of the memory, so is the whole.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import torch

import checkpoints
from smollm2 import SMOLLM2

GGUF_CONVERT = pathlib.Path(__file__).resolve().parents[1] / "harness/checkpoint/gguf/gguf_convert.py"
MB = 1e6
TOLERANCE = 0.15
THREADS = 2
SMALL = dict(hidden=192, heads=3, kv_heads=3, head_dim=64, dtype=torch.bfloat16)
WIDE = dict(hidden=1024, heads=16, head_dim=64, intermediate=512, layers=2, dtype=torch.bfloat16)
SEVEN_B = dict(hidden=4096, heads=32, kv_heads=32, head_dim=128, intermediate=11008, dtype=torch.bfloat16)

small = checkpoints.Shape("4 layers, 192 wide", layers=4, **SMALL)
deep = checkpoints.Shape("12 layers, 192 wide", layers=12, **SMALL)
wide = checkpoints.Shape("2 layers, 1,024 wide", kv_heads=16, **WIDE)
grouped = checkpoints.Shape("the same, 4 key heads", kv_heads=4, **WIDE)
feeding = checkpoints.Shape("2 layers, 4,096 between", kv_heads=16, **{**WIDE, "intermediate": 4096})
speaking = checkpoints.Shape("1 layer, 32,000 words", layers=1, vocabulary=32_000, **SMALL)
unquantised = checkpoints.Shape(
    "2 layers, GGUF in F32", hidden=1024, heads=16, kv_heads=16, head_dim=64, intermediate=4096, layers=2
)
seven_b = checkpoints.Shape("1 layer of Llama-2-7B", layers=1, **SEVEN_B)

PLAIN = []
WINDOW = [{"type": "sliding_window", "window": 512}]
TWO_RULERS = [{"type": "self_extend", "group": 8, "window": 1024}]
ALTERNATING = [
    {"type": "apply_to_layers", "layers": [*range(0, 12, 2)], "methods": WINDOW},
    {"type": "apply_to_layers", "layers": [*range(1, 12, 2)], "methods": [{"type": "sliding_window", "window": 256}]},
]


@dataclass(frozen=True)
class File:
    """A checkpoint that is there already."""

    name: str
    path: pathlib.Path


quantised = File("SmolLM2-135M, Q4_1", SMOLLM2)


@dataclass(frozen=True, eq=False)
class Case:
    shape: checkpoints.Shape | File
    tokens: int
    dtype: str
    chain: list
    scored: int = 1024
    limit: float = float("inf")  # bytes
    forks: tuple = ()  # where paths leave a trunk; none: one path
    as_gguf: bool = False


SHALLOW = Case(small, 32_768, "bfloat16", WINDOW)
DEEP = Case(deep, 32_768, "bfloat16", WINDOW)
QUICK = [
    SHALLOW,
    DEEP,
    Case(small, 32_768, "float32", WINDOW),
    Case(small, 16_384, "bfloat16", TWO_RULERS),
    Case(deep, 32_768, "bfloat16", ALTERNATING),  # one plan a layer would be a quarter more
    Case(wide, 32_768, "float32", WINDOW),
    Case(grouped, 16_384, "bfloat16", WINDOW, scored=16_000),
    Case(speaking, 8_192, "bfloat16", WINDOW, scored=4_096),
    Case(feeding, 8_192, "bfloat16", WINDOW),  # in float32, a slice at a time, where that is faster
    # Rows of matrices become numbers of the compute dtype, a few at a time. Long enough that what heaps keep in
    # pieces, 6 to 14 MB in float32 from run to run, is little beside the buffers.
    Case(quantised, 16_384, "float32", WINDOW, scored=16),
    Case(quantised, 4_096, "bfloat16", WINDOW, scored=1_000),
    # Queries and keys change places, all else is borrowed: were it copied too, it would be two thirds more.
    Case(unquantised, 2_048, "float32", WINDOW, scored=16, as_gguf=True),
    # As passkey trials are asked: a trunk, and the ends of paths that share it.
    Case(small, 32_768, "bfloat16", WINDOW, scored=8, forks=(31_744, 30_720, 28_672, 25_600, 24_576)),
    Case(small, 20_100, "bfloat16", WINDOW, scored=8, forks=20 * (19_968,)),  # most of its rows are idle
]
LONG = [
    Case(small, 32_768, "bfloat16", PLAIN),
    Case(small, 200_000, "bfloat16", WINDOW, limit=1500 * MB),
    Case(seven_b, 4_096, "bfloat16", PLAIN),
    Case(seven_b, 16_384, "bfloat16", PLAIN, limit=3000 * MB),
    Case(seven_b, 32_768, "bfloat16", PLAIN, limit=3000 * MB),
]


def checkpoint_of(case, scratch):
    if isinstance(case.shape, File):
        return case.shape.path
    folder = scratch / case.shape.name
    if not folder.exists():
        checkpoints.make(case.shape, folder, 1)
    if not case.as_gguf:
        return folder
    file = folder / "model.gguf"
    if not file.exists():
        subprocess.run([sys.executable, "-B", GGUF_CONVERT, folder, file], check=True)
    return file


def measure(tool, scratch, case):
    arguments = [checkpoint_of(case, scratch), json.dumps(case.chain), case.tokens, case.scored, case.dtype, THREADS, *case.forks]
    done = subprocess.run([tool, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    failures = 0
    added = {}
    with tempfile.TemporaryDirectory() as name:
        for case in QUICK + (LONG if sys.argv[2:] == ["all"] else []):
            got = measure(sys.argv[1], pathlib.Path(name), case)
            peak, formula = got["peak"], got["formula"]
            path, path_formula = peak - got["baseline"], formula - got["runtime"]
            added[case] = path
            good = peak <= case.limit and abs(path_formula / path - 1) <= TOLERANCE
            if got["baseline"] <= peak / 4:
                good = good and abs(formula / peak - 1) <= TOLERANCE
            failures += not good
            print(
                f"{'ok  ' if good else 'FAIL'} {case.shape.name:21} {case.tokens:7,} tokens {case.dtype:8}{f', {len(case.forks)} paths' if case.forks else ''}: "
                f"{peak / MB:6.0f} MB, formula {formula / MB:6.0f} ({formula / peak:.2f}); "
                f"the path {path / MB:6.0f}, formula {path_formula / MB:6.0f} ({path_formula / path:.2f}); "
                f"{got['seconds']:.1f} s, {got['kernel']}",
                flush=True,
            )
    ratio = added[DEEP] / added[SHALLOW]
    good = abs(ratio - 1) <= 0.1  # the keys and values of one layer are a third of it
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} 12 layers against 4: {ratio:.3f} of the memory")
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
