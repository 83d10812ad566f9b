#include "harness/checkpoint/audit/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/checkpoint/audit/compare_weights.h"
#include "harness/checkpoint/convert.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

/// Reports name paths as they were given: as from the repository's root.
class Published : public testing::Test {
 protected:
  Published() : before_(fs::current_path()) { fs::current_path(ROPEWALK_SOURCE_DIR); }
  ~Published() override { fs::current_path(before_); }

 private:
  fs::path before_;
};

fs::path published(const std::string& name) { return fs::path("configs/checkpoints") / name; }

/// Files of tests/goldens/audit are what `ropewalk audit` printed when a person last read and
/// approved it; scripts/make_audit_goldens writes them anew.
std::string golden(const std::string& name) {
  return base::read_file(fs::path("tests/goldens/audit") / name);
}

std::string json_text(const Report& report) { return to_json(report).dump(2) + "\n"; }

TEST_F(Published, ReportsStayAsTheyWereApproved) {
  int64_t count = 0;
  for (const auto& entry : fs::directory_iterator("configs/checkpoints")) {
    const std::string name = entry.path().filename().string();
    const Report report = make_report(entry.path(), {});
    EXPECT_EQ(to_text(report), golden(name + ".txt"));
    EXPECT_EQ(json_text(report), golden(name + ".json"));
    ++count;
  }
  EXPECT_EQ(count, 25);
}

