"""GGUF files of published sizes that take no room: header and metadata as llama.cpp's converter writes them, and holes
for weights. Written field by field, from the format's description alone."""

import json
import math
import pathlib
import struct

from sparse_checkpoint import tensors

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALIGNMENT = 32
UINT32, FLOAT32, STRING, ARRAY = 4, 6, 8, 9
TYPES = {"F32": (0, 1, 4), "Q4_1": (3, 32, 20), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144), "Q6_K": (14, 256, 210)}
NAMES = {
    "embed_tokens": "token_embd", "lm_head": "output", "norm": "output_norm", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v",
    "o_proj": "attn_output", "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}  # fmt: skip


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    packed = {UINT32: lambda: struct.pack("<I", value), FLOAT32: lambda: struct.pack("<f", value),
              STRING: lambda: text(value),
              ARRAY: lambda: struct.pack("<IQ", STRING, len(value)) + b"".join(map(text, value))}  # fmt: skip
    return text(key) + struct.pack("<I", kind) + packed[kind]()


def metadata(config, pre):
    heads = config["num_attention_heads"]
    return [
        ("general.architecture", STRING, "llama"),
        ("llama.block_count", UINT32, config["num_hidden_layers"]),
        ("llama.context_length", UINT32, config["max_position_embeddings"]),
        ("llama.embedding_length", UINT32, config["hidden_size"]),
        ("llama.feed_forward_length", UINT32, config["intermediate_size"]),
        ("llama.attention.head_count", UINT32, heads),
        ("llama.attention.head_count_kv", UINT32, config["num_key_value_heads"]),
        ("llama.rope.freq_base", FLOAT32, config["rope_theta"]),
        ("llama.rope.dimension_count", UINT32, config["hidden_size"] // heads),
        ("llama.attention.layer_norm_rms_epsilon", FLOAT32, config["rms_norm_eps"]),
        ("tokenizer.ggml.model", STRING, "gpt2"),
        ("tokenizer.ggml.pre", STRING, pre),
        ("tokenizer.ggml.tokens", ARRAY, [f"t{i}" for i in range(config["vocab_size"])]),
        ("tokenizer.ggml.merges", ARRAY, []),
        ("tokenizer.ggml.bos_token_id", UINT32, 1),
        ("tokenizer.chat_template", STRING, "{{ messages }}"),
    ]


def llama3_divisors(config):
    """What the converter makes of a rope_scaling of type llama3."""
    scaling = config["rope_scaling"]
    head_dim = config["hidden_size"] // config["num_attention_heads"]
    original, factor = scaling["original_max_position_embeddings"], scaling["factor"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    divisors = []
    for i in range(head_dim // 2):
        turns = original / (2 * math.pi * config["rope_theta"] ** (2 * i / head_dim))
        smooth = min(max((turns - low) / (high - low), 0), 1)
        divisors.append(1 / ((1 - smooth) / factor + smooth))
    return struct.pack(f"<{len(divisors)}f", *divisors)


def write(file, checkpoint, matrix, embedding, pre):
    """`checkpoint` names a folder of configs/checkpoints; `matrix` and `embedding` types of tensors."""
    config = json.loads((ROOT / "configs/checkpoints" / checkpoint / "config.json").read_text())
    infos = []
    for name, shape in tensors(config).items():
        parts = name.split(".")
        new = NAMES[parts[-2]] + ".weight"
        if new == "output.weight" and config["tie_word_embeddings"]:
            continue
        kind = "F32" if len(shape) == 1 else embedding if "layers" not in parts else matrix
        infos.append((f"blk.{parts[2]}.{new}" if "layers" in parts else new, shape, kind))
    divisors = llama3_divisors(config) if config.get("rope_scaling") else b""
    if divisors:
        infos.insert(0, ("rope_freqs.weight", [len(divisors) // 4], "F32"))
    pairs = metadata(config, pre)
    header = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pair(*each) for each in pairs)
    offset = 0
    for name, shape, kind in infos:
        number, elements, size = TYPES[kind]
        sizes = b"".join(struct.pack("<Q", extent) for extent in reversed(shape))
        header += text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", number, offset)
        offset += -(-math.prod(shape) // elements * size // ALIGNMENT) * ALIGNMENT
    header += bytes(-len(header) % ALIGNMENT)
    with open(file, "wb") as stream:
        stream.write(header + divisors)
        stream.truncate(len(header) + offset)
