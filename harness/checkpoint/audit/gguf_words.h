#pragma once

#include "harness/checkpoint/audit/report.h"

namespace audit {

/// Claims and findings are worded in the keys of config.json and tokenizer_config.json. Of a GGUF
/// file they must name its own: the file instead of config.json, llama.rope.freq_base instead of
/// rope_theta.
void speak_of_gguf(Report& report);

}  // namespace audit
