#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/checkpoint/checkpoint.h"
#include "harness/checkpoint/convert.h"
#include "harness/checkpoint/gguf/gguf_config.h"
#include "harness/checkpoint/gguf/gguf_roles.h"
#include "harness/checkpoint/gguf/gguf_weights.h"
#include "harness/checkpoint/roles.h"
#include "tests/support/error_text.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/python.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

std::vector<float> values(const TensorView& view) {
  int64_t count = 1;
  for (const int64_t size : view.shape) count *= size;
  std::vector<float> out(static_cast<size_t>(count));
  to_float(view.dtype, view.bytes, out);
  return out;
}

/// Writes a random checkpoint into `folder` -> the GGUF file beside it, by the gguf package
std::filesystem::path write_both(const LlamaSpec& spec, DType dtype,
                                 const std::filesystem::path& folder) {
  tests::write_random_checkpoint({.spec = spec, .dtype = dtype}, folder);
  const auto file = folder / "model.gguf";
  tests::python("tests/harness/checkpoint/gguf/gguf_convert.py", {folder, file});
  return file;
}

void expect_the_same_model(const LlamaSpec& spec, DType dtype) {
  const tests::TemporaryFolder folder;
  const auto file = write_both(spec, dtype, folder.path());
  const Checkpoint hf = open(folder.path());
  Checkpoint gguf = open(file);
  EXPECT_EQ(static_cast<float>(gguf.spec.rms_norm_eps), static_cast<float>(hf.spec.rms_norm_eps));
  gguf.spec.rms_norm_eps = hf.spec.rms_norm_eps;  // the file has it in float32
  EXPECT_EQ(gguf.spec, hf.spec);
  EXPECT_TRUE(gguf.unmatched.empty());
  for (const RoleAt& at : all_roles(hf.spec)) {
    SCOPED_TRACE(fmt::format("{} {}", name_of(at.role), at.layer));
    const TensorView expected = hf.weights->tensor(at.role, at.layer);
    EXPECT_EQ(gguf.weights->tensor(at.role, at.layer).shape, expected.shape);
    EXPECT_EQ(values(gguf.weights->tensor(at.role, at.layer)), values(expected));
    // All rows but the first and the last, of either file.
    const int64_t inner = expected.shape.front() - 2;
    std::vector<float> inner_values = values(expected);
    const int64_t row = std::ssize(inner_values) / expected.shape.front();
    inner_values = {inner_values.begin() + row, inner_values.end() - row};
    for (const Weights* weights : {hf.weights.get(), gguf.weights.get()}) {
      const TensorView rows = weights->rows(at.role, at.layer, 1, inner);
      EXPECT_EQ(rows.shape.front(), inner);
      EXPECT_EQ(values(rows), inner_values);
    }
  }
}

TEST(GgufCheckpoint, IsTheModelThatItWasConvertedFrom) {
  expect_the_same_model(tests::small_spec(), DType::f32);
  LlamaSpec spec = tests::small_spec();
  spec.tied_embeddings = true;
  expect_the_same_model(spec, DType::f16);
}

TEST(GgufCheckpoint, HasTheBiasesThatTheFileHas) {
  LlamaSpec spec = tests::small_spec();
  spec.query_key_value_bias = true;
  expect_the_same_model(spec, DType::f32);
  spec.output_bias = true;
  expect_the_same_model(spec, DType::f32);
}

// 32 heads over 4 and 56 over 8: a permutation by the wrong number of heads would show.
TEST(GgufCheckpoint, UndoesTheInterleavingOfEachKindOfHead) {
  LlamaSpec spec = tests::small_spec();
  spec.heads = 32;
  spec.kv_heads = 4;
  expect_the_same_model(spec, DType::f32);
  spec.heads = 56;
  spec.kv_heads = 8;
  expect_the_same_model(spec, DType::f32);
}

