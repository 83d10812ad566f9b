#!/usr/bin/env python3
"""Published checkpoints: what their configs say, and the tables of tensor names and shapes that
follow from it, as facts to audit and to compare with. No weights.

A config here holds the published values of the keys that decide structure, context and safety, all under
the key names of today; it is not the published file letter by letter (other keys are left out, and some
publishers leave a key such as rope_theta to its default).

    make_checkpoint_tables.py               writes configs/checkpoints
    make_checkpoint_tables.py --check       derives everything again and compares byte for byte
    make_checkpoint_tables.py --out DIR     writes (or, with --check, compares) DIR instead

A table is config.json's numbers spelled out by the rules of its architecture; each was held to the
published number of parameters where one is known (PARAMETERS below, checked at every run).
"""

import json
import math
import sys

from goldens import files

# Published sizes, in parameters: of index files, model cards and papers.
PARAMETERS = {
    "yi-6b-2023-11": 6_061_035_520,
    "yi-34b-2023-11": 34_388_917_248,
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "llama-3-70b": 70_553_706_496,
    "mistral-7b-v0.1": 7_241_732_096,
    "smollm2-135m": 134_515_008,
    "falcon-7b": 7_217_189_760,
}


def llama(hidden, layers, heads, kv_heads, intermediate, vocab, theta, length, eps=1e-5, **more):
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "max_position_embeddings": length,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": kv_heads,
        "rms_norm_eps": eps,
        "rope_scaling": None,
        "rope_theta": theta,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "vocab_size": vocab,
    }
    return {**config, **more}


def yi(hidden, layers, heads, kv_heads, intermediate, length):
    """As published on 2023-11-04: LLaMA with two names changed, and code to load it."""
    return llama(
        hidden, layers, heads, kv_heads, intermediate, 64000, 5e6, length,
        architectures=["YiForCausalLM"],
        model_type="Yi",
        auto_map={
            "AutoConfig": "configuration_yi.YiConfig",
            "AutoModel": "modeling_yi.YiModel",
            "AutoModelForCausalLM": "modeling_yi.YiForCausalLM",
        },
        pad_token_id=0,
    )  # fmt: skip


def falcon(hidden, layers, heads, kv_heads, **more):
    config = {
        "architectures": ["FalconForCausalLM"],
        "model_type": "falcon",
        "alibi": False,
        "bias": False,
        "bos_token_id": 11,
        "eos_token_id": 11,
        "hidden_size": hidden,
        "layer_norm_epsilon": 1e-5,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_kv_heads": kv_heads,
        "parallel_attn": True,
        "torch_dtype": "bfloat16",
        "vocab_size": 65024,
    }
    return {**config, **more}


YI_6B = (4096, 32, 32, 4, 11008)
YI_34B = (7168, 60, 56, 8, 20480)
LLAMA_3_8B = (4096, 32, 32, 8, 14336, 128256, 5e5)
LLAMA_3_70B = (8192, 80, 64, 8, 28672, 128256, 5e5)
LLAMA_3_TOKENS = {"bos_token_id": 128000, "eos_token_id": 128001}
SMOLLM2 = {"bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": True}
MISTRAL = {"architectures": ["MistralForCausalLM"], "model_type": "mistral"}
LLAMA_3_1 = {
    "factor": 8.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}


def yi_later(shape, theta):
    """The -200K variants of March 2024: renamed to LLaMA's names, with a larger base."""
    return llama(*shape, 64000, theta, 200000, pad_token_id=0)


