"""Tokenizers of the kinds that LLaMA-family checkpoints come with, made by Hugging Face's tokenizers.

Each maker takes training lines and returns (tokenizer, tokenizer_config). The patterns and the order of
steps are those of the published files; the vocabularies are trained here, small and for this test only.
"""

import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
VOCABULARY = 3000


def trained(tokenizer, lines, special, **options):
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, show_progress=False, special_tokens=special, **options)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def byte_level(lines, pre_tokenizer, special, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    return trained(tokenizer, lines, special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def llama3(lines):
    special = ["<|begin_of_text|>", "<|end_of_text|>"] + [f"<|reserved_special_token_{i}|>" for i in range(250)]
    tokenizer = byte_level(lines, split_then_bytes(LLAMA3), special, ignore_merges=True)
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    template = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", begin)]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    config = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}
    return tokenizer, {"tokenizer_class": "PreTrainedTokenizerFast"} | config


def qwen2(lines):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split_then_bytes(QWEN2)
    tokenizer.decoder = decoders.ByteLevel()
    trained(tokenizer, lines, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    # Tokens that are no special ones: found in normalized text, some with white space around them.
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("e\u0301t\u00e9"), "<<<", "<<"])
    tokenizer.add_tokens([AddedToken("<fim>", lstrip=True, rstrip=True, normalized=False)])
    config = {"tokenizer_class": "Qwen2Tokenizer", "add_bos_token": False, "eos_token": "<|im_end|>"}
    return tokenizer, config


def gpt2(lines):
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer = byte_level(lines, pre_tokenizer, ["<|endoftext|>"])
    return tokenizer, {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"}


def sentencepiece_like(lines):
    """A model as converted from SentencePiece: no U+2581 inside a token, byte fallback."""
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trained(tokenizer, lines, special, limit_alphabet=300)
    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = description["added_tokens"][:3]  # the bytes are ordinary tokens
    description["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(description))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tokenizer, {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"}


def llama2(lines):
    tokenizer, config = sentencepiece_like(lines)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    return tokenizer, config | {"add_bos_token": True}


def yi(lines):
    """No space before the text, and no BOS."""
    tokenizer, config = sentencepiece_like(lines)
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_tokens([AddedToken("<|im_start|>", normalized=False), AddedToken("<|fim middle|>")])
    return tokenizer, config | {"add_bos_token": False}


def mistral(lines):
    """The later form of the same: Metaspace at the start of the text alone."""
    tokenizer, config = sentencepiece_like(lines)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer, config


def without_fallback(lines):
    """Characters that are no token become <unk>, one for each run of them."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="always"), pre_tokenizers.Digits(individual_digits=False)]
    )
    tokenizer.decoder = decoders.Metaspace()
    return trained(tokenizer, lines, ["<unk>"], limit_alphabet=100), {}


def smollm2(_lines):
    """The real one, from the metadata of its GGUF file."""
    import gguf  # of the tests' requirements, and slow to import

    from smollm2 import SMOLLM2  # the other makers do not need the file

    fields = gguf.GGUFReader(SMOLLM2).fields
    content = {name: fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "merges", "token_type")}
    tokens = {token: i for i, token in enumerate(content["tokens"])}
    tokenizer = Tokenizer(models.BPE(vocab=tokens, merges=[tuple(pair.split(" ")) for pair in content["merges"]]))
    tokenizer.add_special_tokens([t for t, kind in zip(content["tokens"], content["token_type"]) if kind == 3])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    config = {"tokenizer_class": "GPT2Tokenizer", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    return tokenizer, config


GENERATED = {make.__name__: make for make in (llama3, qwen2, gpt2, llama2, yi, mistral, without_fallback)}
