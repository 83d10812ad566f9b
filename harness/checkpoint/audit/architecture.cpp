#include "harness/checkpoint/audit/architecture.h"

namespace audit {
namespace {

using enum Dim;

/// Of several remarks, those that are there.
std::string joined(std::initializer_list<std::string> remarks) {
  std::string text;
  for (const std::string& remark : remarks) {
    if (!remark.empty()) text += (text.empty() ? "" : "; ") + remark;
  }
  return text;
}

std::vector<Slot> llama_slots(bool query_bias, bool output_bias, bool mlp_bias, bool tied,
                              bool stored_frequencies) {
  std::vector<Slot> slots{
      {"embedding", "model.embed_tokens.weight", {vocabulary, hidden}, false},
      {"input norm", "model.layers.{}.input_layernorm.weight", {hidden}, true},
      {"query", "model.layers.{}.self_attn.q_proj.weight", {query, hidden}, true},
      {"key", "model.layers.{}.self_attn.k_proj.weight", {key_value, hidden}, true},
      {"value", "model.layers.{}.self_attn.v_proj.weight", {key_value, hidden}, true},
      {"output", "model.layers.{}.self_attn.o_proj.weight", {hidden, query}, true},
      {"post-attention norm", "model.layers.{}.post_attention_layernorm.weight", {hidden}, true},
      {"gate", "model.layers.{}.mlp.gate_proj.weight", {intermediate, hidden}, true},
      {"up", "model.layers.{}.mlp.up_proj.weight", {intermediate, hidden}, true},
      {"down", "model.layers.{}.mlp.down_proj.weight", {hidden, intermediate}, true},
      {"final norm", "model.norm.weight", {hidden}, false},
  };
  if (!tied) slots.push_back({"head", "lm_head.weight", {vocabulary, hidden}, false});
  if (query_bias) {
    slots.push_back({"query bias", "model.layers.{}.self_attn.q_proj.bias", {query}, true});
    slots.push_back({"key bias", "model.layers.{}.self_attn.k_proj.bias", {key_value}, true});
    slots.push_back({"value bias", "model.layers.{}.self_attn.v_proj.bias", {key_value}, true});
  }
  if (output_bias) {
    slots.push_back({"output bias", "model.layers.{}.self_attn.o_proj.bias", {hidden}, true});
  }
  if (mlp_bias) {
    slots.push_back({"gate bias", "model.layers.{}.mlp.gate_proj.bias", {intermediate}, true});
    slots.push_back({"up bias", "model.layers.{}.mlp.up_proj.bias", {intermediate}, true});
    slots.push_back({"down bias", "model.layers.{}.mlp.down_proj.bias", {hidden}, true});
  }
  if (stored_frequencies) {
    slots.push_back({"rotary frequencies",
                     "model.layers.{}.self_attn.rotary_emb.inv_freq",
                     {frequencies},
                     true});
  }
  return slots;
}

std::vector<Architecture> llama_variants() {
  std::vector<Architecture> variants;
  for (const bool stored : {false, true}) {
    for (const int biases : {0, 1, 2, 3}) {  // none, q/k/v, q/k/v/o, those and the MLP's
      for (const bool tied : {false, true}) {
        constexpr std::array<std::string_view, 4> bias_words{
            "", "query, key and value biases", "attention biases", "attention and MLP biases"};
        const std::string variant = joined({std::string(bias_words[static_cast<size_t>(biases)]),
                                            tied ? "no head: tied to the embedding" : "",
                                            stored ? "stored rotary frequencies" : ""});
        variants.push_back(
            {"LLaMA", variant, llama_slots(biases > 0, biases > 1, biases > 2, tied, stored), ""});
      }
    }
  }
  return variants;
}

std::vector<Slot> falcon_slots(bool two_norms, bool tied) {
  std::vector<Slot> slots{
      {"embedding", "transformer.word_embeddings.weight", {vocabulary, hidden}, false}};
  const auto add = [&](std::string_view role, std::string_view name, std::vector<Dim> shape) {
    slots.push_back({role, name, std::move(shape), true});
  };
  if (two_norms) {
    add("attention norm", "transformer.h.{}.ln_attn.weight", {hidden});
    add("attention norm bias", "transformer.h.{}.ln_attn.bias", {hidden});
    add("MLP norm", "transformer.h.{}.ln_mlp.weight", {hidden});
    add("MLP norm bias", "transformer.h.{}.ln_mlp.bias", {hidden});
  } else {
    add("input norm", "transformer.h.{}.input_layernorm.weight", {hidden});
    add("input norm bias", "transformer.h.{}.input_layernorm.bias", {hidden});
  }
  add("query, key and value", "transformer.h.{}.self_attention.query_key_value.weight",
      {fused, hidden});
  add("output", "transformer.h.{}.self_attention.dense.weight", {hidden, hidden});
  add("up", "transformer.h.{}.mlp.dense_h_to_4h.weight", {intermediate, hidden});
  add("down", "transformer.h.{}.mlp.dense_4h_to_h.weight", {hidden, intermediate});
  slots.push_back({"final norm", "transformer.ln_f.weight", {hidden}, false});
  slots.push_back({"final norm bias", "transformer.ln_f.bias", {hidden}, false});
  if (!tied) slots.push_back({"head", "lm_head.weight", {vocabulary, hidden}, false});
  return slots;
}

/// What Transformers once stored of attention that is no weight.
enum class Stored { nothing, mask, mask_and_value };

std::string stored_words(Stored stored) {
  return stored == Stored::nothing ? ""
         : stored == Stored::mask  ? "stored causal masks"
                                   : "stored causal masks and values";
}

void add_stored(std::vector<Slot>& slots, Stored stored, std::string_view mask,
                std::string_view value) {
  if (stored == Stored::nothing) return;
  slots.push_back({"causal mask", mask, {one, one, positions, positions}, true});
  if (stored == Stored::mask_and_value) slots.push_back({"masked value", value, {}, true});
}

std::vector<Slot> gpt2_slots(bool tied, Stored stored) {
  std::vector<Slot> slots{
      {"embedding", "wte.weight", {vocabulary, hidden}, false},
      {"position embedding", "wpe.weight", {positions, hidden}, false},
      {"attention norm", "h.{}.ln_1.weight", {hidden}, true},
      {"attention norm bias", "h.{}.ln_1.bias", {hidden}, true},
      {"query, key and value", "h.{}.attn.c_attn.weight", {hidden, three_hidden}, true},
      {"query, key and value bias", "h.{}.attn.c_attn.bias", {three_hidden}, true},
      {"output", "h.{}.attn.c_proj.weight", {hidden, hidden}, true},
      {"output bias", "h.{}.attn.c_proj.bias", {hidden}, true},
      {"MLP norm", "h.{}.ln_2.weight", {hidden}, true},
      {"MLP norm bias", "h.{}.ln_2.bias", {hidden}, true},
      {"up", "h.{}.mlp.c_fc.weight", {hidden, intermediate}, true},
      {"up bias", "h.{}.mlp.c_fc.bias", {intermediate}, true},
      {"down", "h.{}.mlp.c_proj.weight", {intermediate, hidden}, true},
      {"down bias", "h.{}.mlp.c_proj.bias", {hidden}, true},
      {"final norm", "ln_f.weight", {hidden}, false},
      {"final norm bias", "ln_f.bias", {hidden}, false},
  };
  if (!tied) slots.push_back({"head", "lm_head.weight", {vocabulary, hidden}, false});
  add_stored(slots, stored, "h.{}.attn.bias", "h.{}.attn.masked_bias");
  return slots;
}

std::vector<Slot> gptj_slots(Stored stored) {
  std::vector<Slot> slots{
      {"embedding", "transformer.wte.weight", {vocabulary, hidden}, false},
      {"input norm", "transformer.h.{}.ln_1.weight", {hidden}, true},
      {"input norm bias", "transformer.h.{}.ln_1.bias", {hidden}, true},
      {"query", "transformer.h.{}.attn.q_proj.weight", {hidden, hidden}, true},
      {"key", "transformer.h.{}.attn.k_proj.weight", {hidden, hidden}, true},
      {"value", "transformer.h.{}.attn.v_proj.weight", {hidden, hidden}, true},
      {"output", "transformer.h.{}.attn.out_proj.weight", {hidden, hidden}, true},
      {"up", "transformer.h.{}.mlp.fc_in.weight", {intermediate, hidden}, true},
      {"up bias", "transformer.h.{}.mlp.fc_in.bias", {intermediate}, true},
      {"down", "transformer.h.{}.mlp.fc_out.weight", {hidden, intermediate}, true},
      {"down bias", "transformer.h.{}.mlp.fc_out.bias", {hidden}, true},
      {"final norm", "transformer.ln_f.weight", {hidden}, false},
      {"final norm bias", "transformer.ln_f.bias", {hidden}, false},
      {"head", "lm_head.weight", {vocabulary, hidden}, false},
      {"head bias", "lm_head.bias", {vocabulary}, false},
  };
  add_stored(slots, stored, "transformer.h.{}.attn.bias", "transformer.h.{}.attn.masked_bias");
  return slots;
}

std::vector<Architecture> all() {
  std::vector<Architecture> list = llama_variants();
  constexpr std::array<Stored, 3> all_stored{Stored::nothing, Stored::mask, Stored::mask_and_value};
  for (const bool tied : {false, true}) {
    const std::string head = tied ? "no head: tied to the embedding" : "";
    list.push_back({"Falcon (one norm a layer, as Falcon-7B)", head, falcon_slots(false, tied),
                    "attention and MLP run beside one another after one norm; query, key and value "
                    "are one tensor; norms have biases; the MLP has no gate"});
    list.push_back({"Falcon (two norms a layer, as Falcon-40B)", head, falcon_slots(true, tied),
                    "attention and MLP run beside one another, each after its own norm; query, key "
                    "and value are one tensor; norms have biases; the MLP has no gate"});
    for (const Stored stored : all_stored) {
      list.push_back({"GPT-2", joined({head, stored_words(stored)}), gpt2_slots(tied, stored),
                      "positions are learned, not rotary; query, key and value are one tensor; "
                      "weights are stored input first; everything has a bias; the MLP has no "
                      "gate"});
    }
  }
  for (const Stored stored : all_stored) {
    list.push_back({"GPT-J", stored_words(stored), gptj_slots(stored),
                    "attention and MLP run beside one another after one norm; norms, MLP and head "
                    "have biases; the MLP has no gate"});
  }
  return list;
}

}  // namespace

std::string_view name_of(Dim dim) {
  switch (dim) {
    case hidden:
      return "hidden";
    case query:
      return "query rows";
    case key_value:
      return "key/value rows";
    case intermediate:
      return "intermediate";
    case vocabulary:
      return "vocabulary";
    case positions:
      return "positions";
    case fused:
      return "fused query/key/value rows";
    case three_hidden:
      return "three times hidden";
    case frequencies:
      return "rotary frequencies";
    case one:
      return "one";
  }
  return "";
}

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> list = all();
  return list;
}

bool is_llama(const Architecture& architecture) { return architecture.family == "LLaMA"; }

}  // namespace audit
