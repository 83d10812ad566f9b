#include "tests/harness/checkpoint/audit/families.h"

namespace audit {

std::vector<Known> llama(const Sizes& s, bool tied) {
  std::vector<Known> all{{"embedding", {s.vocabulary, s.hidden}, false},
                         {"final norm", {s.hidden}, false},
                         {"input norm", {s.hidden}, true},
                         {"post-attention norm", {s.hidden}, true},
                         {"query", {s.query, s.hidden}, true},
                         {"key", {s.key_value, s.hidden}, true},
                         {"value", {s.key_value, s.hidden}, true},
                         {"output", {s.hidden, s.query}, true},
                         {"gate", {s.inner, s.hidden}, true},
                         {"up", {s.inner, s.hidden}, true},
                         {"down", {s.hidden, s.inner}, true}};
  if (!tied) all.push_back({"head", {s.vocabulary, s.hidden}, false});
  return all;
}

std::vector<Known> qwen2(const Sizes& s, bool tied) {
  std::vector<Known> all = llama(s, tied);
  all.push_back({"query bias", {s.query}, true});
  all.push_back({"key bias", {s.key_value}, true});
  all.push_back({"value bias", {s.key_value}, true});
  return all;
}

std::vector<Known> fully_biased(const Sizes& s) {
  std::vector<Known> all = qwen2(s);
  all.push_back({"output bias", {s.hidden}, true});
  all.push_back({"gate bias", {s.inner}, true});
  all.push_back({"up bias", {s.inner}, true});
  all.push_back({"down bias", {s.hidden}, true});
  return all;
}

namespace {

std::vector<Known> falcon(const Sizes& s, bool two_norms) {
  std::vector<Known> all{{"embedding", {s.vocabulary, s.hidden}, false},
                         {"head", {s.vocabulary, s.hidden}, false},
                         {"final norm", {s.hidden}, false},
                         {"final norm bias", {s.hidden}, false},
                         {"query, key and value", {s.hidden + 2 * s.key_value, s.hidden}, true},
                         {"output", {s.hidden, s.hidden}, true},
                         {"up", {4 * s.hidden, s.hidden}, true},
                         {"down", {s.hidden, 4 * s.hidden}, true}};
  if (two_norms) {
    for (const char* role :
         {"attention norm", "attention norm bias", "MLP norm", "MLP norm bias"}) {
      all.push_back({role, {s.hidden}, true});
    }
  } else {
    all.push_back({"input norm", {s.hidden}, true});
    all.push_back({"input norm bias", {s.hidden}, true});
  }
  return all;
}

std::vector<Known> gpt2(const Sizes& s) {
  const int64_t d = s.hidden;
  return {{"embedding", {s.vocabulary, d}, false},
          {"position embedding", {1024, d}, false},
          {"final norm", {d}, false},
          {"final norm bias", {d}, false},
          {"attention norm", {d}, true},
          {"attention norm bias", {d}, true},
          {"MLP norm", {d}, true},
          {"MLP norm bias", {d}, true},
          {"query, key and value", {d, 3 * d}, true},
          {"query, key and value bias", {3 * d}, true},
          {"output", {d, d}, true},
          {"output bias", {d}, true},
          {"up", {d, 4 * d}, true},
          {"up bias", {4 * d}, true},
          {"down", {4 * d, d}, true},
          {"down bias", {d}, true}};
}

/// As published: with the causal mask of every layer.
std::vector<Known> gpt2_with_masks(const Sizes& s) {
  std::vector<Known> all = gpt2(s);
  all.push_back({"causal mask", {1, 1, 1024, 1024}, true});
  return all;
}

std::vector<Known> gptj(const Sizes& s) {
  const int64_t d = s.hidden;
  return {{"embedding", {s.vocabulary, d}, false},
          {"head", {s.vocabulary, d}, false},
          {"head bias", {s.vocabulary}, false},
          {"final norm", {d}, false},
          {"final norm bias", {d}, false},
          {"input norm", {d}, true},
          {"input norm bias", {d}, true},
          {"query", {d, d}, true},
          {"key", {d, d}, true},
          {"value", {d, d}, true},
          {"output", {d, d}, true},
          {"up", {4 * d, d}, true},
          {"up bias", {4 * d}, true},
          {"down", {d, 4 * d}, true},
          {"down bias", {d}, true}};
}

}  // namespace

std::vector<Case> cases() {
  const Sizes llama_2_7b{4096, 4096, 4096, 11008, 32000, 32};
  const Sizes llama_3_8b{4096, 4096, 1024, 14336, 128256, 32};
  const Sizes yi_34b{7168, 7168, 1024, 20480, 64000, 60};
  const Sizes wide_heads{3072, 4096, 1024, 8192, 32000, 28};  // heads x head_dim is not hidden
  const Sizes wide_mha{3072, 4096, 4096, 8192, 32000, 28};
  const Sizes square_mlp{1024, 1024, 256, 1024, 5000, 4};  // hidden = intermediate
  const Sizes all_square{64, 64, 64, 64, 64, 3};           // and the vocabulary too
  const Sizes query_is_inner{512, 768, 256, 768, 5000, 4};
  const Sizes smollm2{576, 576, 192, 1536, 49152, 30};
  const Sizes qwen2_7b{3584, 3584, 512, 18944, 152064, 28};
  const Sizes falcon_7b{4544, 4544, 64, 18176, 65024, 32};
  const Sizes falcon_40b{8192, 8192, 512, 32768, 65024, 60};
  const Sizes gpt2_small{768, 768, 768, 3072, 50257, 12};
  const Sizes gptj_6b{4096, 4096, 4096, 16384, 50400, 28};
  return {{"Llama-2-7B", "LLaMA", llama(llama_2_7b), 32},
          {"Llama-3-8B", "LLaMA", llama(llama_3_8b), 32},
          {"Yi-34B", "LLaMA", llama(yi_34b), 60},
          {"wide heads", "LLaMA", llama(wide_heads), 28},
          {"wide heads, no grouping", "LLaMA", llama(wide_mha), 28},
          {"square MLP", "LLaMA", llama(square_mlp), 4},
          {"square MLP, tied", "LLaMA", llama(square_mlp, true), 4},
          {"everything square", "LLaMA", llama(all_square), 3},
          {"query rows = intermediate", "LLaMA", llama(query_is_inner), 4},
          {"SmolLM2-135M, tied", "LLaMA", llama(smollm2, true), 30},
          {"Qwen2-7B", "LLaMA", qwen2(qwen2_7b), 28},
          {"Qwen2, wide heads, tied", "LLaMA", qwen2(wide_heads, true), 28},
          {"biases everywhere", "LLaMA", fully_biased(yi_34b), 60},
          {"biases everywhere, wide heads", "LLaMA", fully_biased(wide_heads), 28},
          {"Falcon-7B", "Falcon (one norm a layer, as Falcon-7B)", falcon(falcon_7b, false), 32},
          {"Falcon-40B", "Falcon (two norms a layer, as Falcon-40B)", falcon(falcon_40b, true), 60},
          {"GPT-2", "GPT-2", gpt2(gpt2_small), 12},
          {"GPT-2, as published", "GPT-2", gpt2_with_masks(gpt2_small), 12},
          {"GPT-J-6B", "GPT-J", gptj(gptj_6b), 28}};
}

std::vector<std::string_view> inseparable(const Case& example, const Known& known,
                                          bool with_layers) {
  std::vector<std::string_view> roles;
  for (const Known& other : example.tensors) {
    // A GPT-2 reads as well with its two embeddings exchanged: no shape says which is which, unless
    // a mask tells the positions.
    const bool is_gpt2_embedding = example.name == "GPT-2" && known.role.ends_with("embedding") &&
                                   other.role.ends_with("embedding");
    const bool is_alike =
        other.shape == known.shape && (!with_layers || other.per_layer == known.per_layer);
    if (is_alike || is_gpt2_embedding) roles.push_back(other.role);
  }
  return roles;
}

}  // namespace audit
