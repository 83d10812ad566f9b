#!/usr/bin/env python3
"""Golden prompts of every retrieval protocol, from a second implementation that shares no code with the C++.

  make_prompt_goldens.py             writes tests/goldens/prompts/<model>.json for each <model>.model there
  make_prompt_goldens.py --check     derives them again and compares byte for byte
  make_prompt_goldens.py --out DIR   writes (or, with --check, compares) DIR instead
  make_prompt_goldens.py --models    trains the two SentencePiece models (once; they are committed), into DIR too
  make_prompt_goldens.py --for MODEL [--bos]   prints the goldens for any other model

Everything follows from the protocols' published texts, SentencePiece and SHA-256; randomness is Philox4x32-10
keyed by the SHA-256 of [seed, protocol, length, depth, trial].
"""
import hashlib
import json
import math
import re
import struct
import sys

import sentencepiece

from goldens import files

FOLDER = files.FOLDER / "prompts"
LENGTHS = [512, 1024, 4096, 32768, 200000]
SEED = 7
GRASS = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
TASK = ("There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
        "I will quiz you about the important information there.")
PASS_KEY = "\nThe pass key is {key}. Remember it. {key} is the pass key.\n"
ASK = "\nWhat is the pass key? The pass key is"
MAGIC = " special magic number for {word} mentioned in the provided text"
LANDMARK = dict(head=TASK + "\n", needle=PASS_KEY, lines=False, question=ASK, answer=" {key}", end=".", digits=5, zeros=False,
                budget=10, hay="repeated", separator=" ", depths=("stratified", 10))
PROTOCOLS = {
    "passkey/landmark": LANDMARK,
    "passkey/landmark-char": {**LANDMARK, "hay": "sliced"},
    "passkey/pi": {**LANDMARK, "depths": ("distances", 32)},
    "passkey/infinitebench": {
        **LANDMARK, "zeros": True, "budget": 6, "lines": True, "separator": "\n", "depths": ("grid", 59),
        "head": TASK.replace("memorize them", "memorize it").replace(" there.", ".") + "\n\n",
        "question": "\n\n\nWhat is the pass key?\n\nThe pass key is"},
    "passkey/ruler-s1": dict(
        head="A special magic number is hidden within the following text. Make sure to memorize it. "
             "I will quiz you about the number afterwards.\n",
        needle="\nOne of the special magic numbers for {word} is: {key}.\n",
        question="\nWhat is the" + MAGIC + "? The" + MAGIC + " is",
        lines=True, answer=" {key}", end=".", digits=7, zeros=False, budget=128, hay="repeated", separator="\n",
        depths=("stratified", 10)),
    "niah/text": {**LANDMARK, "hay": "text"},
    "kv/json": dict(
        head="Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n{",
        needle='\n "{word}": "{key}",', question='\n}\n\nKey: "{word}"\nCorresponding value: "',
        lines=False, answer="{key}", end='"', digits=7, zeros=False, budget=10, hay="pairs", depths=("stratified", 10)),
}
ADJECTIVES = ("amber brisk calm dusty eager faint gentle hollow "
              "ivory jolly keen lively mellow narrow olive proud").split()
NOUNS = ("anchor bridge candle desert engine forest garden harbor "
         "island jacket kettle lantern meadow needle orchard pillow").split()


def natural_text(sentences=16000):
    """A text that anybody can write again; with quotes, questions and paragraphs."""
    parts = []
    for i in range(sentences):
        end = [".", "!", "?", '."', "?'", ".)"][i % 6]
        gap = "\n\n" if i % 9 == 8 else "\n" if i % 5 == 4 else " "
        parts.append(f"In year {i * i % 997} some {i % 89} birds, {i % 13} of them grey, crossed the bay{end}{gap}")
    return "".join(parts)


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


class Random:
    def __init__(self, *identity):
        def text(value):
            if isinstance(value, str):
                return json.dumps(value)
            return str(int(value)) if value == int(value) else "%.17g" % value
        digest = hashlib.sha256(("[" + ",".join(map(text, identity)) + "]").encode()).digest()
        self.key, self.stream = struct.unpack(">2I", digest[:8]), struct.unpack(">2I", digest[8:16])

    def bits(self, draw):
        out = philox([draw & 0xFFFFFFFF, draw >> 32, *self.stream], self.key)
        return out[1] << 32 | out[0]

    def below(self, draw, bound):
        return self.bits(draw) * bound >> 64

    def number(self, draw, digits, zeros=False):
        low = 10 ** (digits - 1)
        return f"{self.below(draw, 10 * low):0{digits}d}" if zeros else str(low + self.below(draw, 9 * low))


