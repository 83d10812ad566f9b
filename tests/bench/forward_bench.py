"""A whole forward, side by side with Hugging Face Transformers (SDPA): a random model of 4 layers,
192 wide, with a vocabulary of 151.

usage: forward_bench.py PARITY_SCORE [TOKENS [THREADS [DTYPE]]]    65,536 tokens, 1 thread, bfloat16 and
                                                                  float32 unless given

Both score the last 1,024 of the same tokens of the same checkpoint once, after one short forward to
warm up: ours is timed by the tool around score(), Transformers around the forward and the log-softmax
of the 1,025 rows that need it. Processor time is the measure on a machine that other work shares, with
one thread: threads that wait for one another count as working.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import checkpoints  # noqa: E402
from parity import random_tokens  # noqa: E402

SCORED = 1024
WARM_UP = 2048


def refuse_masks():
    """A materialised mask of tokens x tokens would be what is measured: 4 GB at 65,536, and more when added."""
    attend = torch.nn.functional.scaled_dot_product_attention

    def checked(*arguments, attn_mask=None, is_causal=False, **options):
        if attn_mask is not None or not is_causal:
            raise RuntimeError("Transformers made a mask: is_causal was meant to serve")
        return attend(*arguments, is_causal=True, **options)

    torch.nn.functional.scaled_dot_product_attention = checked


def theirs(folder, tokens, dtype):
    """-> seconds by the clock, seconds of processor time"""
    model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").eval()

    def score(tokens):
        ids = torch.tensor([tokens])
        # With a cache, because without one Transformers expects packed sequences and makes a mask.
        cache = transformers.DynamicCache()
        logits = model(ids, past_key_values=cache, logits_to_keep=SCORED + 1).logits[0, :-1].float()
        assert torch.log_softmax(logits, -1).gather(1, ids[0, -SCORED:, None]).isfinite().all()

    with torch.inference_mode():
        score(tokens[-WARM_UP:])
        clock, processor = time.perf_counter(), time.process_time()
        score(tokens)
        return time.perf_counter() - clock, time.process_time() - processor


def ours(tool, folder, tokens, dtype, threads, scratch):
    """-> seconds by the clock, seconds of processor time, name of the attention kernel"""

    def job(tokens):
        return {
            "checkpoint": str(folder),
            "methods": [],
            "trained_length": 4096,
            "dtype": dtype,
            "query_offset": 0,
            "tokens": tokens,
            "scored_from": len(tokens) - SCORED,
            "threads": threads,
            "out": str(scratch / "out.f32"),
        }

    jobs = scratch / "jobs.json"
    jobs.write_text(json.dumps([job(tokens[-WARM_UP:]), job(tokens)]))
    done = subprocess.run([tool, str(jobs)], check=True, capture_output=True, text=True)
    report = json.loads(done.stdout.splitlines()[-1])
    return report["seconds"], report["processor_seconds"], report["kernel"]


def main():
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 65536
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    dtypes = sys.argv[4:5] or ["bfloat16", "float32"]
    torch.set_num_threads(threads)
    refuse_masks()
    shape = checkpoints.Shape("bench", hidden=192, heads=3, kv_heads=3, head_dim=64, layers=4)
    tokens = random_tokens(count, 1)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        checkpoints.make(shape, scratch / "model", 1)
        for dtype in dtypes:
            clock, processor, kernel = ours(tool, scratch / "model", tokens, dtype, threads, scratch)
            their_clock, their_processor = theirs(scratch / "model", tokens, getattr(torch, dtype))
            print(
                f"{count:,} tokens, threads {threads}, {dtype}: processor time {processor:.2f} s ({kernel}), "
                f"Transformers {their_processor:.2f} s, {their_processor / processor:.2f}x; "
                f"clock {clock:.2f} s, {their_clock:.2f} s, {their_clock / clock:.2f}x",
                flush=True,
            )


if __name__ == "__main__":
    main()