CONFIGS = {
    "yi-6b-2023-11": yi(*YI_6B, 4096),
    "yi-34b-2023-11": yi(*YI_34B, 4096),
    "yi-6b-200k-2023-11": yi(*YI_6B, 200000),
    "yi-34b-200k-2023-11": yi(*YI_34B, 200000),
    "yi-6b-200k-2024-03": yi_later(YI_6B, 1e7),
    "yi-34b-200k-2024-03": yi_later(YI_34B, 1e7),
    # chargoddard/Yi-34B-Llama: the same weights under LLaMA's names.
    "yi-34b-llama": llama(*YI_34B, 64000, 5e6, 4096, pad_token_id=0),
    "llama-1-7b": llama(4096, 32, 32, 32, 11008, 32000, 1e4, 2048, 1e-6, torch_dtype="float16"),
    "llama-2-7b": llama(4096, 32, 32, 32, 11008, 32000, 1e4, 4096, torch_dtype="float16"),
    "llama-2-13b": llama(5120, 40, 40, 40, 13824, 32000, 1e4, 4096, torch_dtype="float16"),
    "llama-2-70b": llama(8192, 80, 64, 8, 28672, 32000, 1e4, 4096, torch_dtype="float16"),
    "llama-3-8b": llama(*LLAMA_3_8B, 8192, **LLAMA_3_TOKENS),
    "llama-3-70b": llama(*LLAMA_3_70B, 8192, **LLAMA_3_TOKENS),
    "llama-3.1-8b": llama(*LLAMA_3_8B, 131072, rope_scaling=LLAMA_3_1, **LLAMA_3_TOKENS),
    "llama-3.1-70b": llama(*LLAMA_3_70B, 131072, rope_scaling=LLAMA_3_1, **LLAMA_3_TOKENS),
    "code-llama-7b": llama(4096, 32, 32, 32, 11008, 32016, 1e6, 16384),
    "code-llama-34b": llama(8192, 48, 64, 8, 22016, 32000, 1e6, 16384),
    "mistral-7b-v0.1": llama(
        4096, 32, 32, 8, 14336, 32000, 1e4, 32768, sliding_window=4096, **MISTRAL
    ),
    "mistral-7b-v0.2": llama(
        4096, 32, 32, 8, 14336, 32000, 1e6, 32768, sliding_window=None, **MISTRAL
    ),
    "mistral-7b-v0.3": llama(
        4096, 32, 32, 8, 14336, 32768, 1e6, 32768, sliding_window=None, **MISTRAL
    ),
    "falcon-7b": falcon(4544, 32, 71, 1, multi_query=True, new_decoder_architecture=False),
    "falcon-40b": falcon(8192, 60, 128, 8, multi_query=True, new_decoder_architecture=True),
    "smollm2-135m": llama(576, 30, 9, 3, 1536, 49152, 1e5, 8192, **SMOLLM2),
    "smollm2-360m": llama(960, 32, 15, 5, 2560, 49152, 1e5, 8192, **SMOLLM2),
    "smollm2-1.7b": llama(2048, 24, 32, 32, 8192, 49152, 1.3e5, 8192, **SMOLLM2),
}



def yi_tokenizer(length):
    return {
        "add_bos_token": False,
        "add_eos_token": False,
        "auto_map": {"AutoTokenizer": ["tokenization_yi.YiTokenizer", None]},
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "model_max_length": length,
        "tokenizer_class": "YiTokenizer",
        "unk_token": "<unk>",
    }


# Only Yi's is needed for its case; the renamed form of chargoddard kept it, code and all.
TOKENIZERS = {
    "yi-6b-2023-11": yi_tokenizer(4096),
    "yi-34b-2023-11": yi_tokenizer(4096),
    "yi-6b-200k-2023-11": yi_tokenizer(200000),
    "yi-34b-200k-2023-11": yi_tokenizer(200000),
    "yi-34b-llama": yi_tokenizer(4096),
}

# What publishers promised elsewhere than in the config.
EXTENDED = (32768, "README of 2023-11-04: trained with 4K, can be extended to 32K during inference time")
CODE_LLAMA = (100000, "its paper: trained on 16K, improves on inputs of up to 100K tokens")
CLAIMS = {
    "yi-6b-2023-11": EXTENDED,
    "yi-34b-2023-11": EXTENDED,
    "code-llama-7b": CODE_LLAMA,
    "code-llama-34b": CODE_LLAMA,
}

# Tables that also list a stored rotary table: the index of March 2024 does for the 6B.
STORED_FREQUENCIES = {"yi-6b-200k-2024-03"}


