"""A sweep that is killed at random moments ends with the rows of one that was not.

usage: sweep_survival.py [--kills N]

Environment: ROPEWALK_BINARY, ROPEWALK_MAKE_RANDOM_CHECKPOINT.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

import sentencepiece

ROPEWALK = os.environ["ROPEWALK_BINARY"]
MAKE_CHECKPOINT = os.environ["ROPEWALK_MAKE_RANDOM_CHECKPOINT"]
PIECES = 400


def make_model(folder):
    """A tiny random LLaMA with a tokenizer trained on the prompts' own words."""
    text = folder / "words.txt"
    with open(text, "w", encoding="utf-8") as out:
        for number in range(2000):
            out.write(f"The pass key is {number * 7919 % 99991}. Remember it. The grass is green. "
                      "The sky is blue. The sun is yellow. Here we go. There and back again. "
                      "What is the pass key? There is an important info hidden inside a lot of "
                      "irrelevant text. Find it and memorize them. I will quiz you about it.\n")
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


def make_experiment(folder):
    book = " ".join(f"Sentence {number} of a book about rope." for number in range(600))
    (folder / "book.txt").write_text(book, encoding="utf-8")
    experiment = {
        "model": "model", "trained_length": 256, "dtype": "float32", "seed": 1,
        "methods": {"plain": [], "yarn": [{"type": "yarn", "factor": 4}],
                    "dynamic": [{"type": "dynamic_ntk"}]},
        "evals": [
            {"type": "passkey", "protocol": "landmark", "trials": 20, "depths": 5},
            {"type": "passkey", "protocol": "landmark", "placement": "absolute", "trials": 5,
             "depths": 5},
            {"type": "perplexity", "protocol": "fixed-target", "targets": 64,
             "corpus": ["book.txt"]},
            {"type": "perplexity", "protocol": "truncated", "corpus": ["book.txt"]}],
        "lengths": [512, 1024, 2048]}
    (folder / "experiment.json").write_text(json.dumps(experiment))
    return folder / "experiment.json"


def command(experiment, out, *more):
    return [ROPEWALK, "sweep", str(experiment), "--out", str(out), *more]


def sweep(experiment, out, *more, **options):
    return subprocess.run(command(experiment, out, *more), capture_output=True, text=True,
                          timeout=600, **options)


def sorted_rows(out):
    """Rows in order of cells; fails when a cell has two."""
    lines = (out / "rows.jsonl").read_text().splitlines()
    cells = [json.loads(line)["cell"] for line in lines]
    assert len(set(cells)) == len(cells), f"{out}: a cell was run twice"
    return sorted(lines)


def summary(*outs):
    """Bytes of the tables that summarize derives."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ROPEWALK, "summarize", *map(str, outs), "--out", folder],
                       check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).glob("*.csv"))}


def count_rows(out):
    try:
        return (out / "rows.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def kill_at_random(experiment, out, dice):
    """Starts a sweep and kills it some time after it has made progress; True when it ended first."""
    before = count_rows(out)
    process = subprocess.Popen(command(experiment, out), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    # Two deaths in one group are given up by design, so every life has to finish a group.
    while process.poll() is None and count_rows(out) == before:
        time.sleep(0.002)
    deadline = time.monotonic() + dice.expovariate(1 / 0.1)
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    ended = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return ended


def check_survives_kills(folder, experiment, whole, kills):
    dice = random.Random(20)
    done = 0
    rounds = 0
    while done < kills:
        out = folder / f"killed{rounds}"
        rounds += 1
        while done < kills and not kill_at_random(experiment, out, dice):
            done += 1
        ended = sweep(experiment, out)
        assert ended.returncode == 0, ended.stderr
        assert sorted_rows(out) == sorted_rows(whole), f"rows differ after kills in {out}"
        assert summary(out) == summary(whole)
    print(f"survived {done} kills in {rounds} sweeps")


def check_threads_and_shards(folder, experiment, whole):
    one = folder / "one-thread"
    assert sweep(experiment, one, "--threads", "1").returncode == 0
    assert sorted_rows(one) == sorted_rows(whole), "rows depend on the number of threads"
    shards = [folder / "shard1", folder / "shard2"]
    for number, out in enumerate(shards, 1):
        assert sweep(experiment, out, "--shard", f"{number}/2").returncode == 0
    assert sorted(sum(map(sorted_rows, shards), [])) == sorted_rows(whole)
    assert summary(*shards) == summary(*reversed(shards)) == summary(whole)


def check_second_process_is_refused(folder, experiment):
    out = folder / "busy"
    first = subprocess.Popen(command(experiment, out), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    while count_rows(out) == 0:
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)
    second = sweep(experiment, out)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.returncode == 2, second
    assert "another process is writing" in second.stderr, second.stderr


def check_clean_stop(folder, experiment, whole):
    out = folder / "stopped"
    process = subprocess.Popen(command(experiment, out), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    while count_rows(out) == 0:
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "the same command goes on from here" in said, said
    assert sweep(experiment, out).returncode == 0
    assert sorted_rows(out) == sorted_rows(whole)


def check_disk_full(folder, experiment, whole):
    """Files may grow to 20,000 bytes only: the sweep stops with an I/O error and loses nothing."""
    out = folder / "full"

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    ended = sweep(experiment, out, preexec_fn=limit)
    assert ended.returncode == 5, (ended.returncode, ended.stderr)
    assert "free some space" in ended.stderr, ended.stderr
    assert sweep(experiment, out).returncode == 0
    assert sorted_rows(out) == sorted_rows(whole)


def check_not_a_folder(folder, experiment):
    """A file where the run directory should be; permissions do not stop a privileged user."""
    (folder / "file").write_text("in the way")
    ended = sweep(experiment, folder / "file" / "run")
    assert ended.returncode == 5, (ended.returncode, ended.stderr)
    assert "cannot create the folder" in ended.stderr, ended.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "model").mkdir()
        make_model(folder / "model")
        experiment = make_experiment(folder)
        whole = folder / "whole"
        ended = sweep(experiment, whole)
        assert ended.returncode == 0, ended.stderr
        check_survives_kills(folder, experiment, whole, kills)
        check_threads_and_shards(folder, experiment, whole)
        check_second_process_is_refused(folder, experiment)
        check_clean_stop(folder, experiment, whole)
        check_disk_full(folder, experiment, whole)
        check_not_a_folder(folder, experiment)
    print("1 passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
