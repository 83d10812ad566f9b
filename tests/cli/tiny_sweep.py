"""A sweep that takes a second, for tests of whole commands: a tiny random LLaMA, an experiment
about it, and what a run directory holds.

Environment: ROPEWALK_BINARY, ROPEWALK_MAKE_RANDOM_CHECKPOINT, ROPEWALK_STOP_AFTER_WRITE.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import sentencepiece

ROPEWALK = os.environ["ROPEWALK_BINARY"]
MAKE_CHECKPOINT = os.environ["ROPEWALK_MAKE_RANDOM_CHECKPOINT"]
PIECES = 400


def words():
    """Lines to train a tokenizer on: the prompts' own words."""
    return [f"The pass key is {number * 7919 % 99991}. Remember it. The grass is green. "
            "The sky is blue. The sun is yellow. Here we go. There and back again. "
            "What is the pass key? There is an important info hidden inside a lot of "
            "irrelevant text. Find it and memorize them. I will quiz you about it.\n"
            for number in range(2000)]


def make_model(folder):
    """Two layers of random weights, and a tokenizer trained on the prompts' own words."""
    folder.mkdir()
    text = folder / "words.txt"
    text.write_text("".join(words()), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "tokenizer"), vocab_size=PIECES,
        model_type="bpe", byte_fallback=True, split_digits=True, normalization_rule_name="identity",
        minloglevel=2)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32,
        "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 16, "hidden_act": "silu", "rms_norm_eps": 1e-5,
        "vocab_size": PIECES, "max_position_embeddings": 256, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False, "seed": 5}
    subprocess.run([MAKE_CHECKPOINT, folder, json.dumps(config)], check=True)
    (folder / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": True}))


METHODS = {"plain": [], "yarn": [{"type": "yarn", "factor": 4}],
           "dynamic": [{"type": "dynamic_ntk"}]}
LENGTHS = [512, 1024, 2048]


def make_experiment(folder, name="experiment", **changes):
    """Every kind of group that a sweep knows, unless `changes` say otherwise."""
    (folder / "book.txt").write_text(
        " ".join(f"Sentence {number} of a book about rope." for number in range(600)),
        encoding="utf-8")
    experiment = {
        "model": "model", "trained_length": 256, "dtype": "float32", "seed": 1,
        "methods": METHODS, "lengths": LENGTHS,
        "evals": [
            {"type": "passkey", "protocol": "landmark", "trials": 20, "depths": 5},
            {"type": "passkey", "protocol": "landmark", "placement": "absolute", "trials": 5,
             "depths": 5},
            {"type": "perplexity", "protocol": "fixed-target", "targets": 64,
             "corpus": ["book.txt"]},
            {"type": "perplexity", "protocol": "truncated", "corpus": ["book.txt"]}],
        **changes}
    file = folder / f"{name}.json"
    file.write_text(json.dumps(experiment))
    return file


def command(experiment, out, *more):
    return [ROPEWALK, "sweep", str(experiment), "--out", str(out), *more]


def sweep(experiment, out, *more, **options):
    return subprocess.run(command(experiment, out, *more), capture_output=True, text=True,
                          timeout=600, **options)


def stopped_sweep(experiment, out, *more, after, times=1):
    """A sweep that stands still (SIGSTOP) right after it wrote `after` for the `times`-th time."""
    process = subprocess.Popen(
        command(experiment, out, *more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "LD_PRELOAD": os.environ["ROPEWALK_STOP_AFTER_WRITE"],
                        "STOP_AFTER_WRITE": after, "STOP_AFTER_TIMES": str(times)})
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"the sweep ended before it wrote {times} of {after}"
    return process


def lines(out, name):
    """Parsed lines of a .jsonl file; a torn last one is left out, a missing file has none."""
    file = out / name
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().split("\n")[:-1]]


def sorted_rows(out):
    """Rows in order of cells, byte for byte; fails when a cell has two."""
    cells = [row["cell"] for row in lines(out, "rows.jsonl")]
    assert len(set(cells)) == len(cells), f"{out}: a cell was run twice"
    return sorted((out / "rows.jsonl").read_text().splitlines())


def summary(*outs):
    """Bytes of everything that summarize derives."""
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run([ROPEWALK, "summarize", *map(str, outs), "--out", folder],
                               check=True, capture_output=True)
        files = {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())}
    return {**files, "stdout": ended.stdout}
