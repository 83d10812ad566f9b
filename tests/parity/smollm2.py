"""SmolLM2-135M's GGUF file. Importing it says what to do where the file is missing."""

import pathlib

SMOLLM2 = pathlib.Path(__file__).resolve().parent.parent.parent / ".models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
if not SMOLLM2.exists():
    raise SystemExit(f"{SMOLLM2}: missing; run scripts/models smollm2")
