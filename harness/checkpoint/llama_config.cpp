#include "harness/checkpoint/llama_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/checkpoint/llama_families.h"
#include "scalings/stated_length.h"

namespace checkpoint {
namespace {

constexpr int64_t most = int64_t{1} << 31;

/// Keys of relatives that change the computation, and the value (as JSON text) at which they do
/// not.
struct Unsupported {
  std::string_view key;
  std::string_view harmless;  ///< empty: no value is
};

constexpr std::array<Unsupported, 26> unsupported{{
    {"quantization_config", ""},
    {"logit_scale", "1"},
    {"logits_scaling", "1"},
    {"attention_multiplier", ""},
    {"embedding_multiplier", "1"},
    {"residual_multiplier", "1"},
    {"scale_emb", "1"},
    {"scale_depth", ""},
    {"final_logit_softcapping", ""},
    {"attn_logit_softcapping", ""},
    {"query_pre_attn_scalar", ""},
    {"clip_qkv", ""},
    {"qk_norm", "false"},
    {"use_qk_norm", "false"},
    {"qk_layernorm", "false"},
    {"no_rope_layers", ""},
    {"no_rope_layer_interval", ""},
    {"num_local_experts", ""},
    {"num_experts", ""},
    {"alibi", "false"},
    {"parallel_attn", "false"},
    {"use_parallel_residual", "false"},
    {"rope_interleaved", "false"},
    {"rope_local_base_freq", ""},
    {"attention_chunk_size", ""},
    {"rope_condense_ratio", "1"},
}};

/// Keys that are read below, or that do not change what a forward pass computes.
constexpr auto known = std::to_array<std::string_view>({
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "rope_theta",
    "rope_scaling",
    "rope_parameters",
    "rms_norm_eps",
    "tie_word_embeddings",
    "attention_bias",
    "mlp_bias",
    "hidden_act",
    "sliding_window",
    "use_sliding_window",
    "max_window_layers",
    "layer_types",
    "partial_rotary_factor",
    "max_position_embeddings",
    "model_type",
    // Of no effect on the scores:
    "_name_or_path",
    "architectures",
    "attention_dropout",
    "auto_map",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "dtype",
    "torch_dtype",
    "initializer_range",
    "pretraining_tp",
    "transformers_version",
    "use_cache",
    "max_sequence_length",
    "model_max_length",
    "original_max_position_embeddings",
    "unk_token_id",
    "bos_token",
    "eos_token",
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_autoset",
    "unsloth_version",
    "return_dict",
    "output_attentions",
    "output_hidden_states",
    "is_llama_config",
    "transformers.js_config",
    "tokenizer_class",
    "use_flash_attention",
    "task_specific_params",
});

const Family& family_of(base::StrictObject& object, std::vector<std::string>& warnings) {
  if (!object.has("model_type")) {
    warnings.push_back("/model_type is missing: read as \"llama\"");
    object.value("model_type");
    return llama_families().front();
  }
  const std::string name = object.text("model_type", std::string{});
  if (const Family* family = find_llama_family(name)) return *family;
  std::vector<std::string_view> names;
  for (const Family& family : llama_families()) names.push_back(family.model_type);
  object.problems().add(object.at("model_type"),
                        fmt::format("\"{}\" is not an architecture that can be computed", name),
                        fmt::format("supported: {}", fmt::join(names, ", ")));
  return llama_families().front();
}

void refuse_unsupported(const RawConfig& config, base::StrictObject& object,
                        std::vector<std::string>& warnings) {
  for (const auto& [key, value] : config.json().items()) {
    const auto entry =
        std::find_if(unsupported.begin(), unsupported.end(),
                     [&, name = key](const Unsupported& u) { return u.key == name; });
    if (entry != unsupported.end()) {
      const bool is_harmless =
          value.is_null() ||
          (!entry->harmless.empty() &&
           value == base::Json::parse(entry->harmless.begin(), entry->harmless.end()));
      if (is_harmless) continue;
      object.problems().add(object.at(key), "changes the computation and is not supported",
                            "this checkpoint cannot be scored");
    } else if (std::find(known.begin(), known.end(), key) == known.end()) {
      warnings.push_back(fmt::format("{} is not a known key: ignored", object.at(key)));
    }
  }
}

/// Transformers writes the kind of every layer; the windows themselves are read from other keys.
void refuse_mixed_layers(base::StrictObject& object) {
  const base::Json* kinds = object.value("layer_types");
  if (!kinds || !kinds->is_array()) return;
  for (const base::Json& kind : *kinds) {
    if (kind == kinds->front() && (kind == "full_attention" || kind == "sliding_attention"))
      continue;
    object.problems().add(object.at("layer_types"),
                          kind.dump(-1, ' ', false, base::Json::error_handler_t::replace) +
                              " in some layers only is not supported",
                          "this checkpoint cannot be scored");
    return;
  }
}

std::optional<int64_t> sliding_window(base::StrictObject& object, const Family& family,
                                      bool is_present, int64_t layers,
                                      std::vector<std::string>& warnings) {
  if (family.slides == Slides::never) {
    if (object.has("sliding_window")) {
      warnings.push_back(fmt::format("{} is ignored: the attention of {} has no window",
                                     object.at("sliding_window"), family.model_type));
    }
    return {};
  }
  const int64_t window =
      object.integer("sliding_window", 0, most, is_present ? int64_t{0} : family.sliding_window);
  if (window == 0) return {};
  if (family.slides == Slides::always) return window;
  const int64_t first = object.integer("max_window_layers", 0, most, default_max_window_layers);
  if (!object.boolean("use_sliding_window", false) || first >= layers) return {};
  if (first > 0) {
    object.problems().add(object.at("max_window_layers"),
                          "a sliding window in some layers only is not supported",
                          "this checkpoint cannot be scored");
  }
  return window;
}

/// What Transformers 4 has at the top level and Transformers 5 in the RoPE dict. Each version takes
/// its own place first: two values are two models.
class RopeKeys {
 public:
  /// `members`: the dict, nullptr where there is none.
  RopeKeys(base::StrictObject& object, base::StrictObject* members)
      : object_(object), members_(members) {}