class Pieces:
    """Texts tokenised as they read behind other text."""

    def __init__(self, path, bos):
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.bos = [self.model.bos_id()] if bos else []

    def start(self, text):
        return self.bos + self.model.encode(text)

    def __call__(self, text):
        for anchor in ["\n", ".", "a"]:
            head, whole = self.model.encode(anchor), self.model.encode(anchor + text)
            if head and whole[:len(head)] == head:
                return whole[len(head):]
        raise ValueError(text)


def nearest(boundaries, wanted, limit):
    """The boundary nearest to `wanted`, the earlier of two, none beyond `limit`."""
    return min((b for b in boundaries if b <= limit), key=lambda b: (abs(b - wanted), b))


def cut_flat(tokens, boundaries, size, place):
    if place is None:
        return tokens[:size], []
    at = nearest(boundaries, min(place, size), size)
    return tokens[:at], tokens[at:size]


def repeated(pieces, separator, size):
    hay, more = pieces(GRASS), pieces(separator + GRASS)
    return (hay + more * (max(0, size - len(hay)) // len(more) + 1))[:size]


def cut_hay(pieces, spec, size, place, trial, avoid, random, cache):
    kind = spec["hay"]
    if kind == "repeated":
        if place is None:
            return repeated(pieces, spec["separator"], size), []
        first, step = len(pieces(GRASS)), len(pieces(spec["separator"] + GRASS))
        at = nearest([0, *range(first, size + 1, step)], place, size)
        return repeated(pieces, spec["separator"], at), repeated(pieces, spec["separator"], size - at)
    if kind == "sliced":
        if place is None:
            return repeated(pieces, " ", size), []
        unit = " " + GRASS
        characters = place * len(unit) // len(pieces(unit))
        if characters < len(GRASS):
            before = pieces(GRASS[:characters])
        else:
            whole, rest = divmod(characters - len(GRASS), len(unit))
            before = pieces(GRASS) + pieces(unit) * whole + pieces(unit[:rest])
        before = before[:size]
        return before, repeated(pieces, " ", size - len(before))
    if kind == "pairs":
        tokens, boundaries, taken, draw = [], [0], {avoid}, 1000
        while len(tokens) < size:
            key = random.number(draw, 7)
            draw += 1
            while key in taken:
                key = random.number(draw, 7)
                draw += 1
            taken.add(key)
            tokens += pieces(f'\n "{key}": "{random.number(draw, 7)}",')
            draw += 1
            boundaries.append(len(tokens))
        return cut_flat(tokens, boundaries, size, place)
    if not cache:
        sentence = re.compile(r"""\s*\S.*?(?:[.!?]["')\]]*(?=\s)|(?=\n\n)|\Z)""", re.S)
        text, tokens, boundaries = natural_text(), [], [0]
        for unit in [match.group() for match in sentence.finditer(text)] + [text[len(text.rstrip()):]]:
            tokens += pieces(unit)
            boundaries.append(len(tokens))
        cache.update(tokens=tokens, boundaries=boundaries)
    starts = [b for b in cache["boundaries"] if b <= len(cache["tokens"]) - size]
    begin = starts[random.below(1000, len(starts))]
    boundaries = [b - begin for b in cache["boundaries"] if begin <= b <= begin + size]
    return cut_flat(cache["tokens"][begin:begin + size], boundaries, size, place)


def around_needle(pieces, spec, ids, size, place, *rest):
    """Hay before and after the needle; a needle that is the first line has no newline before it."""
    before, after = cut_hay(pieces, spec, size, place, *rest)
    if not before and spec["lines"]:
        size += len(ids["needle"]) - len(ids["first line"])
        ids["needle"] = ids["first line"]
        before, after = cut_hay(pieces, spec, size, 0, *rest)
    return before, after


def depth_of(design, trial):
    kind, count = design
    index = trial % count
    if kind == "stratified":
        return index / count, 1 / count
    return (index / (count - 1), 0.0) if kind == "grid" else (1 - (index + 1) / count, 0.0)


def digest(ids):
    return hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()


def parts_of(pieces, spec, random):
    key = random.number(0, spec["digits"], spec["zeros"])
    word = random.number(2, 7) if spec["hay"] == "pairs" else \
        ADJECTIVES[random.below(2, 16)] + "-" + NOUNS[random.below(3, 16)]
    fill = {part: spec[part].replace("{key}", key).replace("{word}", word)
            for part in ("needle", "question", "answer")}
    ids = {part: pieces(text) for part, text in fill.items()}
    ids["first line"] = pieces(fill["needle"][1:]) if spec["lines"] else ids["needle"]
    return key, word, ids, max(1, spec["budget"] - len(ids["answer"]))


def per_length(pieces, name, length, trial, absent, cache):
    spec = PROTOCOLS[name]
    start, width = depth_of(spec["depths"], trial)
    random = Random(SEED, name + "/1", length, start, trial)
    key, word, ids, reserve = parts_of(pieces, spec, random)
    head = pieces.start(spec["head"])
    hay = length - len(head) - len(ids["needle"]) - len(ids["question"]) - len(ids["answer"]) - reserve
    depth = start + width * (random.bits(1) >> 11) / 2 ** 53
    place = math.floor(depth * (length if name == "passkey/pi" else hay) + 0.5)
    if name == "passkey/pi":
        place -= len(head)
    place = min(max(place, 0), hay)
    if absent:
        before, after = cut_hay(pieces, spec, hay + len(ids["needle"]), None, trial, word, random, cache)
        ids["needle"] = []
    else:
        before, after = around_needle(pieces, spec, ids, hay, place, trial, word, random, cache)
    prompt = head + before + ids["needle"] + after + ids["question"]
    assert len(prompt) + len(ids["answer"]) + reserve == length, (name, length)
    at = len(head + before)
    golden = {"protocol": name, "length": length, "trial": trial, "absent": absent, "key": key,
              "needle": [at, at + len(ids["needle"])], "answer": ids["answer"],
              "terminator": pieces(spec["end"])[0], "prompt_tokens": len(prompt), "sha256": digest(prompt)}
    if length == LENGTHS[0]:
        golden["ids"] = prompt
        golden["text"] = pieces.model.decode(prompt)
    return golden


def absolute(pieces, name, position, lengths, trial, cache):
    spec = PROTOCOLS[name]
    random = Random(SEED, name + "/1", position, trial)
    key, word, ids, reserve = parts_of(pieces, spec, random)
    head = pieces.start(spec["head"])
    behind = len(ids["question"]) + len(ids["answer"]) + reserve
    hay = lengths[-1] - len(head) - len(ids["needle"]) - behind
    before, after = around_needle(pieces, spec, ids, hay, position - len(head), trial, word, random, cache)
    trunk = head + before + ids["needle"] + after
    at = len(head + before)
    return {"protocol": name, "position": position, "lengths": lengths, "trial": trial, "key": key,
            "needle": [at, at + len(ids["needle"])], "forks": [length - behind for length in lengths],
            "sha256": [digest(trunk[:length - behind] + ids["question"]) for length in lengths]}


def goldens(path, bos, lengths):
    pieces, cache = Pieces(path, bos), {}
    prompts = []
    for name in PROTOCOLS:
        prompts += [per_length(pieces, name, length, 3 + 5 * i, False, cache) for i, length in enumerate(lengths)]
        prompts += [per_length(pieces, name, 512, trial, False, cache) for trial in (0, 9)]
        prompts.append(per_length(pieces, name, 1024, 1, True, cache))
    trunks = [absolute(pieces, name, 300, [1024, 4096, 16384], 2, cache) for name in PROTOCOLS]
    return {"schema_version": 1, "seed": SEED, "bos": bos, "per_length": prompts, "absolute": trunks}


def as_text(golden):
    lines = [f'"{key}": {json.dumps(value)}' if not isinstance(value, list) else
             f'"{key}": [\n' + ",\n".join("  " + json.dumps(item) for item in value) + "\n]"
             for key, value in golden.items()]
    return "{" + ",\n".join(lines) + "}\n"


def train(folder, name, **options):
    texts = [GRASS, "\n".join([GRASS, GRASS]), natural_text(400)]
    for spec in PROTOCOLS.values():
        texts += [spec["head"], spec["needle"], spec["question"]] * 3
    with open(folder / (name + ".model"), "wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter("\n".join(texts).split("\n")), model_writer=model, byte_fallback=True,
            split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
            max_sentence_length=100000, num_threads=1, minloglevel=2, **options)


def documents():
    return {name + ".json": as_text(goldens(FOLDER / (name + ".model"), bos, LENGTHS))
            for name, bos in [("bpe", True), ("unigram", False)]}


def main(arguments=None):
    parser, modes = files.command_line(sys.modules[__name__], FOLDER)
    modes.add_argument("--models", action="store_true")
    modes.add_argument("--for", dest="model", metavar="MODEL")
    parser.add_argument("--bos", action="store_true", help="MODEL's prompts begin with its BOS")
    options = parser.parse_args(arguments)
    if options.bos and not options.model:
        parser.error("--bos is an option of --for MODEL")
    if options.model:
        print(as_text(goldens(options.model, options.bos, [512, 1024, 8192])), end="")
        return 0
    if options.models:
        options.out.mkdir(parents=True, exist_ok=True)
        train(options.out, "bpe", model_type="bpe", vocab_size=640, add_dummy_prefix=True)
        train(options.out, "unigram", model_type="unigram", vocab_size=380, add_dummy_prefix=False)
        return 0
    return files.write_or_check(options, documents())


if __name__ == "__main__":
    sys.exit(main())
