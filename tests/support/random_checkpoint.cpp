#include "tests/support/random_checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <vector>

#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/checkpoint/convert.h"
#include "harness/checkpoint/hf_config.h"
#include "harness/checkpoint/roles.h"
#include "harness/checkpoint/safetensors_index.h"
#include "harness/checkpoint/safetensors_writer.h"

namespace tests {
namespace {

using checkpoint::Role;
using checkpoint::RoleAt;

struct Normal {
  double mean;
  double deviation;
};

Normal distribution(const RandomCheckpoint& wanted, Role role) {
  const auto hidden = static_cast<double>(wanted.spec.hidden);
  switch (role) {
    case Role::query:
    case Role::key:
      return {0, wanted.attention_std * std::sqrt(64 / hidden)};
    case Role::embedding:
      return {0, wanted.spec.tied_embeddings ? 2 / std::sqrt(hidden) : 1};
    case Role::head:
      return {0, 2 / std::sqrt(hidden)};
    case Role::input_norm:
    case Role::post_attention_norm:
    case Role::final_norm:
      return {1, 0.1};
    case Role::down:
      return {0, 1 / std::sqrt(static_cast<double>(wanted.spec.intermediate))};
    case Role::value:
    case Role::output:
    case Role::gate:
    case Role::up:
      return {0, 1 / std::sqrt(hidden)};
    default:  // biases
      return {0, 0.3};
  }
}

std::vector<float> numbers(const RandomCheckpoint& wanted, RoleAt at, int64_t count) {
  const base::CounterRandom random(base::Json::array(
      {"random checkpoint", wanted.seed, std::string(checkpoint::name_of(at.role)), at.layer}));
  const Normal normal = distribution(wanted, at.role);
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {  // Box-Muller
    const double radius = std::sqrt(-2 * std::log(1 - random.unit(2 * i)));
    const double turn = 2 * std::numbers::pi * random.unit(2 * i + 1);
    values[i] = static_cast<float>(normal.mean + normal.deviation * radius * std::cos(turn));
  }
  return values;
}

int64_t elements(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

checkpoint::LlamaSpec small_spec() {
  checkpoint::LlamaSpec spec;
  spec.vocabulary = 256;
  spec.hidden = 64;
  spec.intermediate = 128;
  spec.layers = 2;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.head_dim = 16;
  spec.rotary_dim = 16;
  spec.max_position_embeddings = 128;
  return spec;
}

void write_random_checkpoint(const RandomCheckpoint& wanted, const std::filesystem::path& folder) {
  base::Json config = checkpoint::hf_config(wanted.spec, wanted.dtype);
  if (wanted.yi_names) config["model_type"] = "Yi";
  base::write_file_atomically(folder / "config.json", config.dump(2) + "\n");

  const auto name = [&](RoleAt at) {
    return wanted.yi_names ? checkpoint::yi_name(at) : checkpoint::standard_name(at);
  };
  const std::vector<RoleAt> all = checkpoint::all_roles(wanted.spec);
  const int64_t shards = std::min(wanted.shards, std::ssize(all));
  checkpoint::SafetensorsIndex index;
  index.total_size = 0;
  for (int64_t shard = 0; shard < shards; ++shard) {
    const std::string file =
        shards == 1 ? "model.safetensors"
                    : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards);
    std::vector<checkpoint::TensorPlan> plans;
    std::vector<RoleAt> mine;
    for (int64_t i = shard * std::ssize(all) / shards; i < (shard + 1) * std::ssize(all) / shards;
         ++i) {
      const RoleAt at = all[static_cast<size_t>(i)];
      plans.push_back({name(at), std::string(checkpoint::safetensors_name(wanted.dtype)),
                       checkpoint::role_shape(wanted.spec, at.role)});
      mine.push_back(at);
    }
    checkpoint::SafetensorsWriter writer(folder / file, plans);
    for (const RoleAt at : mine) {
      const auto values =
          numbers(wanted, at, elements(checkpoint::role_shape(wanted.spec, at.role)));
      std::vector<std::byte> bytes(values.size() *
                                   static_cast<size_t>(checkpoint::width(wanted.dtype)));
      checkpoint::from_float(values, wanted.dtype, bytes);
      writer.write(name(at), bytes);
      index.file_of[name(at)] = file;
      *index.total_size += std::ssize(bytes);
    }
    writer.finish();
  }
  if (shards > 1) {
    base::write_file_atomically(folder / "model.safetensors.index.json",
                                checkpoint::format_safetensors_index(index));
  }
}

}  // namespace tests
