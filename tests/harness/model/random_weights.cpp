#include "tests/harness/model/random_weights.h"

#include <random>
#include <stdexcept>

namespace model_test {

using checkpoint::Role;

RandomWeights::RandomWeights(const checkpoint::LlamaSpec& spec, uint64_t seed)
    : spec_(spec), seed_(seed) {
  const int64_t queries = spec.heads * spec.head_dim;
  const int64_t keys = spec.kv_heads * spec.head_dim;
  add(Role::embedding, 0, {spec.vocabulary, spec.hidden}, 0, 1);
  add(Role::final_norm, 0, {spec.hidden}, 1, 0.1);
  if (!spec.tied_embeddings) {
    add(Role::head, 0, {spec.vocabulary, spec.hidden}, 0, 0.2);
  }
  for (int64_t layer = 0; layer < spec.layers; ++layer) {
    add(Role::input_norm, layer, {spec.hidden}, 1, 0.1);
    add(Role::query, layer, {queries, spec.hidden}, 0, 0.25);
    add(Role::key, layer, {keys, spec.hidden}, 0, 0.25);
    add(Role::value, layer, {keys, spec.hidden}, 0, 0.1);
    add(Role::output, layer, {spec.hidden, queries}, 0, 0.1);
    if (spec.query_key_value_bias) {
      add(Role::query_bias, layer, {queries}, 0, 0.5);
      add(Role::key_bias, layer, {keys}, 0, 0.5);
      add(Role::value_bias, layer, {keys}, 0, 0.5);
    }
    add(Role::post_attention_norm, layer, {spec.hidden}, 1, 0.1);
    add(Role::gate, layer, {spec.intermediate, spec.hidden}, 0, 0.1);
    add(Role::up, layer, {spec.intermediate, spec.hidden}, 0, 0.1);
    add(Role::down, layer, {spec.hidden, spec.intermediate}, 0, 0.1);
  }
}

void RandomWeights::add(Role role, int64_t layer, std::vector<int64_t> shape, double mean,
                        double deviation) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    count *= size;
  }
  std::seed_seq seeds{static_cast<int64_t>(seed_), static_cast<int64_t>(role), layer};
  std::mt19937 generator(seeds);
  std::normal_distribution<float> normal(static_cast<float>(mean), static_cast<float>(deviation));
  auto values = std::make_shared<std::vector<float>>(count);
  for (float& value : *values) {
    value = normal(generator);
  }
  tensors_[{role, layer}] = {checkpoint::DType::f32, std::move(shape),
                             std::as_bytes(std::span(*values)), values};
}

checkpoint::TensorView RandomWeights::tensor(Role role, int64_t layer) const {
  const bool layered = role != Role::embedding && role != Role::final_norm && role != Role::head;
  const auto found = tensors_.find({role, layered ? layer : 0});
  if (found == tensors_.end()) {
    throw std::logic_error("no such random tensor");
  }
  return found->second;
}

checkpoint::LlamaSpec small_spec() {
  checkpoint::LlamaSpec spec;
  spec.vocabulary = 97;
  spec.hidden = 64;
  spec.intermediate = 112;
  spec.layers = 2;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.head_dim = 16;
  spec.rotary_dim = 16;
  return spec;
}

}  // namespace model_test
