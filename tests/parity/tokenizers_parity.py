"""Token ids, decoded texts and BOS of our tokenizer equal those of Hugging Face's tokenizers.

    tokenizers_parity.py ENCODE_TOOL quick|full [NAME...]    quick: about 1 MB for each tokenizer; full: >= 10 MB
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizer_makers  # noqa: E402
import tokenizer_texts  # noqa: E402


def training_lines():
    return "".join(tokenizer_texts.source_code()[:8] + tokenizer_texts.noise(60_000)).splitlines()


def write(tokenizer, config, folder):
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def ours(tool, folder, texts):
    """What the tool prints, and [(ids, decoded text)]."""
    encoded = [text.encode("utf-8") for text in texts]
    documents, answers = folder / "documents", folder / "answers"
    documents.write_bytes(b"".join(struct.pack("<Q", len(text)) + text for text in encoded))
    run = subprocess.run([tool, folder, documents, answers], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{tool} failed: {run.stderr}")
    data, at, pairs = answers.read_bytes(), 0, []
    for _ in texts:
        (count,) = struct.unpack_from("<Q", data, at)
        ids = struct.unpack_from(f"<{count}i", data, at + 8)
        at += 8 + 4 * count
        (size,) = struct.unpack_from("<Q", data, at)
        pairs.append((list(ids), data[at + 8 : at + 8 + size].decode("utf-8")))
        at += 8 + size
    return json.loads(run.stdout), pairs


def first_difference(theirs, ours_, tokenizer):
    at = next((i for i, (a, b) in enumerate(zip(theirs, ours_)) if a != b), min(len(theirs), len(ours_)))
    show = lambda ids: [tokenizer.id_to_token(i) for i in ids[max(0, at - 3) : at + 4]]  # noqa: E731
    return f"from token {at}: {show(theirs)} here {show(ours_)}"


def compare(tool, name, tokenizer, config, texts):
    """Prints one line; returns the number of documents that differ."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(tokenizer, config, folder)
        facts, pairs = ours(tool, folder, texts)
    different = tokens = 0
    for text, (ids, decoded) in zip(texts, pairs):
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        tokens += len(expected)
        problem = None
        if ids != expected:
            problem = first_difference(expected, ids, tokenizer)
        elif decoded != tokenizer.decode(expected):
            problem = f"decodes to {decoded[:60]!r} and not to {tokenizer.decode(expected)[:60]!r}"
        if problem:
            different += 1
            if different <= 3:
                print(f"  {text[:30]!r}...: {problem}")
    begin = tokenizer.encode("a").ids[: -len(tokenizer.encode("a", add_special_tokens=False).ids)]
    if begin != ([facts["bos"]] if facts["bos"] is not None else []) and config.get("add_bos_token", True):
        different += 1
        print(f"  begins texts with {facts['bos']} and not with {begin}")
    size = sum(len(text.encode("utf-8")) for text in texts)
    print(f"{name}: {len(texts)} documents, {size / 1e6:.1f} MB, {tokens} tokens: {different} differ", flush=True)
    return different


def main(tool, part, *names):
    makers = tokenizer_makers.GENERATED | ({"smollm2": tokenizer_makers.smollm2} if part == "full" else {})
    lines = training_lines()
    different = 0
    for name, make in makers.items():
        if names and name not in names:
            continue
        tokenizer, config = make(lines)
        added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
        texts = tokenizer_texts.some(added) if part == "quick" else tokenizer_texts.all_kinds(added)
        different += compare(tool, name, tokenizer, config, texts)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
