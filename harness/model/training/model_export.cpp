#include "harness/model/training/model_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <ranges>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/hf_config.h"
#include "harness/checkpoint/safetensors_writer.h"
#include "scalings/catalog.h"
#include "scalings/from_hf.h"
#include "scalings/parameters.h"

namespace training {
namespace {

using checkpoint::Role;

/// Where a role's rows lie: a parameter of the trained model, and rows of it.
struct Place {
  std::string hf_name;
  Role role;
  int64_t layer;
  size_t parameter;
  int64_t begin, end;
};

std::vector<Place> places_of(const TrainableLlama& model) {
  const checkpoint::LlamaSpec& spec = model.spec();
  const int64_t query = spec.heads * spec.head_dim;
  const int64_t key = spec.kv_heads * spec.head_dim;
  std::vector<Place> places;
  const auto whole = [&](const std::string& name, Role role, int64_t layer, size_t parameter) {
    const int64_t rows = model.parameters()[parameter].master.size(0);
    places.push_back({name, role, layer, parameter, 0, rows});
  };
  whole("model.embed_tokens.weight", Role::embedding, 0, model.embedding());
  for (int64_t layer = 0; layer < spec.layers; ++layer) {
    const auto name = [&](const char* tensor) {
      return fmt::format("model.layers.{}.{}.weight", layer, tensor);
    };
    const auto rows = [&](const char* tensor, Role role, size_t parameter, int64_t begin,
                          int64_t count) {
      places.push_back({name(tensor), role, layer, parameter, begin, begin + count});
    };
    const size_t qkv = model.at(layer, TrainableLlama::query_key_value);
    const size_t gate_up = model.at(layer, TrainableLlama::gate_up);
    whole(name("input_layernorm"), Role::input_norm, layer,
          model.at(layer, TrainableLlama::input_norm));
    rows("self_attn.q_proj", Role::query, qkv, 0, query);
    rows("self_attn.k_proj", Role::key, qkv, query, key);
    rows("self_attn.v_proj", Role::value, qkv, query + key, key);
    whole(name("self_attn.o_proj"), Role::output, layer, model.at(layer, TrainableLlama::output));
    whole(name("post_attention_layernorm"), Role::post_attention_norm, layer,
          model.at(layer, TrainableLlama::post_attention_norm));
    rows("mlp.gate_proj", Role::gate, gate_up, 0, spec.intermediate);
    rows("mlp.up_proj", Role::up, gate_up, spec.intermediate, spec.intermediate);
    whole(name("mlp.down_proj"), Role::down, layer, model.at(layer, TrainableLlama::down));
  }
  whole("model.norm.weight", Role::final_norm, 0, model.final_norm());
  if (!spec.tied_embeddings) whole("lm_head.weight", Role::head, 0, model.head());
  return places;
}

/// All that config.json might say of a chain: the model's own base, the chain's `theta`, linear or
/// yarn; which of it is true is not asked here.
std::vector<HfRope> wordings(const base::Json& methods, double theta,
                             const scalings::Context& context) {
  const double own = context.shape.theta;
  std::vector<HfRope> all = {{own, nullptr}, {theta, nullptr}};
  const std::string type = methods.empty() ? "" : methods[0].at("type");
  if (type != "linear/1" && type != "yarn/1") return all;
  base::Problems problems;
  base::StrictObject method(methods[0], "", problems);
  const scalings::OriginalLength original(method);
  // As a number: "length/trained" is not for config.json.
  const double factor = scalings::Factor(method).at(context, original);
  if (type == "linear/1") {
    all.push_back({own, {{"rope_type", "linear"}, {"factor", factor}}});
  } else {
    all.push_back({own,
                   {{"rope_type", "yarn"},
                    {"factor", factor},
                    {"original_max_position_embeddings", original.tokens(context.shape)}}});
  }
  return all;
}

/// The plan that a reader of config.json makes of it.
scalings::RotaryPlan read_back(const HfRope& rope, scalings::Context context) {
  const base::Json config = {{"rope_scaling", rope.scaling}};
  context.shape.theta = rope.theta;
  return scalings::make_plan(
      scalings::make_chain(scalings::from_hf(config, "config.json").chain, "config.json"), context);
}

/// Whether two plans compute the same, but for the last bits of a frequency: a yarn of factor 1 is
/// plain RoPE, rounded. The base in force rotates nothing.
bool rotate_alike(const scalings::RotaryPlan& left, scalings::RotaryPlan right) {
  const auto is_close = [](const Eigen::ArrayXd& one, const Eigen::ArrayXd& other) {
    return ((one - other).abs() <= 1e-12 * other).all();
  };
  if (!std::equal(left.inv_freq.begin(), left.inv_freq.end(), right.inv_freq.begin(),
                  right.inv_freq.end(), is_close)) {
    return false;
  }
  right.inv_freq = left.inv_freq;
  right.theta = left.theta;
  return left == right;
}

base::Json config_json(const TrainableLlama& model, const TrainConfig& config, const HfRope& rope,
                       const evals::Tokenizer& tokenizer) {
  checkpoint::LlamaSpec spec = model.spec();
  spec.max_position_embeddings = config.longest();
  spec.rope_theta = rope.theta;
  spec.rope_scaling = rope.scaling;
  base::Json json = checkpoint::hf_config(
      spec, config.export_bfloat16 ? checkpoint::DType::bf16 : checkpoint::DType::f32);
  // Left out, Transformers would take the ids of Llama's own tokenizer.
  json["bos_token_id"] = tokenizer.bos() ? base::Json(*tokenizer.bos()) : nullptr;
  json["eos_token_id"] = tokenizer.eos() ? base::Json(*tokenizer.eos()) : nullptr;
  return json;
}

}  // namespace

HfRope hf_rope(const scalings::Chain& chain, const scalings::RopeShape& shape, int64_t layers,
               const std::set<int64_t>& lengths) {
  const base::Json methods = scalings::params(chain);
  const auto refuse = [&](const std::string& where) {
    base::reject("scaling", "", "config.json has no words for " + methods.dump() + where,
                 "train with linear or yarn alone, or with a method that changes the base, the "
                 "same in every layer and at every length");
  };
  const int64_t longest = *lengths.rbegin();
  const scalings::Context first{shape, longest, 0, layers};
  const scalings::RotaryPlan plan = scalings::make_plan(chain, first);
  const std::vector<HfRope> all = wordings(methods, plan.theta, first);
  // Written down is not enough: what a reader makes of it must be what is trained.
  const auto rope = std::find_if(all.begin(), all.end(), [&](const HfRope& each) {
    return rotate_alike(plan, read_back(each, first));
  });
  if (rope == all.end()) refuse("");
  // The longest first: what differs by layer alone is then told of one length.
  for (const int64_t length : std::views::reverse(lengths)) {
    const scalings::RotaryPlan exported = read_back(*rope, {shape, length, 0, layers});
    for (int64_t layer = 0; layer < layers; ++layer) {
      const scalings::Context here{shape, length, layer, layers};
      if (rotate_alike(scalings::make_plan(chain, here), exported)) continue;
      refuse(fmt::format(", which rotates layer {} at {} tokens otherwise than layer 0 at {}",
                         layer, length, longest));
    }
  }
  return *rope;
}

void export_model(const TrainableLlama& model, const TrainConfig& config, const HfRope& rope,
                  const evals::Tokenizer& tokenizer, const std::filesystem::path& directory) {
  const at::ScalarType type = config.export_bfloat16 ? at::kBFloat16 : at::kFloat;
  const std::vector<Place> places = places_of(model);
  const auto tensor_at = [&](const Place& place) {
    return model.parameters()[place.parameter].master.slice(0, place.begin, place.end);
  };
  std::vector<checkpoint::TensorPlan> plans;
  for (const Place& place : places) {
    plans.push_back(
        {place.hf_name, config.export_bfloat16 ? "BF16" : "F32", tensor_at(place).sizes().vec()});
  }
  checkpoint::SafetensorsWriter writer(directory / "model.safetensors", plans);
  for (const Place& place : places) {
    const at::Tensor tensor = tensor_at(place).to(type).contiguous();
    writer.write(place.hf_name, {static_cast<const std::byte*>(tensor.data_ptr()),
                                 static_cast<size_t>(tensor.nbytes())});
  }
  writer.finish();
  base::write_file_atomically(directory / "config.json",
                              config_json(model, config, rope, tokenizer).dump(1) + "\n");
}

void import_weights(const checkpoint::Weights& weights, TrainableLlama& model) {
  const std::map<checkpoint::DType, at::ScalarType> types = {
      {checkpoint::DType::f32, at::kFloat},
      {checkpoint::DType::f16, at::kHalf},
      {checkpoint::DType::bf16, at::kBFloat16}};
  for (const Place& place : places_of(model)) {
    const checkpoint::TensorView view = weights.tensor(place.role, place.layer);
    const at::Tensor tensor = at::empty(view.shape, types.at(view.dtype));
    std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
    model.parameters()[place.parameter].master.slice(0, place.begin, place.end).copy_(tensor);
  }
  model.refresh();
}

}  // namespace training
