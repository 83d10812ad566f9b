"""A whole forward, side by side with Hugging Face Transformers (SDPA): a random model of 4 layers,
192 wide, at 65,536 tokens, on as many threads.

usage: forward_bench.py PARITY_SCORE [TOKENS] [THREADS]

Both score the same tokens of the same checkpoint. Ours is timed by the tool itself around score();
Transformers around the forward and the log-softmax, after one short forward to warm up. Only the
last 1,024 tokens are scored by both (logits of all would need 0.4 GB).
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import checkpoints  # noqa: E402
from parity import random_tokens  # noqa: E402

SCORED = 1024


def theirs(folder, tokens, dtype):
    import transformers

    model = transformers.LlamaForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="sdpa"
    ).eval()
    ids = torch.tensor([tokens])
    with torch.inference_mode():
        model(ids[:, :512])
        start = time.perf_counter()
        logits = model(ids, use_cache=False, logits_to_keep=SCORED + 1).logits[0, :-1].float()
        scores = torch.log_softmax(logits, -1).gather(1, ids[0, -SCORED:, None])
        assert scores.isfinite().all()
        return time.perf_counter() - start


def ours(tool, folder, tokens, dtype, threads, scratch):
    jobs = scratch / "jobs.json"
    job = {
        "checkpoint": str(folder),
        "methods": [],
        "trained_length": 4096,
        "dtype": dtype,
        "query_offset": 0,
        "scored_from": len(tokens) - SCORED,
        "threads": threads,
        "out": str(scratch / "out.f32"),
    }
    jobs.write_text(json.dumps([{**job, "tokens": tokens[-2048:], "scored_from": 1024}, {**job, "tokens": tokens}]))
    done = subprocess.run([tool, str(jobs)], check=True, capture_output=True, text=True)
    report = json.loads(done.stdout.splitlines()[-1])
    return report["seconds"], report["kernel"]


def main():
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 65536
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    torch.set_num_threads(threads)
    shape = checkpoints.Shape("bench", hidden=192, heads=3, kv_heads=3, head_dim=64, layers=4)
    tokens = random_tokens(count, 1)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        checkpoints.make(shape, scratch / "model", 1)
        for dtype in ("bfloat16", "float32"):
            mine, kernel = ours(tool, scratch / "model", tokens, dtype, threads, scratch)
            other = theirs(scratch / "model", tokens, getattr(torch, dtype))
            print(
                f"{count} tokens, {threads} threads, {dtype}: {mine:.2f} s ({kernel}), "
                f"Transformers {other:.2f} s, {other / mine:.2f}x",
                flush=True,
            )


if __name__ == "__main__":
    main()