TEST(GgufCheckpoint, RefusesBlocksOfNumbersThatMustChangePlaces) {
  const tests::TemporaryFolder folder;
  LlamaSpec spec = tests::small_spec();
  spec.query_key_value_bias = true;
  const auto path = write_both(spec, DType::f32, folder.path());
  const auto file = MappedFile::open_named(path);
  GgufHeader header = parse_gguf(file->text(), "f");
  for (GgufTensor& tensor : header.tensors) {
    if (tensor.name.ends_with("0.attn_q.bias") || tensor.name.ends_with("0.attn_v.bias")) {
      tensor.type = gguf_type("Q8_0");
    }
  }
  std::vector<std::string> unmatched;
  EXPECT_EQ(tests::error_text([&] { GgufWeights(spec, file, header, unmatched); }),
            path.string() +
                ": tensor \"blk.0.attn_q.bias\": has type Q8_0, whose blocks span rows "
                "that must change places");
}

TEST(GgufCheckpoint, RefusesARoleClaimedTwice) {
  const tests::TemporaryFolder folder;
  const auto path = write_both(tests::small_spec(), DType::f32, folder.path());
  const auto file = MappedFile::open_named(path);
  GgufHeader header = parse_gguf(file->text(), "f");
  const auto query =
      std::find_if(header.tensors.begin(), header.tensors.end(),
                   [](const GgufTensor& each) { return each.name == "blk.1.attn_q.weight"; });
  ASSERT_NE(query, header.tensors.end());
  header.tensors.push_back(GgufTensor(*query));
  std::vector<std::string> unmatched;
  EXPECT_EQ(tests::error_text([&] { GgufWeights(tests::small_spec(), file, header, unmatched); }),
            path.string() +
                ": tensor \"blk.1.attn_q.weight\": is the query of layer 1, and so is "
                "\"blk.1.attn_q.weight\"; keep one of the two");
}

TEST(GgufRoles, KnowsItsOwnNamesOnly) {
  EXPECT_EQ(gguf_role_of("blk.12.attn_q.weight"), (RoleAt{Role::query, 12}));
  EXPECT_EQ(gguf_role_of("output.weight"), (RoleAt{Role::head, 0}));
  for (const RoleAt& at : all_roles(tests::small_spec()))
    EXPECT_EQ(gguf_role_of(gguf_name(at)), at);
  for (const char* other :
       {"blk..attn_q.weight", "blk.-1.attn_q.weight", "blk.1x.attn_q.weight", "blk.1",
        "attn_q.weight", "rope_freqs.weight", "", "blk.00.attn_q.weight", "blk.01.attn_q.weight",
        "blk.-0.attn_q.weight", "blk.+1.attn_q.weight", "blk.99999999999999999999.attn_q.weight"}) {
    EXPECT_EQ(gguf_role_of(other), std::nullopt) << other;
  }
}

/// The metadata of a model of one layer, with more keys, and its config.
base::Json config_with(uint64_t more_keys, const tests::GgufBytes& more,
                       std::vector<std::string>& warnings, uint64_t more_tensors = 0,
                       const tests::GgufBytes& tensors = tests::GgufBytes()) {
  constexpr size_t header = 24;
  tests::GgufBytes file(1 + more_tensors, 9 + more_keys);
  file.key("general.architecture", 8).text("llama");
  file.key("llama.embedding_length", 4).number(uint32_t{64});
  file.key("llama.block_count", 4).number(uint32_t{1});
  file.key("llama.feed_forward_length", 4).number(uint32_t{128});
  file.key("llama.context_length", 4).number(uint32_t{256});
  file.key("llama.attention.head_count", 4).number(uint32_t{4});
  file.key("llama.attention.head_count_kv", 4).number(uint32_t{2});
  file.key("llama.attention.layer_norm_rms_epsilon", 6).number(1e-5f);
  file.key("llama.rope.freq_base", 6).number(5e5f);
  file.raw(more.str().substr(header));
  file.tensor("token_embd.weight", {64, 2}, 0, 0).raw(tensors.str().substr(header)).data(0);
  for (int i = 0; i < 128 + 8; ++i) file.number(1.0f + static_cast<float>(i / 128));
  const GgufHeader parsed = parse_gguf(file, "f");
  return gguf_config(parsed, file.str(), "f", warnings);
}