  double number(const std::string& key, base::Bounds bounds, double fallback) {
    const double outer = object_.number(key, bounds, fallback);
    if (!members_) return outer;
    if (object_.has(key) && members_->has(key) && *object_.value(key) != *members_->value(key)) {
      object_.problems().add(members_->at(key), "contradicts " + object_.at(key),
                             "keep one of the two");
    }
    return members_->number(key, bounds, outer);
  }

 private:
  base::StrictObject& object_;
  base::StrictObject* members_;
};

}  // namespace

int64_t rotated_channels(int64_t head_dim, double factor) {
  return static_cast<int64_t>(static_cast<double>(head_dim) * factor);
}

LlamaSpec read_llama_spec(const RawConfig& config, std::vector<std::string>& warnings) {
  base::Problems problems;
  for (const base::Problem& problem : config.problems()) {
    problems.add(problem.place, problem.cause, problem.next_step);
  }
  base::StrictObject object(config.json(), "", problems);
  const Family& family = family_of(object, warnings);
  refuse_unsupported(config, object, warnings);

  LlamaSpec spec;
  spec.vocabulary = object.integer("vocab_size", 1, most);
  spec.hidden = object.integer("hidden_size", 1, most);
  spec.intermediate = object.integer("intermediate_size", 1, most);
  spec.layers = object.integer("num_hidden_layers", 1, 65536);
  spec.heads = object.integer("num_attention_heads", 1, most);
  spec.kv_heads = object.integer("num_key_value_heads", 1, most,
                                 config.json().contains("num_key_value_heads") || !family.kv_heads
                                     ? spec.heads
                                     : family.kv_heads);
  spec.max_position_embeddings =
      object.integer("max_position_embeddings", 1, most, family.max_position_embeddings);
  if (object.has("head_dim")) {
    spec.head_dim = object.integer("head_dim", 1, most);
  } else if (spec.hidden % spec.heads == 0) {
    spec.head_dim = spec.hidden / spec.heads;
  } else {
    problems.add("/head_dim",
                 fmt::format("missing, and hidden_size {} is no multiple of the {} heads",
                             spec.hidden, spec.heads));
    spec.head_dim = 2;
  }
  if (spec.heads % spec.kv_heads != 0) {
    problems.add("/num_key_value_heads", fmt::format("{} does not divide num_attention_heads {}",
                                                     spec.kv_heads, spec.heads));
  }

  spec.rms_norm_eps = object.number("rms_norm_eps", base::Bounds::above(0), family.rms_norm_eps);
  if (!object.has("rms_norm_eps")) {
    warnings.push_back(fmt::format("/rms_norm_eps is missing: {} takes {}", family.model_type,
                                   family.rms_norm_eps));
  }
  spec.tied_embeddings = object.boolean("tie_word_embeddings", false);
  const bool attention_bias = object.boolean("attention_bias", false);
  spec.query_key_value_bias = family.query_key_value_bias || attention_bias;
  spec.output_bias = family.query_key_value_bias ? false : attention_bias;
  spec.mlp_bias = object.boolean("mlp_bias", false);
  object.choice("hidden_act", {"silu", "swish"}, std::string("silu"));

  refuse_mixed_layers(object);
  spec.sliding_window = sliding_window(object, family, config.json().contains("sliding_window"),
                                       spec.layers, warnings);

  if (object.has("rope_scaling") && object.has("rope_parameters") &&
      config.json().at("rope_scaling") != config.json().at("rope_parameters")) {
    problems.add("/rope_parameters", "contradicts /rope_scaling", "keep one of the two");
  }
  spec.rope_scaling = config.rope_scaling();
  std::optional<base::StrictObject> members;
  if (!spec.rope_scaling.is_null()) {
    members.emplace(config.rope_scaling(), "/" + scalings::rope_dict_name(config.json()), problems);
  }
  RopeKeys rope(object, members ? &*members : nullptr);
  spec.rope_theta = rope.number("rope_theta", base::Bounds::above(1), family.rope_theta);
  double rotary_factor = rope.number("partial_rotary_factor", base::Bounds::between(0, 1), 1.0);
  if (config.rope_type() == "proportional") {
    // There it is the part of the pairs that turn, as pairs of the whole head: the method's own.
    if (object.has("partial_rotary_factor")) {
      spec.rope_scaling["partial_rotary_factor"] = rotary_factor;
    }
    rotary_factor = 1;
  }
  if (!config.rope_theta()) {
    warnings.push_back(
        fmt::format("/rope_theta is missing: {} takes {}; a checkpoint trained with "
                    "another base breaks far inside its window",
                    family.model_type, family.rope_theta));
  }
  spec.rotary_dim = rotated_channels(spec.head_dim, rotary_factor);
  if (spec.rotary_dim < 2 || spec.rotary_dim % 2 != 0) {
    problems.add(object.has("head_dim") ? "/head_dim" : "/partial_rotary_factor",
                 fmt::format("gives {} rotated channels of {}: must be even and at least 2",
                             spec.rotary_dim, spec.head_dim));
  }
  problems.throw_if_any(config.file());
  return spec;
}

std::optional<int64_t> sliding_window(const RawConfig& config) {
  const auto window = config.integer("sliding_window");
  const Family* const family = find_llama_family(config.text("model_type").value_or("llama"));
  if (!family) return window;
  switch (family->slides) {
    case Slides::never:
      return {};
    case Slides::when_asked:
      if (!config.boolean("use_sliding_window").value_or(false) ||
          config.integer("max_window_layers").value_or(default_max_window_layers) >=
              config.integer("num_hidden_layers").value_or(most)) {
        return {};
      }
      break;
    case Slides::always:
      break;
  }
  return config.json().contains("sliding_window") ? window : family->sliding_window;
}

}  // namespace checkpoint
