"""A checkpoint of 138 GB that takes no room: Llama-2-70B's names and shapes in twenty sparse shards."""

import json
import math
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARDS = 20


def tensors(config):
    """Name -> shape."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    keys = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes = {
        "model.embed_tokens.weight": [config["vocab_size"], hidden],
        "model.norm.weight": [hidden],
        "lm_head.weight": [config["vocab_size"], hidden],
    }
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        shapes[layer + "input_layernorm.weight"] = [hidden]
        shapes[layer + "post_attention_layernorm.weight"] = [hidden]
        for name, rows in (("q", hidden), ("k", keys), ("v", keys), ("o", hidden)):
            shapes[layer + f"self_attn.{name}_proj.weight"] = [rows, hidden]
        shapes[layer + "mlp.gate_proj.weight"] = [inner, hidden]
        shapes[layer + "mlp.up_proj.weight"] = [inner, hidden]
        shapes[layer + "mlp.down_proj.weight"] = [hidden, inner]
    return shapes


def write(folder):
    """Writes headers, leaves the data to holes, and returns the bytes of all tensors."""
    config = json.loads((ROOT / "configs/checkpoints/llama-2-70b/config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config))
    shapes = tensors(config)
    names = list(shapes)
    index, total = {}, 0
    for shard in range(SHARDS):
        file = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        header, offset = {}, 0
        for name in names[shard::SHARDS]:
            size = 2 * math.prod(shapes[name])
            header[name] = {
                "dtype": "BF16",
                "shape": shapes[name],
                "data_offsets": [offset, offset + size],
            }
            offset += size
            index[name] = file
        text = json.dumps(header).encode()
        with open(folder / file, "wb") as stream:
            stream.write(struct.pack("<Q", len(text)) + text)
            stream.truncate(8 + len(text) + offset)
        total += offset
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index})
    )
    return total