TEST(GgufConfig, SaysWhatAConfigJsonWouldSay) {
  std::vector<std::string> warnings;
  const base::Json config = config_with(0, tests::GgufBytes(), warnings);
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(config["vocab_size"], 2);
  EXPECT_EQ(config["num_key_value_heads"], 2);
  EXPECT_EQ(config["rope_theta"], 5e5);
  EXPECT_EQ(config["tie_word_embeddings"], true);
  EXPECT_EQ(config["rope_scaling"], nullptr);
}

TEST(GgufConfig, ReadsEveryWayOfScaling) {
  std::vector<std::string> warnings;
  tests::GgufBytes linear;
  linear.key("llama.rope.scaling.type", 8).text("linear");
  linear.key("llama.rope.scaling.factor", 6).number(4.0f);
  EXPECT_EQ(config_with(2, linear, warnings)["rope_scaling"],
            (base::Json{{"rope_type", "linear"}, {"factor", 4.0}}));
  tests::GgufBytes legacy;
  legacy.key("llama.rope.scale_linear", 6).number(2.0f);
  EXPECT_EQ(config_with(1, legacy, warnings)["rope_scaling"],
            (base::Json{{"rope_type", "linear"}, {"factor", 2.0}}));
  tests::GgufBytes untyped;  // linear to llama.cpp
  untyped.key("llama.rope.scaling.factor", 6).number(4.0f);
  EXPECT_EQ(config_with(1, untyped, warnings)["rope_scaling"],
            (base::Json{{"rope_type", "linear"}, {"factor", 4.0}}));
  tests::GgufBytes yarn;
  yarn.key("llama.rope.scaling.type", 8).text("yarn");
  yarn.key("llama.rope.scaling.factor", 6).number(8.0f);
  yarn.key("llama.rope.scaling.original_context_length", 4).number(uint32_t{32});
  EXPECT_EQ(config_with(3, yarn, warnings)["rope_scaling"],
            (base::Json{
                {"rope_type", "yarn"}, {"factor", 8.0}, {"original_max_position_embeddings", 32}}));
  tests::GgufBytes none;
  none.key("llama.rope.scaling.type", 8).text("none");
  EXPECT_EQ(config_with(1, none, warnings)["rope_scaling"], nullptr);
  tests::GgufBytes longrope;
  longrope.key("llama.rope.scaling.type", 8).text("longrope");
  EXPECT_EQ(tests::error_text([&] { config_with(1, longrope, warnings); }),
            "f: llama.rope.scaling.type: \"longrope\" is not supported");
}

TEST(GgufConfig, ReadsLlama3sDivisors) {
  std::vector<std::string> warnings;
  const auto divisors = tests::GgufBytes().tensor("rope_freqs.weight", {8}, 0, 512);
  const base::Json dict = config_with(0, tests::GgufBytes(), warnings, 1, divisors)["rope_scaling"];
  EXPECT_EQ(dict["rope_type"], "longrope");
  EXPECT_EQ(dict["attention_factor"], 1);
  EXPECT_EQ(dict["long_factor"], base::Json(std::vector<float>(8, 2.0f)));
  EXPECT_EQ(dict["short_factor"], dict["long_factor"]);
}

TEST(GgufConfig, NamesTheTensorWhoseDivisorsAreNotOneForEachPair) {
  std::vector<std::string> warnings;
  const auto divisors = tests::GgufBytes().tensor("rope_freqs.weight", {4}, 0, 512);
  EXPECT_EQ(tests::error_text([&] { config_with(0, tests::GgufBytes(), warnings, 1, divisors); }),
            "f: tensor \"rope_freqs.weight\": has 4 divisors for the 8 pairs of a head");
}

