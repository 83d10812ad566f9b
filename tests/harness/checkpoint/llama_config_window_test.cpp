#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/checkpoint/llama_config.h"
#include "tests/harness/checkpoint/llama_2_config.h"

namespace checkpoint {
namespace {

using base::Json;
// By name: other files of a unity build have a helper of this name, which would hide it.
using checkpoint::refusal;

TEST(LlamaConfig, MistralSlidesUnlessItsWindowIsNull) {
  const Json mistral = with(llama_2(), {{"model_type", "mistral"}});
  EXPECT_EQ(read(mistral).spec.sliding_window, 4096);
  EXPECT_EQ(read(with(mistral, {{"sliding_window", 1024}})).spec.sliding_window, 1024);
  EXPECT_EQ(read(with(mistral, {{"sliding_window", nullptr}})).spec.sliding_window, std::nullopt);
}

// Transformers' LlamaModel, Yi's code and llama.cpp's llama never read the key: a window here would
// make another model.
TEST(LlamaConfig, LlamaAndYiHaveNoWindowWhateverTheConfigSays) {
  for (const char* type : {"llama", "Yi"}) {
    const Reading reading = read(with(llama_2(), {{"model_type", type}, {"sliding_window", 1024}}));
    EXPECT_EQ(reading.spec.sliding_window, std::nullopt);
    EXPECT_EQ(reading.warnings, std::vector<std::string>{
                                    std::string("/sliding_window is ignored: the attention of ") +
                                    type + " has no window"});
  }
  EXPECT_TRUE(read(with(llama_2(), {{"sliding_window", nullptr}})).warnings.empty());
}

TEST(LlamaConfig, DescribesAWindowByTheSameRules) {
  const auto window = [](const Json& changes) {
    const Json config = with(with(llama_2(), {{"sliding_window", 1024}}), changes);
    return sliding_window(RawConfig::parse(config.dump(), "config.json"));
  };
  EXPECT_EQ(window(Json::object()), std::nullopt);
  EXPECT_EQ(window({{"model_type", nullptr}}), std::nullopt);  // read as llama
  EXPECT_EQ(window({{"model_type", "mistral"}}), 1024);
  EXPECT_EQ(window({{"model_type", "mistral"}, {"sliding_window", nullptr}}), std::nullopt);
  EXPECT_EQ(window({{"model_type", "gemma2"}}), 1024);
  EXPECT_EQ(window({{"model_type", "qwen2"}}), std::nullopt);
  EXPECT_EQ(window({{"model_type", "qwen2"}, {"use_sliding_window", true}}), 1024);
  EXPECT_EQ(
      window({{"model_type", "qwen2"}, {"use_sliding_window", true}, {"max_window_layers", 32}}),
      std::nullopt);
  const Json bare = with(without(llama_2(), "sliding_window"), {{"model_type", "mistral"}});
  EXPECT_EQ(sliding_window(RawConfig::parse(bare.dump(), "config.json")), 4096);
}

TEST(LlamaConfig, Qwen2HasQueryBiasesAndSlidesOnlyWhenAsked) {
  const Json qwen = with(llama_2(), {{"model_type", "qwen2"},
                                     {"sliding_window", 4096},
                                     {"use_sliding_window", false},
                                     {"max_window_layers", 28}});
  const LlamaSpec spec = read(qwen).spec;
  EXPECT_TRUE(spec.query_key_value_bias);
  EXPECT_FALSE(spec.output_bias);
  EXPECT_EQ(spec.sliding_window, std::nullopt);
  EXPECT_EQ(refusal(with(qwen, {{"use_sliding_window", true}})),
            "config.json: /max_window_layers: a sliding window in some layers only is not "
            "supported; this checkpoint cannot be scored");
  const Json all = with(qwen, {{"use_sliding_window", true}, {"max_window_layers", 0}});
  EXPECT_EQ(read(all).spec.sliding_window, 4096);
}

}  // namespace
}  // namespace checkpoint