def llama_tensors(config, stored_frequencies):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    head_dim = hidden // config["num_attention_heads"]
    kv = config["num_key_value_heads"] * head_dim
    layer = f"model.layers.{{0..{config['num_hidden_layers'] - 1}}}."
    norms = ("ln1", "ln2") if config["model_type"] == "Yi" else (
        "input_layernorm", "post_attention_layernorm")  # fmt: skip
    tensors = {
        "model.embed_tokens.weight": [config["vocab_size"], hidden],
        layer + norms[0] + ".weight": [hidden],
        layer + "self_attn.q_proj.weight": [hidden, hidden],
        layer + "self_attn.k_proj.weight": [kv, hidden],
        layer + "self_attn.v_proj.weight": [kv, hidden],
        layer + "self_attn.o_proj.weight": [hidden, hidden],
        layer + norms[1] + ".weight": [hidden],
        layer + "mlp.gate_proj.weight": [inner, hidden],
        layer + "mlp.up_proj.weight": [inner, hidden],
        layer + "mlp.down_proj.weight": [hidden, inner],
        "model.norm.weight": [hidden],
    }
    if stored_frequencies:
        tensors[layer + "self_attn.rotary_emb.inv_freq"] = [head_dim // 2]
    if not config["tie_word_embeddings"]:
        tensors["lm_head.weight"] = [config["vocab_size"], hidden]
    return tensors


def falcon_tensors(config):
    hidden = config["hidden_size"]
    head_dim = hidden // config["num_attention_heads"]
    kv = config["num_kv_heads"] * head_dim
    layer = f"transformer.h.{{0..{config['num_hidden_layers'] - 1}}}."
    norms = ["ln_attn", "ln_mlp"] if config["new_decoder_architecture"] else ["input_layernorm"]
    tensors = {"transformer.word_embeddings.weight": [config["vocab_size"], hidden]}
    for norm in norms:
        tensors[layer + norm + ".weight"] = [hidden]
        tensors[layer + norm + ".bias"] = [hidden]
    tensors[layer + "self_attention.query_key_value.weight"] = [hidden + 2 * kv, hidden]
    tensors[layer + "self_attention.dense.weight"] = [hidden, hidden]
    tensors[layer + "mlp.dense_h_to_4h.weight"] = [4 * hidden, hidden]
    tensors[layer + "mlp.dense_4h_to_h.weight"] = [hidden, 4 * hidden]
    tensors["transformer.ln_f.weight"] = [hidden]
    tensors["transformer.ln_f.bias"] = [hidden]
    tensors["lm_head.weight"] = [config["vocab_size"], hidden]
    return tensors


def parameters(tensors):
    total = 0
    for name, shape in tensors.items():
        copies = int(name.split("..")[1].split("}")[0]) + 1 if ".." in name else 1
        total += copies * math.prod(shape)
    return total


def table_text(dtype, tensors):
    """One tensor a line."""
    lines = [f"    {json.dumps(name)}: {json.dumps(shape)}" for name, shape in tensors.items()]
    return (
        '{\n  "schema_version": 1,\n'
        f'  "dtype": {json.dumps(dtype)},\n'
        '  "tensors": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    )


def documents():
    texts = {}
    for name, config in CONFIGS.items():
        if config["model_type"] == "falcon":
            tensors = falcon_tensors(config)
        else:
            tensors = llama_tensors(config, name in STORED_FREQUENCIES)
        if name in PARAMETERS and parameters(tensors) != PARAMETERS[name]:
            sys.exit(f"{name}: {parameters(tensors)} parameters, published {PARAMETERS[name]}")
        dtype = "F16" if config["torch_dtype"] == "float16" else "BF16"
        texts[f"{name}/config.json"] = json.dumps(config, indent=2) + "\n"
        if name in TOKENIZERS:
            texts[f"{name}/tokenizer_config.json"] = json.dumps(TOKENIZERS[name], indent=2) + "\n"
        if name in CLAIMS:
            length, source = CLAIMS[name]
            claims = {"schema_version": 1, "claims": [{"length": length, "source": source}]}
            texts[f"{name}/claims.json"] = json.dumps(claims, indent=2) + "\n"
        texts[f"{name}/tensors.json"] = table_text(dtype, tensors)
    return texts


def main(arguments=None):
    parser, _ = files.command_line(sys.modules[__name__], files.ROOT / "configs" / "checkpoints")
    return files.write_or_check(parser.parse_args(arguments), documents())


if __name__ == "__main__":
    sys.exit(main())