// A converter that divided by 0 writes infinities; as JSON they would be null, and null a default.
TEST(GgufConfig, RefusesNumbersThatNoJsonCanSay) {
  std::vector<std::string> warnings;
  const float infinite = std::numeric_limits<float>::infinity();
  tests::GgufBytes scaling;
  scaling.key("llama.rope.scaling.type", 8).text("yarn");
  scaling.key("llama.rope.scaling.factor", 6).number(infinite);
  scaling.key("llama.rope.scaling.yarn_beta_fast", 6).number(std::nanf(""));
  EXPECT_EQ(tests::error_text([&] { config_with(3, scaling, warnings); }),
            "f: llama.rope.scaling.factor: must be a finite number (is inf)\n"
            "f: llama.rope.scaling.yarn_beta_fast: must be a finite number (is nan)");
  tests::GgufBytes small;
  small.key("llama.rope.scaling.type", 8).text("yarn");
  small.key("llama.rope.scaling.factor", 6).number(0.5f);
  small.key("llama.rope.scaling.original_context_length", 4).number(uint32_t{0});
  EXPECT_EQ(tests::error_text([&] { config_with(3, small, warnings); }),
            "f: llama.rope.scaling.factor: must be >= 1 (is 0.5)\n"
            "f: llama.rope.scaling.original_context_length: must be above 0 (is 0)");
}

// The first part has the metadata of the whole and few of its tensors, the others have no metadata.
TEST(GgufConfig, RefusesOnePartOfASplitModel) {
  std::vector<std::string> warnings;
  tests::GgufBytes first;
  first.key("split.no", 2).number(uint16_t{0});
  first.key("split.count", 2).number(uint16_t{3});
  EXPECT_EQ(tests::error_text([&] { config_with(2, first, warnings); }),
            "f: split.count: the file is part 1 of 3; join them: llama-gguf-split --merge "
            "FIRST_PART WHOLE.gguf");
  tests::GgufBytes last(0, 2);
  last.key("split.no", 2).number(uint16_t{2});
  last.key("split.count", 2).number(uint16_t{3});
  EXPECT_EQ(
      tests::error_text([&] { gguf_config(parse_gguf(last, "f"), last.str(), "f", warnings); }),
      "f: split.count: the file is part 3 of 3; join them: llama-gguf-split --merge FIRST_PART "
      "WHOLE.gguf");
  tests::GgufBytes merged;  // as llama-gguf-split leaves it
  merged.key("split.count", 2).number(uint16_t{0});
  EXPECT_NO_THROW(config_with(1, merged, warnings));
}

TEST(GgufConfig, RefusesByNameWhatItCannotCompute) {
  std::vector<std::string> warnings;
  tests::GgufBytes experts;
  experts.key("llama.expert_count", 4).number(uint32_t{8});
  experts.key("llama.rope.dimension_count", 4).number(uint32_t{8});
  EXPECT_EQ(tests::error_text([&] { config_with(2, experts, warnings); }),
            "f: llama.expert_count: experts are not supported");
  tests::GgufBytes partial;
  partial.key("llama.rope.dimension_count", 4).number(uint32_t{8});
  EXPECT_EQ(
      tests::error_text([&] { config_with(1, partial, warnings); }),
      "f: llama.rope.dimension_count: is 8 of 16 dimensions: rotating a part is not supported");
  tests::GgufBytes other(0, 1);
  other.key("general.architecture", 8).text("mamba");
  EXPECT_EQ(
      tests::error_text([&] { gguf_config(parse_gguf(other, "f"), other.str(), "f", warnings); }),
      "f: general.architecture: \"mamba\" is not an architecture that can be computed; "
      "supported: llama");
}

}  // namespace
}  // namespace checkpoint
