"""SmolLM2's log-probabilities equal those of Transformers, both from the same GGUF file.

    gguf_parity.py SCORE_TOOL ENCODE_TOOL [TOKENS]    TOKENS: 4096 by default

Run by hand: it needs the file (scripts/models smollm2) and the package accelerate, without which Transformers reads
no GGUF. The text is the beginning of a held-out novel, or where scripts/corpora has not been run, of this repository's
README. The trained length is taken as half of the tokens, so that every scaling at factor 2 is at work.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy
import torch
import transformers

import checkpoints
from smollm2 import SMOLLM2
from tokenizer_texts import ROOT

LARGEST, MEAN = 2e-3, 1e-4  # nats, in float32
VISIBLE = 0.1  # nats by which a scaling must move some token

FACTOR = 2.0


def scalings(trained):
    """name -> (rope_scaling of Transformers, the chain that means the same)."""
    yarn = {"rope_type": "yarn", "factor": FACTOR, "original_max_position_embeddings": trained}
    return {
        "plain": (None, []),
        "linear": ({"rope_type": "linear", "factor": FACTOR}, [{"type": "linear", "factor": FACTOR}]),
        "yarn": (yarn, [{"type": "yarn", "factor": FACTOR}]),
        "dynamic": ({"rope_type": "dynamic", "factor": FACTOR}, [{"type": "dynamic_ntk", "factor": FACTOR}]),
    }


def encoded(tool, text, folder):
    data = text.encode("utf-8")
    (folder / "text").write_bytes(struct.pack("<Q", len(data)) + data)
    subprocess.run([tool, SMOLLM2, folder / "text", folder / "ids"], check=True, stdout=subprocess.DEVNULL)
    answer = (folder / "ids").read_bytes()
    (count,) = struct.unpack_from("<Q", answer)
    return list(struct.unpack_from(f"<{count}i", answer, 8))


def ours(tool, methods, tokens, trained, folder):
    job = {"checkpoint": str(SMOLLM2), "methods": methods, "trained_length": trained, "dtype": "float32",
           "query_offset": 0, "tokens": tokens, "out": str(folder / "scores"), "threads": 1}  # fmt: skip
    (folder / "jobs.json").write_text(json.dumps([job]))
    subprocess.run([tool, folder / "jobs.json"], check=True, stdout=subprocess.DEVNULL)
    return torch.from_numpy(numpy.fromfile(folder / "scores", "<f4")).double()


def main(score_tool, encode_tool, length="4096"):
    torch.set_num_threads(1)
    length = int(length)
    novel = ROOT / ".corpora/heldout/austen_emma.txt"
    text = (novel if novel.exists() else ROOT / "README.md").read_text(encoding="utf-8")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        SMOLLM2.parent, gguf_file=SMOLLM2.name, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    failures, plain = 0, None
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tokens = encoded(encode_tool, text[: 8 * length], folder)[:length]
        for name, (rope_scaling, methods) in scalings(length // 2).items():
            config = model.config
            config.rope_scaling, config.max_position_embeddings = rope_scaling, length // 2
            model.model.rotary_emb = type(model.model.rotary_emb)(config)
            expected = checkpoints.log_probs(model, tokens)
            plain = expected if plain is None else plain
            moved = (expected - plain).abs().max().item()
            difference = (ours(score_tool, methods, tokens, length // 2, folder) - expected).abs()
            good = difference.max() <= LARGEST and difference.mean() <= MEAN
            good = good and (name == "plain" or moved >= VISIBLE)
            failures += not good
            print(f"{'ok  ' if good else 'FAIL'} {name:8} {len(tokens)} tokens: largest {difference.max():.1e}, "
                  f"mean {difference.mean():.1e}, moved against plain {moved:.2f}", flush=True)  # fmt: skip
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
