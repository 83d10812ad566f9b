#include "scalings/catalog.h"

#include "harness/base/citations.h"
#include "scalings/methods.h"

namespace scalings {
namespace {

namespace citations = base::citations;

const Parameter factor{"factor", "factor", "",
                       "stretch s >= 1, or \"length/trained\" for max(1, length / L)"};
const Parameter original_length{"original_length", "integer", "null",
                                "L in tokens, where it is not the trained length"};
const Parameter beta_fast{"beta_fast", "number", "32",
                          "pairs with more turns than this within L stay as they are"};
const Parameter beta_slow{"beta_slow", "number", "1",
                          "pairs with fewer turns than this within L are divided by s"};
const Parameter truncate{"truncate", "boolean", "true", "round the ramp's ends outwards to pairs"};
const Parameter attention_factor{"attention_factor", "number", "null",
                                 "factor on cos and sin; null: the method's own formula"};

const Parameter group{"group", "integer", "", "G: tokens that share a position beyond the window"};
const Parameter window{"window", "integer", "", "W in tokens, the query among them"};
const Parameter log_n{"log_n", "boolean", "true", "gain max(1, ln(m+1) / ln L), as published"};

Parameter factor_or(std::string_view fallback) {
  return {factor.name, factor.type, fallback, factor.meaning};
}

}  // namespace

// One paragraph per method: name, version, edits, builds_on; parameters; summary; reach; source;
// citation; factory.
// clang-format off
const std::vector<Method>& catalog() {
  static const std::vector<Method> methods = {
      {"linear", 1, frequencies, new_base, {factor, original_length},
       "every frequency divided by s (position interpolation)",
       "s L after fine-tuning, about 2 L without",
       "Chen et al. 2023, eq. 3", citations::position_interpolation, make_linear},

      {"ntk", 1, frequencies, new_base, {factor, original_length},
       "base raised to b s^(d/(d-2)): fastest pair kept, slowest divided by s",
       "below s L: some pairs still extrapolate",
       "bloc97 2023; Peng et al. 2023, definition 1", citations::ntk_aware, make_ntk},
      {"ntk_fixed", 1, frequencies, new_base, {factor, original_length},
       "base b s and every frequency divided by s^(2/d)", "s L",
       "Su 2023, kexue.fm 9706; vLLM's rope_type ntk", citations::kexue_ntk, make_ntk_fixed},
      {"ntk_mixed", 1, frequencies, new_base,
       {factor, {"beta", "number", "0.75", "exponent of the growth over pairs"}, original_length},
       "theta_i exp(-a (i+1)^beta), a = ln s / (d/2)^beta; published together with log_n", "s L",
       "Su 2023, kexue.fm 9706; bojone/rerope ntk_patch.py", citations::kexue_ntk, make_ntk_mixed},
      {"ntk_by_parts", 1, frequencies, new_base,
       {factor, {"alpha", "number", "1", "pairs with fewer turns within L are divided by s"},
        {"beta", "number", "32", "pairs with more turns within L stay as they are"},
        original_length},
       "fast pairs kept, slow ones divided by s, blend linear in the number of turns", "s L",
       "Peng et al. 2023, eq. 17-20 (the paper's form)", citations::yarn, make_ntk_by_parts},
      {"ntk_by_parts_index", 1, frequencies, new_base,
       {factor, beta_fast, beta_slow, truncate, original_length},
       "fast pairs kept, slow ones divided by s, blend linear in the pair index", "s L",
       "jquesnelle/yarn, the authors' code", citations::yarn, make_ntk_by_parts_index},

      {"yarn", 1, frequencies | magnitude, new_base | magnitude,
       {factor, beta_fast, beta_slow, truncate, attention_factor,
        {"mscale", "number", "null", "DeepSeek: scale of the magnitude's numerator"},
        {"mscale_all_dim", "number", "null", "DeepSeek: scale of the magnitude's denominator"},
        original_length},
       "ntk_by_parts_index with sharper attention: cos and sin times 0.1 ln(s) + 1", "s L",
       "Peng et al. 2023, eq. 21-22 and the authors' code", citations::yarn, make_yarn},

      {"dynamic_linear", 1, frequencies, new_base, {original_length},
       "linear with s = max(1, length / L)", "not stated",
       "emozilla 2023; jquesnelle/yarn LlamaDynamicScaledRotaryEmbedding", citations::dynamic,
       make_dynamic_linear},
      {"dynamic_ntk", 1, frequencies, new_base,
       {{"factor", "number", "1", "f of the formula; 1 is ntk with s = length / L"},
        original_length},
       "base b (f length/L - (f-1))^(d/(d-2)), plain up to L", "not stated",
       "emozilla 2023; Transformers' dynamic", citations::dynamic, make_dynamic_ntk},
      {"dynamic_ntk_vllm", 1, frequencies, new_base,
       {{"factor", "number", "", "f of the formula"}, original_length},
       "one base b (f^2 - f + 1)^(d/(d-2)) at every length", "f L",
       "vLLM's dynamic, DynamicNTKScalingRotaryEmbedding", citations::vllm, make_dynamic_ntk_vllm},
      {"dynamic_yarn", 1, frequencies | magnitude, new_base | magnitude,
       {beta_fast, beta_slow, truncate, original_length},
       "yarn with s = max(1, length / L), plain up to L", "not stated",
       "jquesnelle/yarn LlamaDynamicYaRNScaledRotaryEmbedding.py", citations::yarn,
       make_dynamic_yarn},

      {"llama3", 1, frequencies, new_base,
       {factor_or("8"), {"low_freq_factor", "number", "1", "turns within L up to which s divides"},
        {"high_freq_factor", "number", "4", "turns within L from which nothing changes"},
        original_length},
       "fast pairs kept, slow ones divided by s, blend linear in the number of turns", "s L",
       "Llama 3.1, meta-llama/llama-models apply_scaling", citations::llama3, make_llama3},
      {"longrope", 1, frequencies | magnitude, new_base | magnitude,
       {factor, {"short_factor", "numbers", "", "divisor of each pair, for lengths up to L"},
        {"long_factor", "numbers", "", "divisor of each pair, for lengths beyond L"},
        attention_factor,
        {"unscaled_first_tokens", "integer", "0", "first tokens that keep plain frequencies"},
        original_length},
       "a searched divisor per pair; cos and sin times sqrt(1 + ln s / ln L)", "s L",
       "Ding et al. 2024; Transformers' longrope", citations::longrope, make_longrope},

      {"abf", 1, new_base, none,
       {{"theta", "number", "null", "the new base"},
        {"target_length", "integer", "null", "or: the critical base of this length, tokens"},
        original_length},
       "another base: given, or b^(ln(target/2 pi) / ln(L/2 pi))",
       "target_length, after fine-tuning",
       "Xiong et al. 2023; critical base: Liu et al. 2023 (arXiv:2310.05209)", citations::abf,
       make_abf},
      {"proportional", 1, frequencies, new_base,
       {{"fraction", "number", "", "part of the pairs that rotates, the fastest ones"},
        factor_or("1"), original_length},
       "only the fastest pairs rotate (p-RoPE)", "not stated",
       "Barbero et al. 2024; Transformers' proportional", citations::p_rope, make_proportional},
      {"cope", 1, frequencies, new_base | frequencies,
       {{"pairs", "integer", "null", "slowest pairs that fade; null: 20 rotary_dim / 128, rounded"},
        {"hard", "boolean", "false", "stop them instead (HardClip)"}},
       "the slowest pairs of the chain so far fade by a half cosine", "not stated",
       "Li et al. 2026, hrlics/CoPE modeling_cope.py", citations::cope, make_cope},
      {"resonance", 1, frequencies, new_base | frequencies, {},
       "wavelengths of the chain so far rounded to whole tokens", "that of the chain",
       "Wang et al. 2024", citations::resonance, make_resonance},
      {"truncated", 1, frequencies, new_base | frequencies,
       {{"period", "number", "", "wavelength in tokens beyond which pairs change"}},
       "with rho = 2 pi / period: pairs below rho turn at rho/16, below rho/8 not at all",
       "not stated", "Pal et al. 2023, abacusai/Long-Context", citations::giraffe, make_truncated},
      {"power", 1, frequencies, new_base | frequencies,
       {{"exponent", "number", "", "k of (1 - i/(d/2))^k"}},
       "frequencies of the chain so far times (1 - i/(d/2))^k", "not stated",
       "Pal et al. 2023, abacusai/Long-Context", citations::giraffe, make_power},

      {"log_n", 1, gain, gain, {original_length},
       "logits of query m times max(1, ln(m+1) / ln L)", "that of the chain",
       "Su 2021, kexue.fm 8823", citations::log_n, make_log_n},
      {"temperature", 1, gain, gain,
       {{"scale", "number", "0.1", "slope over the logarithm"},
        {"floor_length", "integer", "8192", "tokens of one step"},
        {"offset", "integer", "1", "added to the position: 1 in Llama 4, 0 in Ministral 3"}},
       "logits of query m times 1 + scale ln(floor((m + offset) / floor_length) + 1)",
       "that of the chain", "Llama 4, meta-llama/llama-models", citations::llama4,
       make_temperature},

      {"self_extend", 1, positions, none, {group, window, original_length},
       "beyond the window distances count groups of tokens: floor(i/G) - floor(j/G) + W - "
       "floor(W/G)",
       "(L - W) G + W", "Jin et al. 2024, section 3.3 (floor form)", citations::self_extend,
       make_self_extend},
      {"self_extend_shifted", 1, positions, none, {group, window, original_length},
       "self_extend with the shift W - W/G of the published code's prefill, a fraction where G "
       "does not divide W",
       "(L - W) G + W", "datamllab/LongLM self_extend_patch", citations::self_extend,
       make_self_extend_shifted},
      {"llama_cpp_self_extend", 1, positions, none,
       {group, {"window", "integer", "", "W in tokens, a multiple of group"}, original_length},
       "groups whole blocks of W tokens as llama.cpp's cache shifts do, one token at a time; the "
       "exact window shrinks to one token after each block",
       "(L - W) G + W", "llama.cpp PR #4815, --grp-attn-n and --grp-attn-w", citations::llama_cpp,
       make_llama_cpp_self_extend},
      {"rerope", 1, positions | gain, gain, {window, log_n, original_length},
       "distance min(i - j, W)", "any length, for W < L",
       "Su 2023, bojone/rerope rerope_patch.py", citations::rerope, make_rerope},
      {"leaky_rerope", 1, positions | gain, gain, {window, factor, log_n, original_length},
       "distance W + (i - j - W) / s beyond the window", "W + s (L - W)",
       "Su 2023, bojone/rerope leaky_rerope_patch.py", citations::rerope, make_leaky_rerope},
      {"dual_chunk", 1, positions, none,
       {{"chunk", "integer", "", "largest distance, in tokens; its authors: 3/4 L"},
        {"local", "integer", "", "tokens kept exact across chunks, below chunk; its authors: L/8"}},
       "positions repeat in chunks: exact inside a chunk, capped at chunk towards older ones",
       "any length, for chunk < L", "An et al. 2024, HKUNLP/ChunkLlama", citations::dual_chunk,
       make_dual_chunk},
      {"string", 1, positions | magnitude, magnitude,
       {{"shift", "integer", "", "S: distances from here on are moved; its authors: L/3"},
        {"window", "integer", "", "W <= S: the distance at which the moved ones start; 128"}},
       "distance i - j - S + W from S on; cos and sin times 0.1 ln(2) + 1",
       "within L, whose rarely trained distances it avoids",
       "An et al. 2024, HKUNLP/STRING (decoding rule)", citations::string_shift, make_string},
      {"lm_infinite", 1, positions, none,
       {window, {"global_tokens", "integer", "", "first tokens that stay visible; published: 10"},
        {"distance_ceiling", "integer", "null", "largest distance of those; null: the window"}},
       "attends the last W and the first tokens, no distance beyond the ceiling",
       "any length, for W <= L, without seeing what lies between",
       "Han et al. 2023, Glaciohound/LM-Infinite", citations::lm_infinite, make_lm_infinite},
      {"streaming", 1, positions, none,
       {{"sinks", "integer", "", "first tokens that stay in the cache; published: 4"}, window},
       "attends the first and the last W tokens, positions counted inside that cache",
       "any length, without seeing what lies between",
       "Xiao et al. 2023, mit-han-lab/streaming-llm", citations::streaming, make_streaming},
      {"sliding_window", 1, positions, none, {window},
       "attends the last W tokens only: the control of the methods above",
       "any length, without seeing farther back", "Beltagy et al. 2020", citations::sliding_window,
       make_sliding_window},

      {"apply_to_layers", 1, none, none,
       {{"layers", "integers", "", "layers that the methods edit, counted from 0"},
        {"methods", "chain", "", "a chain, as in an experiment"}},
       "a chain on some layers only; edits what its methods edit", "that of its methods",
       "e.g. Zhang et al. 2024 (Entropy-ABF), which leaves two layers alone",
       citations::entropy_abf, make_apply_to_layers},
  };
  return methods;
}
// clang-format on

std::vector<std::string> part_names(unsigned parts) {
  std::vector<std::string> names;
  for (const auto& [part, name] : {std::pair{Part::new_base, "base"},
                                   {Part::frequencies, "frequencies"},
                                   {Part::positions, "positions"},
                                   {Part::gain, "gain"},
                                   {Part::magnitude, "magnitude"}}) {
    if (parts & part) names.emplace_back(name);
  }
  return names;
}

const Method* find_method(std::string_view name) {
  for (const Method& method : catalog()) {
    const std::string versioned = std::string(method.name) + "/" + std::to_string(method.version);
    if (name == method.name || name == versioned) return &method;
  }
  return nullptr;
}

}  // namespace scalings
