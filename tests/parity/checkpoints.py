"""Random sharp LLaMA checkpoints in the Hugging Face layout, made by Transformers itself.

Attention is sharp on purpose: query and key weights have standard deviation 0.2 to 0.25 at hidden
64, so that a wrong rotation moves log-probabilities by tenths. At the usual 0.02 it would hardly show.
"""

from dataclasses import dataclass

import torch
import transformers

TRAINED_LENGTH = 256


@dataclass(frozen=True)
class Shape:
    name: str
    hidden: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    layers: int = 2
    intermediate: int = 0  # 0: twice the width and a little
    theta: float = 10000.0
    tied: bool = False
    bias: bool = False
    dtype: torch.dtype = torch.float32
    sharp: float = 0.25
    shard: str = "5GB"
    vocabulary: int = 151


SHAPES = [
    Shape("grouped"),
    Shape("yi-grouping", hidden=112, heads=14, kv_heads=2, head_dim=8, theta=5e6),
    Shape("one-kv-head", heads=4, kv_heads=1, tied=True),
    Shape("wide-heads", hidden=48, heads=2, kv_heads=2, head_dim=40, layers=3),
    Shape("half-file", heads=8, kv_heads=4, head_dim=8, dtype=torch.float16),
    Shape("bfloat-file", hidden=96, heads=3, kv_heads=3, head_dim=32, dtype=torch.bfloat16, sharp=0.2),
    Shape("biased", heads=4, kv_heads=4, bias=True, theta=1e6),
    Shape("sharded-tied", heads=2, kv_heads=1, head_dim=64, tied=True, sharp=0.2, shard="60KB"),
]


def config_of(shape, rope_scaling, length):
    return transformers.LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate or 2 * shape.hidden + 8,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        rope_theta=shape.theta,
        rope_scaling=rope_scaling,
        max_position_embeddings=length,
        tie_word_embeddings=shape.tied,
        attention_bias=shape.bias,
        rms_norm_eps=1e-5,
        bos_token_id=1,
        eos_token_id=2,
    )


def make(shape, folder, seed):
    """Writes a checkpoint without rope_scaling and returns its weights as they stand in the file,
    in float32."""
    torch.manual_seed(seed)
    model = transformers.LlamaForCausalLM(config_of(shape, None, TRAINED_LENGTH))
    sharp = shape.sharp * (64 / shape.hidden) ** 0.5
    deviation = {"q_proj": sharp, "k_proj": sharp, "norm": 0.1, "embed_tokens": 1.0}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = next((d for part, d in deviation.items() if part in name), 0.1)
            if name.endswith("bias"):
                scale = 0.5
            parameter.normal_(1.0 if "norm" in name else 0.0, scale)
        if shape.tied:  # the embedding is also the head, ten times as large as the others' heads
            model.model.norm.weight.mul_(0.1)
    model.to(shape.dtype).save_pretrained(folder, max_shard_size=shape.shard)
    return {name: tensor.float() for name, tensor in model.state_dict().items()}


def oracle(shape, weights, rope_scaling):
    """Transformers' own model over these weights, in float32."""
    # Two conventions: where the scaling states the original length, the maximum is the target.
    stretched = "original_max_position_embeddings" in (rope_scaling or {})
    config = config_of(shape, rope_scaling, TRAINED_LENGTH * (4 if stretched else 1))
    config._attn_implementation = "sdpa"
    model = transformers.LlamaForCausalLM(config).eval()
    model.load_state_dict(weights, strict=not shape.tied)
    return model


def log_probs(model, tokens):
    """Natural log-probability of tokens 1, 2, ..., each given all before it."""
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0, :-1].double()
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(tokens[1:])[:, None])[:, 0]


def use_double_angles(model):
    """Makes Transformers compute position * inv_freq in double; cos and sin stay float32."""
    rotary = model.model.rotary_emb

    def forward(x, position_ids):
        inv_freq = rotary_inv_freq_double(rotary)
        angle = position_ids[..., None].double() * inv_freq[None, None, :]
        angle = torch.cat((angle, angle), dim=-1)
        scale = rotary.attention_scaling
        return (angle.cos() * scale).to(x.dtype), (angle.sin() * scale).to(x.dtype)

    rotary.forward = forward


def rotary_inv_freq_double(rotary):
    config = rotary.config
    if rotary.rope_type != "default":
        raise ValueError("double angles are for plain RoPE only")
    exponent = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    return config.rope_theta**-exponent
