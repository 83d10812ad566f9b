#include "harness/checkpoint/audit/structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/base/random.h"
#include "tests/harness/checkpoint/audit/families.h"

namespace audit {
namespace {

using Roles = std::set<std::string_view>;

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
    const auto alike = inseparable(example, known, with_layers);
    const Roles expected(alike.begin(), alike.end());
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
    for (uint64_t seed = 0; seed < 100; ++seed) {
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
