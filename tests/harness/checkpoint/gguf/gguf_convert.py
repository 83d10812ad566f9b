"""Writes a Hugging Face LLaMA directory as a GGUF file, with the gguf package and the steps of llama.cpp's converter.

    gguf_convert.py DIRECTORY FILE [TYPE]

With TYPE the matrices are quantised, and DIRECTORY's weights become what the file then holds, so that both are the
same model still. A tokenizer.json goes along as one of Llama 3's kind.
"""

import json
import logging
import pathlib
import sys

import gguf
import numpy
from safetensors.numpy import load_file, save_file


def interleaved(weights, heads):
    """LlamaModel.permute of convert_hf_to_gguf.py."""
    half_split = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return half_split.swapaxes(1, 2).reshape(weights.shape)


def add_config(writer, config):
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
    scaling = config.get("rope_scaling")
    if scaling:
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling["rope_type"]))
        writer.add_rope_scaling_factor(scaling["factor"])
        if "original_max_position_embeddings" in scaling:
            writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])


def add_tokenizer(writer, directory):
    tokenizer = json.loads((directory / "tokenizer.json").read_text())
    ids = dict(tokenizer["model"]["vocab"])
    kinds = {}
    for added in tokenizer["added_tokens"]:
        ids[added["content"]] = added["id"]
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    tokens = sorted(ids, key=ids.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(i, gguf.TokenType.NORMAL) for i in range(len(tokens))])
    logging.disable(logging.WARNING)  # the package expects a template for pairs of texts, too
    gguf.SpecialVocab(directory, load_merges=True).add_to_gguf(writer, quiet=True)


def main(directory, file, kind=None):
    directory = pathlib.Path(directory)
    config = json.loads((directory / "config.json").read_text())
    writer = gguf.GGUFWriter(file, "llama")
    add_config(writer, config)
    if (directory / "tokenizer.json").exists():
        add_tokenizer(writer, directory)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    held = {}
    for name, weights in load_file(directory / "model.safetensors").items():
        stored = gguf.GGMLQuantizationType[kind] if kind and weights.ndim == 2 else None
        if stored is not None:
            blocks = gguf.quants.quantize(weights, stored)
            weights, held[name] = blocks, gguf.quants.dequantize(blocks, stored)
        else:
            held[name] = weights
        module = name.split(".")[-2]
        if module in heads:  # rows, whatever their elements are stored as
            weights = interleaved(weights, heads[module])
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), numpy.ascontiguousarray(weights), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if kind:
        save_file(held, directory / "model.safetensors", {"format": "pt"})


if __name__ == "__main__":
    main(*sys.argv[1:])
