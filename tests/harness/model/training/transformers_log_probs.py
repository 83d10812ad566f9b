"""Log-probabilities by Transformers, which shares no code with ours.

usage: transformers_log_probs.py MODEL_DIRECTORY TOKENS.json OUT.json

TOKENS.json is a list of token ids; OUT.json becomes the list of log p(token t | tokens before it)
for t = 1, 2, ...
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM

directory, tokens_path, out_path = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(
    directory, dtype=torch.float32, attn_implementation="eager"
)
tokens = torch.tensor(json.load(open(tokens_path)))
with torch.no_grad():
    log_probs = model(tokens[None]).logits[0].double().log_softmax(-1)
json.dump(log_probs[:-1].gather(1, tokens[1:, None])[:, 0].tolist(), open(out_path, "w"))
