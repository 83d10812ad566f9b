"""Holds every method that sets positions, through the whole model, to its paper's formula: attention in double over
an n x n matrix of distances, which knows no ruler, span or tile.

usage: methods.py SCORE_TOOL

The matrices are those of scripts/goldens/distances.py, written from the papers; Transformers supplies the rest of the
model, with its own rotation switched off.
"""

import math
import pathlib
import sys
import tempfile

import torch
import transformers

import checkpoints
from checkpoints import SHAPES, TRAINED_LENGTH
from parity import TOLERANCE, VISIBLE, Jobs, largest, random_tokens

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from goldens.distances import matrix  # noqa: E402

TOKENS = 300  # beyond the trained length, so that log-n gains show
STRING_MAGNITUDE = 0.1 * math.log(2) + 1
# method, its parameters, whether the published log-n gain applies, magnitude, rope_scaling that it is stacked on
CASES = [
    ("self_extend", dict(group=3, window=20), False, 1, None),
    ("self_extend_shifted", dict(group=3, window=20), False, 1, None),
    ("llama_cpp_self_extend", dict(group=4, window=16), False, 1, None),
    ("rerope", dict(window=20), True, 1, None),
    ("leaky_rerope", dict(window=20, factor=3), True, 1, None),
    ("dual_chunk", dict(chunk=24, local=6), False, 1, None),
    ("string", dict(shift=40, window=8), False, STRING_MAGNITUDE, None),
    ("lm_infinite", dict(window=30, global_tokens=4), False, 1, None),
    ("streaming", dict(sinks=4, window=30), False, 1, None),
    ("sliding_window", dict(window=30), False, 1, None),
    ("dual_chunk", dict(chunk=130, local=20), False, 1, {"rope_type": "yarn", "factor": 4.0}),
]


def attention_by_distance(rows, has_log_n, inv_freq, magnitude):
    """An attention function of Transformers: softmax over Re(q conj(k) e^(i distance inv_freq)), pair by pair."""
    n = len(rows)
    distance = torch.full((n, n), math.nan, dtype=torch.float64)
    for query, row in enumerate(rows):
        distance[query, : query + 1] = torch.tensor([math.nan if d is None else float(d) for d in row])
    gain = torch.ones(n, dtype=torch.float64)
    if has_log_n:
        gain = torch.tensor([max(1, math.log(m + 1) / math.log(TRAINED_LENGTH)) for m in range(n)])

    def attend(module, query, key, value, attention_mask, scaling, **_):
        group = query.shape[1] // key.shape[1]
        key, value = (x.repeat_interleave(group, dim=1) for x in (key, value))  # [1, heads, n, head_dim]
        half = query.shape[-1] // 2
        q, k = (torch.complex(x[0, :, :, :half], x[0, :, :, half:]) for x in (query, key))  # [heads, n, pairs]
        logits = torch.zeros(query.shape[1], n, n, dtype=torch.float64)
        for pair, frequency in enumerate(inv_freq.tolist()):
            angle = distance.nan_to_num() * frequency
            product = q[:, :, None, pair] * k[:, None, :, pair].conj()
            logits += product.real * angle.cos() - product.imag * angle.sin()
        logits *= magnitude**2 * scaling * gain[:, None]
        weights = logits.masked_fill(distance.isnan(), -math.inf).softmax(-1)
        return (weights @ value[0]).transpose(0, 1)[None], None  # [1, n, heads, head_dim]

    return attend


def expected(shape, weights, rope_scaling, tokens, rows, has_log_n, magnitude):
    model = checkpoints.oracle(shape, weights, rope_scaling).double()
    rotary = model.model.rotary_emb
    attend = attention_by_distance(rows, has_log_n, rotary.inv_freq, magnitude * rotary.attention_scaling)
    transformers.AttentionInterface.register("by_distance", attend)
    model.config._attn_implementation = "by_distance"
    unturned = torch.zeros(1, len(tokens), shape.head_dim, dtype=torch.float64)
    rotary.forward = lambda x, position_ids: (unturned + 1, unturned)
    return checkpoints.log_probs(model, tokens)


def main():
    shape = SHAPES[0]
    tokens = random_tokens(TOKENS, 1)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model"
        weights = checkpoints.make(shape, path, 0)
        jobs = Jobs(sys.argv[1], folder)
        plain = jobs.add(path, [], tokens)
        results = []
        for name, parameters, _, _, scaling in CASES:
            first = [{"type": "yarn", "factor": scaling["factor"]}] if scaling else []
            results.append(jobs.add(path, [*first, {"type": name, **parameters}], tokens))
        jobs.run()
        for (name, parameters, has_log_n, magnitude, scaling), result in zip(CASES, results):
            if scaling:
                scaling = {**scaling, "original_max_position_embeddings": TRAINED_LENGTH}
            rows = matrix(name, TOKENS, parameters)
            wanted = expected(shape, weights, scaling, tokens, rows, has_log_n, magnitude)
            difference, moved = largest(result(), wanted), largest(wanted, plain())
            good = difference <= TOLERANCE and moved >= VISIBLE
            failures += not good
            title = ("yarn, " if scaling else "") + name
            print(
                f"{'ok  ' if good else 'FAIL'} {title:22} difference {difference:.1e}  "
                f"moved against plain {moved:.2f}"
            )
    return failures


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
