"""What a layer of Llama-2-7B costs in a forward, and a prompt of 32 such layers: random weights, bfloat16, 2 threads.

usage: layer_bench.py PARITY_MEMORY [TOKENS...]    4,096, 16,384 and 32,768 tokens unless given

Three layers less one: of the last layer only those rows are made that the head reads, so that a model of one layer says
nothing of those before it.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import checkpoints  # noqa: E402
from memory import PLAIN, SEVEN_B, Case, measure  # noqa: E402

LAYERS = 32


def main():
    tokens_asked = [int(tokens) for tokens in sys.argv[2:]] or [4_096, 16_384, 32_768]
    one, three = (checkpoints.Shape(f"{layers} layers", layers=layers, **SEVEN_B) for layers in (1, 3))
    with tempfile.TemporaryDirectory() as name:
        for tokens in tokens_asked:
            seconds = {
                shape: measure(sys.argv[1], pathlib.Path(name), Case(shape, tokens, "bfloat16", PLAIN))["seconds"]
                for shape in (one, three)
            }
            layer = (seconds[three] - seconds[one]) / 2
            print(f"{tokens:7,} tokens: {layer:6.1f} s a layer, {LAYERS * layer / 60:6.1f} min for {LAYERS}", flush=True)


if __name__ == "__main__":
    main()
