"""Writes a Hugging Face LLaMA directory as a GGUF file, with the gguf package and the steps of llama.cpp's converter.

    gguf_convert.py DIRECTORY FILE
"""

import json
import pathlib
import sys

import gguf
import numpy
from safetensors.numpy import load_file


def interleaved(weights, heads):
    """LlamaModel.permute of convert_hf_to_gguf.py."""
    half_split = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return half_split.swapaxes(1, 2).reshape(weights.shape)


def main(directory, file):
    config = json.loads((pathlib.Path(directory) / "config.json").read_text())
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    for name, weights in load_file(pathlib.Path(directory) / "model.safetensors").items():
        module = name.split(".")[-2]
        if module in heads:
            weights = interleaved(weights, heads[module])
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), numpy.ascontiguousarray(weights))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
