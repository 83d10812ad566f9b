#include "harness/checkpoint/audit/structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/base/random.h"

namespace audit {
namespace {

using Roles = std::set<std::string_view>;

/// A tensor whose role is known: written down here once more, from the families' own code, so that
/// the table in architecture.cpp is not its own judge.
struct Known {
  std::string_view role;
  std::vector<int64_t> shape;
  bool per_layer;
};

struct Sizes {
  int64_t hidden = 0, query = 0, key_value = 0, inner = 0, vocabulary = 0, layers = 0;
};

std::vector<Known> llama(const Sizes& s, bool tied = false) {
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

std::vector<Known> qwen2(const Sizes& s, bool tied = false) {
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

struct Case {
  std::string_view name;
  std::string_view family;
  std::vector<Known> tensors;
  int64_t layers;
};

/// Every family, with the corners that make shapes coincide.
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
          {"GPT-J-6B", "GPT-J", gptj(gptj_6b), 28}};
}

/// All tensors in a random order; no name goes in, only the layer, and not even that on request.
std::vector<ShapeInLayer> shuffled(const Case& example, uint64_t seed, bool with_layers) {
  std::vector<ShapeInLayer> tensors;
  for (const Known& known : example.tensors) {
    for (int64_t layer = 0; layer < (known.per_layer ? example.layers : 1); ++layer) {
      tensors.push_back({known.shape, known.per_layer && with_layers ? std::optional<int64_t>(layer)
                                                                     : std::nullopt});
    }
  }
  const base::CounterRandom random(base::Json::array({"structure", seed}));
  for (size_t i = tensors.size() - 1; i > 0; --i) {
    std::swap(tensors[i],
              tensors[static_cast<size_t>(random.below(i, static_cast<int64_t>(i) + 1))]);
  }
  return tensors;
}

/// For every tensor the candidates must be exactly the roles of its shape: the right one among
/// them, nothing that shapes rule out, and no doubt where shapes decide.
void expect_exact_classes(const Case& example, const Structure& structure, bool with_layers) {
  ASSERT_FALSE(structure.readings.empty()) << example.name;
  EXPECT_EQ(structure.readings.front().architecture->family, example.family) << example.name;
  EXPECT_EQ(structure.readings.front().layers, example.layers) << example.name;
  for (const Known& known : example.tensors) {
    Roles expected;
    for (const Known& other : example.tensors) {
      // A tied GPT-2 reads as well with its two embeddings exchanged: no shape says which is which.
      const bool is_gpt2_embedding = example.family == "GPT-2" &&
                                     known.role.ends_with("embedding") &&
                                     other.role.ends_with("embedding");
      const bool is_alike =
          (other.shape == known.shape && (!with_layers || other.per_layer == known.per_layer)) ||
          is_gpt2_embedding;
      if (is_alike) expected.insert(other.role);
    }
    const auto found = structure.roles.find({known.shape, with_layers && known.per_layer});
    ASSERT_NE(found, structure.roles.end()) << example.name << ": " << known.role;
    EXPECT_EQ(Roles(found->second.begin(), found->second.end()), expected)
        << example.name << ": " << known.role;
  }
}

TEST(Structure, IsInferredFromShapesAloneInAnyOrder) {
  for (const Case& example : cases()) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
      expect_exact_classes(example, infer_structure(shuffled(example, seed, true)), true);
    }
  }
}

TEST(Structure, IsInferredEvenWhereNoNameTellsTheLayers) {
  for (const Case& example : cases()) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      expect_exact_classes(example, infer_structure(shuffled(example, seed, false)), false);
    }
  }
}

TEST(Structure, GivesTheSizes) {
  const auto all = cases();
  const Reading yi = infer_structure(shuffled(all[2], 0, true)).readings.front();
  EXPECT_EQ(yi[Dim::hidden], 7168);
  EXPECT_EQ(yi[Dim::query], 7168);
  EXPECT_EQ(yi[Dim::key_value], 1024);
  EXPECT_EQ(yi[Dim::intermediate], 20480);
  EXPECT_EQ(yi[Dim::vocabulary], 64000);
  EXPECT_EQ(yi.layers, 60);
}

TEST(Structure, TellsVariantsApart) {
  const Sizes sizes{64, 96, 32, 128, 500, 3};
  const auto variant = [](const std::vector<Known>& tensors) {
    const Structure structure = infer_structure(shuffled({"", "", tensors, 3}, 0, true));
    return structure.readings.empty() ? "none" : structure.readings.front().architecture->variant;
  };
  EXPECT_EQ(variant(llama(sizes)), "");
  EXPECT_EQ(variant(llama(sizes, true)), "no head: tied to the embedding");
  EXPECT_EQ(variant(qwen2(sizes)), "query, key and value biases");
  EXPECT_EQ(variant(fully_biased(sizes)), "attention and MLP biases");
  auto stored = llama(sizes);
  stored.push_back({"rotary frequencies", {8}, true});
  EXPECT_EQ(variant(stored), "stored rotary frequencies");
  auto unfit = llama(sizes);
  unfit.push_back({"rotary frequencies", {7}, true});  // 14 channels do not divide 32 rows
  EXPECT_EQ(variant(unfit), "none");
}

TEST(Structure, SaysNothingOfWhatItDoesNotKnow) {
  const Sizes sizes{64, 96, 32, 128, 500, 3};
  auto extra = llama(sizes);
  extra.push_back({"router", {8, 64}, true});
  EXPECT_TRUE(infer_structure(shuffled({"", "", extra, 3}, 0, true)).readings.empty());
  auto missing = llama(sizes);
  missing.pop_back();
  missing.erase(missing.begin() + 5);  // no key
  EXPECT_TRUE(infer_structure(shuffled({"", "", missing, 3}, 0, true)).readings.empty());
  EXPECT_TRUE(infer_structure({}).readings.empty());
}

TEST(Structure, NamesTheLayerThatIsNotLikeTheOthers) {
  const Sizes sizes{64, 96, 32, 128, 500, 3};
  auto tensors = shuffled({"", "", llama(sizes), 3}, 0, true);
  auto one = std::find_if(tensors.begin(), tensors.end(),
                          [](const ShapeInLayer& tensor) { return tensor.layer == 2; });
  one->shape[0] += 1;
  EXPECT_EQ(infer_structure(tensors).irregularity,
            "the shapes in layer 2 are not those in layer 0");
  std::erase_if(tensors, [](const ShapeInLayer& tensor) { return tensor.layer == 1; });
  EXPECT_EQ(infer_structure(tensors).irregularity, "layer 1 is missing");
  EXPECT_EQ(infer_structure({{{int64_t{1} << 61, 0}, {}}}).irregularity,
            "a shape has an extent of 2305843009213693952");
}

}  // namespace
}  // namespace audit
