#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/checkpoint/audit/report.h"
#include "tests/support/error_text.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/python.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A random LLaMA with biases as a folder, and as the GGUF file that the gguf package makes of it.
class GgufAudit : public testing::Test {
 protected:
  void make(const base::Json& rope_scaling = nullptr, const std::string& type = "") {
    fs::create_directories(folder());
    checkpoint::LlamaSpec spec = tests::small_spec();
    spec.query_key_value_bias = true;
    spec.rope_scaling = rope_scaling;
    tests::write_random_checkpoint({.spec = spec}, folder());
    std::vector<std::string> words = {folder(), file()};
    if (!type.empty()) words.push_back(type);
    tests::python("tests/harness/checkpoint/gguf/gguf_convert.py", words);
  }
  fs::path folder() const { return root_.path() / "hf"; }
  fs::path file() const { return root_.path() / "model.gguf"; }

  Report report(const Options& options = {}) const {
    Report made = make_report(file(), options);
    to_text(made);
    to_json(made).dump();
    return made;
  }

  const tests::TemporaryFolder root_;
};

const Finding* find(const Report& report, const std::string& id) {
  for (const Finding& finding : report.findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

TEST_F(GgufAudit, IsLlamaUnderTheNamesThatGgufHas) {
  make();
  const Report made = report();
  EXPECT_EQ(made.verdict, Verdict::same);
  EXPECT_THAT(to_text(made), HasSubstr("LLaMA's tensors under the names that GGUF has for them"));
  for (const NamedRole& name : made.examined.names) EXPECT_FALSE(name.is_renamed());
  EXPECT_EQ(made.claims.claimed, 128);
  EXPECT_EQ(made.claims.claimed_in, "model.gguf");
  EXPECT_EQ(made.claims.claimed_because, "llama.context_length");
  EXPECT_EQ(find(made, "no-config"), nullptr);
  // This file has no tokenizer: the one thing that the scorer would miss.
  EXPECT_THAT(find(made, "unreadable")->key, HasSubstr("tokenizer.ggml"));
}

TEST_F(GgufAudit, SaysOfTheScalingWhatTheFileSays) {
  make({{"rope_type", "linear"}, {"factor", 4.0}});
  Report made = report();
  EXPECT_EQ(made.claims.scaling, "linear");
  EXPECT_EQ(made.claims.factor, 4.0);
  EXPECT_EQ(find(made, "two-conventions")->key, "llama.context_length");
  EXPECT_EQ(find(made, "scaling-not-stated"), nullptr);
  make({{"rope_type", "yarn"}, {"factor", 2.0}, {"original_max_position_embeddings", 64}});
  made = report();
  EXPECT_EQ(made.claims.trained, 64);
  EXPECT_EQ(made.claims.trained_because, "llama.rope.scaling.original_context_length");
}

TEST_F(GgufAudit, NoScalingProvesNothing) {
  make();
  EXPECT_EQ(find(report(), "scaling-not-stated")->severity, Severity::note);
  const fs::path beside = root_.path() / "config.json";
  base::write_file_atomically(beside, R"({"model_type": "llama", "rope_scaling": null})");
  EXPECT_NE(find(report(), "scaling-not-stated"), nullptr);
  base::write_file_atomically(
      beside, R"({"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2.0}})");
  const Report made = report();
  EXPECT_EQ(find(made, "scaling-not-stated"), nullptr);
  EXPECT_EQ(find(made, "scaling-lost")->severity, Severity::warning);
  EXPECT_THAT(find(made, "scaling-lost")->why, HasSubstr(R"("type":"dynamic")"));
  base::write_file_atomically(beside, "no JSON");
  EXPECT_EQ(report().verdict, Verdict::same);
}

TEST_F(GgufAudit, ComparesTheWeightsNumberByNumberWithWhatItWasMadeFrom) {
  Options options;
  options.against = folder();
  options.weights = true;
  make();
  EXPECT_EQ(report(options).against->model, "the same weights, number by number");
  make(nullptr, "Q8_0");  // rounds the folder as well
  EXPECT_EQ(report(options).against->model, "the same weights, number by number");
  tests::write_random_checkpoint({.spec =
                                      [] {
                                        checkpoint::LlamaSpec spec = tests::small_spec();
                                        spec.query_key_value_bias = true;
                                        return spec;
                                      }()},
                                 folder());
  const Report made = report(options);
  EXPECT_THAT(made.against->model, HasSubstr("all point where their counterparts do"));
  EXPECT_THAT(find(made, "quantised-weights")->value, HasSubstr("16 in Q8_0"));
}

TEST_F(GgufAudit, ReportsWhatNobodyVouchesFor) {
  for (const std::string& bytes : {std::string(), std::string("GGUF"), std::string(4096, '\0'),
                                   std::string("\x80\x02}q\x00.", 6),
                                   tests::GgufBytes(1, 0).tensor("x", {32}, 8, 0).data(34).str()}) {
    base::write_file_atomically(file(), bytes);
    EXPECT_NE(find(report(), "unreadable"), nullptr);
  }
  make();
  std::string bytes = base::read_file(file());
  bytes.replace(bytes.find("llama"), 5, "mamba");
  base::write_file_atomically(file(), bytes);
  const Report made = report();
  EXPECT_EQ(made.verdict, Verdict::same);  // by its shapes
  EXPECT_EQ(made.claims.claimed, std::nullopt);
  EXPECT_EQ(find(made, "unreadable")->key, "general.architecture");
}

TEST_F(GgufAudit, SaysOfAPartAndOfAFileWithoutTensorsWhatTheyAre) {
  tests::GgufBytes part(0, 2);
  part.key("split.no", 2).number(uint16_t{1});
  part.key("split.count", 2).number(uint16_t{4});
  base::write_file_atomically(file(), part.str());
  Report made = report();
  EXPECT_EQ(find(made, "unreadable")->key, "split.count");
  EXPECT_EQ(find(made, "unreadable")->value, "the file is part 2 of 4");
  EXPECT_EQ(find(made, "no-tensors"), nullptr);
  tests::GgufBytes vocabulary(0, 1);
  vocabulary.key("general.architecture", 8).text("llama");
  base::write_file_atomically(file(), vocabulary.str());
  made = report();
  EXPECT_EQ(find(made, "no-tensors")->severity, Severity::error);
  EXPECT_EQ(find(made, "unreadable"), nullptr);
}

TEST_F(GgufAudit, FollowsNoLink) {
  make();
  fs::rename(file(), root_.path() / "real.gguf");
  fs::create_symlink("real.gguf", file());
  EXPECT_THAT(tests::error_text([&] { report(); }),
              HasSubstr("is a symbolic link, which is not followed"));
  Options options;
  options.links = checkpoint::Links::hub;
  EXPECT_EQ(report(options).verdict, Verdict::same);
}

}  // namespace
}  // namespace audit