TEST_F(Published, SizesStandInAUnitThatSaysSomething) {
  const auto said = [](const fs::path& folder, int64_t stated) {
    Options options;
    options.stated = stated;
    return to_text(make_report(folder, options));
  };
  const fs::path tiny = "configs/models/ropewalk-4k";  // 2 x 4 layers x 192 x 2 bytes a token
  EXPECT_THAT(said(tiny, 8192), HasSubstr(" 25.2 MB in 16 bits"));
  EXPECT_THAT(said(tiny, 400'000), HasSubstr(" 1.2 GB in 16 bits"));
}

// What the article found, and what it missed.
TEST_F(Published, YiAgainstLlamaStaysAsItWasApproved) {
  Options options;
  options.against = published("llama-2-7b");
  std::string name = "yi-34b-2023-11-against-llama-2-7b";
  const Report as_published = make_report(published("yi-34b-2023-11"), options);
  EXPECT_EQ(to_text(as_published), golden(name + ".txt"));
  EXPECT_EQ(json_text(as_published), golden(name + ".json"));
  options.stated = 200'000;
  name += "-claims-200000";
  const Report as_advertised = make_report(published("yi-34b-2023-11"), options);
  EXPECT_EQ(to_text(as_advertised), golden(name + ".txt"));
  EXPECT_EQ(json_text(as_advertised), golden(name + ".json"));
}

std::vector<std::string> ids(const Report& report) {
  std::vector<std::string> all;
  for (const Finding& finding : report.findings) all.push_back(finding.id);
  return all;
}

TEST_F(Published, TheCaseThatStartedThisIsTold) {
  Options options;
  options.stated = 200'000;
  options.against = published("llama-2-7b");
  const Report report = make_report(published("yi-34b-2023-11"), options);
  EXPECT_EQ(report.verdict, Verdict::renamed);
  EXPECT_THAT(ids(report), Contains("claim-contradicts-config"));
  EXPECT_THAT(ids(report), Contains("remote-code"));
  EXPECT_THAT(ids(report), Contains("base-change"));
  ASSERT_TRUE(report.against);
  EXPECT_TRUE(report.against->same_structure);
  EXPECT_FALSE(report.against->same_shapes);
  EXPECT_EQ(report.against->names.size(), 2u);
  EXPECT_EQ(report.against->model,
            "not the same weights: no tensor has the shape of its counterpart, so none is a copy");
}

// Yi-6B has LLaMA's sizes but for keys, values and vocabulary: headers cannot rule a copy out.
TEST_F(Published, WhatCouldBeACopyIsCounted) {
  Options options;
  options.against = published("llama-2-7b");
  const Comparison comparison = *make_report(published("yi-6b-2023-11"), options).against;
  EXPECT_EQ(comparison.out_of, 32 * 9 + 3);
  EXPECT_EQ(comparison.matching, 32 * 7 + 1);  // all of a layer but key and value; the final norm
  EXPECT_EQ(comparison.model,
            "not the same weights as a whole: 225 of 291 tensors have the shape of their "
            "counterpart and could be copies, the others cannot; there are no weights of both to "
            "compare");
}

TEST_F(Published, AStoredTableOrATiedHeadMakesAVariantOfOneFamily) {
  Options options;
  options.against = published("yi-6b-200k-2024-03");
  const Comparison comparison = *make_report(published("yi-6b-200k-2023-11"), options).against;
  EXPECT_TRUE(comparison.same_family);
  EXPECT_FALSE(comparison.same_structure);
  EXPECT_EQ(comparison.sizes.front().what, "variant");
  EXPECT_EQ(comparison.sizes.front().second, "stored rotary frequencies");
  EXPECT_EQ(comparison.matching, 291);
}

TEST_F(Published, AnotherFamilyIsNotComparedTensorByTensor) {
  Options options;
  options.against = published("llama-2-7b");
  const Comparison comparison = *make_report(published("falcon-7b"), options).against;
  EXPECT_FALSE(comparison.same_family);
  EXPECT_EQ(comparison.matching, 0);
  EXPECT_EQ(comparison.model, "not the same weights: the architectures have different tensors");
}

TEST_F(Published, RenamedYiHasTheShapesOfYi) {
  Options options;
  options.against = published("yi-34b-2023-11");
  const Report report = make_report(published("yi-34b-llama"), options);
  EXPECT_EQ(report.verdict, Verdict::same);
  EXPECT_TRUE(report.against->same_shapes);
  EXPECT_THAT(report.against->model, HasSubstr("may or may not be the same weights"));
}

TEST_F(Published, VerdictsFollowTheStructureNotTheFamilyName) {
  const auto verdict = [](const std::string& name) {
    return make_report(published(name), {}).verdict;
  };
  EXPECT_EQ(verdict("llama-3.1-8b"), Verdict::same);
  EXPECT_EQ(verdict("mistral-7b-v0.1"), Verdict::same);
  EXPECT_EQ(verdict("yi-6b-200k-2023-11"), Verdict::renamed);
  EXPECT_EQ(verdict("yi-6b-200k-2024-03"), Verdict::same);
  EXPECT_EQ(verdict("falcon-7b"), Verdict::different);
  EXPECT_EQ(verdict("falcon-40b"), Verdict::different);
}

// Weights.

class Weighed : public testing::Test {
 protected:
  fs::path write(const std::string& name, const tests::RandomCheckpoint& wanted) {
    fs::create_directories(folder_.path() / name);
    tests::write_random_checkpoint(wanted, folder_.path() / name);
    return folder_.path() / name;
  }
  static Comparison compared(const fs::path& first, const fs::path& second) {
    Options options;
    options.against = second;
    options.weights = true;
    return *make_report(first, options).against;
  }

  const tests::TemporaryFolder folder_;
};

TEST_F(Weighed, TheSameWeightsUnderOtherNamesAreTheSameModel) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  const fs::path llama = write("llama", wanted);
  wanted.yi_names = true;
  wanted.shards = 3;
  const Comparison comparison = compared(write("yi", wanted), llama);
  EXPECT_TRUE(comparison.same_shapes);
  EXPECT_EQ(comparison.names.size(), 2u);
  EXPECT_EQ(comparison.model, "the same weights, number by number");
  EXPECT_EQ(comparison.tensors.size(), 21u);
}

TEST_F(Weighed, OtherWeightsOfTheSameShapesAreAnotherModel) {
  const Comparison comparison = compared(write("a", {.spec = tests::small_spec()}),
                                         write("b", {.spec = tests::small_spec(), .seed = 2}));
  EXPECT_TRUE(comparison.same_shapes);
  EXPECT_EQ(comparison.model, "0 of 21 tensors hold the same numbers");
  for (const TensorSimilarity& tensor : comparison.tensors) {
    const bool is_norm = tensor.name.find("norm") != std::string::npos;  // all near 1
    if (!is_norm) {
      EXPECT_LT(std::abs(tensor.cosine), 0.1) << tensor.name;
    }
  }
}

TEST_F(Weighed, RoundingLeavesTheDirectionAndTheScale) {
  const Comparison comparison =
      compared(write("a", {.spec = tests::small_spec()}),
               write("b", {.spec = tests::small_spec(), .dtype = checkpoint::DType::bf16}));
  EXPECT_EQ(comparison.model,
            "0 of 21 tensors hold the same numbers, and all point where their counterparts do "
            "(cosine 0.99 or more): rounded, scaled or lightly trained further");
  for (const TensorSimilarity& tensor : comparison.tensors) {
    EXPECT_GT(tensor.cosine, 0.99999);
    EXPECT_NEAR(tensor.scale, 1, 1e-3);
  }
}

// Weights of another shape are passed over, and the report says how many.
TEST_F(Weighed, WhatHasNoCounterpartIsCounted) {
  tests::RandomCheckpoint wanted{.spec = tests::small_spec()};
  const fs::path grouped_keys = write("a", wanted);
  wanted.spec.kv_heads = 4;
  const Comparison comparison = compared(grouped_keys, write("b", wanted));
  EXPECT_FALSE(comparison.same_shapes);
  EXPECT_EQ(comparison.matching, 17);
  EXPECT_EQ(comparison.tensors.size(), 17u);
  EXPECT_THAT(comparison.model,
              testing::EndsWith("tensors hold the same numbers; 4 could not be compared (no "
                                "counterpart of the same shape, or a dtype that is not computed "
                                "with)"));
}

TEST(CompareTensors, GivesCosineAndScale) {
  const auto view = [](const std::vector<float>& values) {
    return checkpoint::TensorView{checkpoint::DType::f32,
                                  {static_cast<int64_t>(values.size())},
                                  std::as_bytes(std::span(values)),
                                  nullptr};
  };
  const std::vector<float> a{3, 4};
  const std::vector<float> b{1.5, 2};
  const std::vector<float> c{-4, 3};
  const std::vector<float> zero{0, 0};
  EXPECT_TRUE(compare_tensors(view(a), view(a)).is_equal);
  EXPECT_DOUBLE_EQ(compare_tensors(view(a), view(b)).cosine, 1);
  EXPECT_DOUBLE_EQ(compare_tensors(view(a), view(b)).scale, 2);
  EXPECT_FALSE(compare_tensors(view(a), view(b)).is_equal);
  EXPECT_DOUBLE_EQ(compare_tensors(view(a), view(c)).cosine, 0);
  EXPECT_TRUE(std::isnan(compare_tensors(view(a), view(zero)).cosine));
}

// JSON that scripts can rely on.
TEST_F(Published, JsonSaysNullWhereNothingIsKnown) {
  const base::Json falcon = to_json(make_report(published("falcon-7b"), {}));
  EXPECT_EQ(falcon["schema_version"], 1);
  EXPECT_TRUE(falcon["context"]["trained"].is_null());
  EXPECT_TRUE(falcon["against"].is_null());
  EXPECT_EQ(falcon["structure"]["verdict"], "different");
  const base::Json yi = to_json(make_report(published("yi-34b-2023-11"), {}));
  EXPECT_EQ(yi["structure"]["parameters"], 34'388'917'248);
  EXPECT_EQ(yi["context"]["pairs_turning_when_trained"], 27);
}

}  // namespace
}  // namespace audit
