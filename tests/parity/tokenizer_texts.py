"""Texts that tokenizers are compared on: prose, source code, every character, noise, and edge cases."""

import pathlib
import random
import sysconfig
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PIECE = 65536  # characters of a document: a difference is found near its cause


def cut(text):
    return [text[i : i + PIECE] for i in range(0, len(text), PIECE)]


def of_files(paths):
    return [piece for path in sorted(paths) for piece in cut(path.read_text(encoding="utf-8", errors="replace"))]


def corpora():
    """The built-in model's texts, where scripts/corpora has put them."""
    return of_files((ROOT / ".corpora").glob("*/*.txt"))


def source_code():
    ours = [path for folder in ("harness", "scalings", "evals", "tests") for path in (ROOT / folder).rglob("*.cpp")]
    return of_files(ours) + of_files(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py"))


def every_character():
    """All scripts and planes: in order, and each between a letter, a digit and spaces."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    # Unassigned ones and private use are all alike: one in 16 is enough between others.
    alone = [c for i, c in enumerate(characters) if i % 16 == 0 or unicodedata.category(c) not in ("Cn", "Co")]
    # Each of the characters that a later Unicode assigned stands here as well.
    alone += [c for c in characters[:0x20000] if unicodedata.category(c) == "Cn"]
    return cut("".join(characters)) + cut("".join(f"a{c}1 {c}{c}'{c} \n" for c in alone))


def noise(size):
    """Random bytes decoded with replacement, and random mixtures of what patterns look at."""
    source = random.Random(1)
    bytes_ = source.randbytes(size // 3).decode("utf-8", errors="replace")
    words = ["'s", "'LL", "'\u017f", "the", " the", "\u00e9", "e\u0301", "\u4f60\u597d", "\u0645\u0631", "1", "23", "4567", " ", "  ",
             "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "...", "!?", "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\u2581", "<", "|", "_"]  # fmt: skip
    return cut(bytes_) + cut("".join(source.choices(words, k=size // 6)))


def edges(added):
    """Added tokens everywhere, cut short, and doubled; runs that make patterns and merges work."""
    texts = ["", " ", "\n", "a", " a", "a ", "\u2581", "\u2581a", "\x00", "\ufeffa", "\u0301", " \u0301"]
    for token in added:
        texts += [token, f" {token} ", f"a{token}b", f"{token}{token}", f"\n{token}\t1", token[:-1], token[1:], f"{token[0]}{token}"]
    texts += [unit * 20000 for unit in (" ", "a", "\n", "\r\n", "1", "'", "\u4e00", "\u00e9", "<", "ab ", " \n")]
    return texts


def some(added):
    """About 1 MB of all kinds."""
    characters = every_character()
    return source_code()[:4] + characters[:1] + characters[-3::-8] + noise(120_000) + edges(added[:20])


def all_kinds(added):
    """At least 10 MB: without the corpora, too."""
    return corpora()[::4] + source_code()[::4] + every_character() + noise(2_000_000) + edges(added)
