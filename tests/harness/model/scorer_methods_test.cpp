#include <gtest/gtest.h>

#include "harness/model/scorer.h"
#include "scalings/catalog.h"
#include "tests/harness/model/one_dnn.h"
#include "tests/harness/model/position_methods.h"
#include "tests/harness/model/random_tokens.h"
#include "tests/harness/model/random_weights.h"

// What methods promise about whole models: where they are plain RoPE, and how far a stack of bands
// sees.
namespace {

using evals::Token;
using model_test::random_tokens;
using model_test::whole;

std::vector<evals::TokenScore> scores(const scalings::Chain& chain,
                                      const std::vector<Token>& tokens, int64_t layers = 2) {
  checkpoint::LlamaSpec spec = model_test::small_spec();
  spec.layers = layers;
  const std::shared_ptr<const scalings::Chain> borrowed(std::shared_ptr<void>(), &chain);
  model::Scorer scorer(std::make_shared<model_test::RandomWeights>(spec, 1), borrowed, 128,
                       model::Compute::float32);
  return scorer.score(whole(tokens), {}).trunk;
}

std::vector<evals::TokenScore> scores(const char* chain, const std::vector<Token>& tokens,
                                      int64_t layers = 2) {
  return scores(scalings::make_chain(nlohmann::json::parse(chain), "test"), tokens, layers);
}

TEST(PositionMethods, ArePlainBitForBitUpToTheirDocumentedLength) {
  for (const model_test::PositionMethod& method : model_test::position_methods()) {
    const scalings::Chain chain = model_test::chain_of(method);
    const auto tokens = random_tokens(150, 4);
    EXPECT_NE(scores(chain, tokens), scores("[]", tokens)) << method.name;
    if (method.plain_up_to > 0) {
      const auto few = random_tokens(method.plain_up_to, 5);
      EXPECT_EQ(scores(chain, few), scores("[]", few)) << method.name;
    }
  }
}

TEST(PositionMethods, OnChosenLayersEqualTheMethodWhereAllAreChosenAndPlainWhereNoneIs) {
  const auto tokens = random_tokens(90, 6);
  const char* everywhere = R"([{"type": "self_extend", "group": 3, "window": 20}])";
  const auto on_layers = [&](const char* layers) {
    return scores((std::string(R"([{"type": "apply_to_layers", "layers": )") + layers +
                   R"(, "methods": )" + everywhere + "}]")
                      .c_str(),
                  tokens);
  };
  EXPECT_EQ(on_layers("[0, 1]"), scores(everywhere, tokens));
  EXPECT_NE(on_layers("[1]"), scores(everywhere, tokens));
  EXPECT_NE(on_layers("[1]"), on_layers("[0]"));
  EXPECT_NE(on_layers("[1]"), scores("[]", tokens));
}

/// Paths of one length that fork from a trunk, early and late and not at all, so that idle rows
/// lie before most of them. The last 5 tokens of each are scored.
evals::Document forked_at_blocks(int64_t length) {
  evals::Document document{random_tokens(1024, 7), {}, {}};
  uint32_t seed = 8;
  for (const int64_t fork : {512, 1024, 0, 1024, 512}) {
    const int64_t own = length - fork;
    document.branches.push_back({fork, random_tokens(own, seed++), own - 5});
  }
  return document;
}

class BranchesThatForkAtBlocks : public model_test::OneDnn {};

INSTANTIATE_TEST_SUITE_P(PositionMethods, BranchesThatForkAtBlocks, testing::Bool(),
                         model_test::one_dnn_name);

TEST_P(BranchesThatForkAtBlocks, EqualTheirWholePathsBitForBit) {
  const evals::Document document = forked_at_blocks(1100);
  for (const model::Compute compute : {model::Compute::float32, model::Compute::bfloat16}) {
    for (const model_test::PositionMethod& method : model_test::wide_position_methods()) {
      const scalings::Chain chain = model_test::chain_of(method);
      const std::shared_ptr<const scalings::Chain> borrowed(std::shared_ptr<void>(), &chain);
      model::Scorer scorer(std::make_shared<model_test::RandomWeights>(model_test::small_spec(), 1),
                           borrowed, 128, compute);
      if (!is_on()) {
        ASSERT_EQ(scorer.kernel(), "portable");
      }
      const evals::Scores joined = scorer.score(document, {});
      for (size_t index = 0; index < document.branches.size(); ++index) {
        const evals::Branch& branch = document.branches[index];
        std::vector<Token> path(document.trunk.begin(), document.trunk.begin() + branch.fork);
        path.insert(path.end(), branch.tokens.begin(), branch.tokens.end());
        const auto length = static_cast<int64_t>(path.size());
        const evals::Scores alone = scorer.score({path, {length - 5, length}, {}}, {});
        EXPECT_EQ(joined.branches[index], alone.trunk) << method.name << " " << index;
      }
    }
  }
}

/// Distances, from the last scored position, of the tokens whose change is seen there at all.
std::vector<int64_t> distances_seen(const char* chain, int64_t layers, int64_t first_changed) {
  std::vector<Token> tokens = random_tokens(60, 3);
  const int64_t last = 58;  // the hidden state of this token scores the 60th
  const float before = scores(chain, tokens, layers).back().log_prob;
  std::vector<int64_t> seen;
  for (int64_t changed = last; changed >= first_changed; --changed) {
    const Token kept = tokens[changed];
    tokens[changed] = (kept + 1) % 97;
    if (scores(chain, tokens, layers).back().log_prob != before) {
      seen.push_back(last - changed);
    }
    tokens[changed] = kept;
  }
  return seen;
}

/// 0, 1, ..., last
std::vector<int64_t> up_to(int64_t last) {
  std::vector<int64_t> all;
  for (int64_t at = 0; at <= last; ++at) {
    all.push_back(at);
  }
  return all;
}

TEST(ABandOfWindowW, SeesLayersTimesWMinusOneTokensBackAndNoTokenMore) {
  const char* band = R"([{"type": "sliding_window", "window": 8}])";
  for (const int64_t layers : {1, 2, 3}) {
    EXPECT_EQ(distances_seen(band, layers, 0), up_to(layers * 7));
  }
}

TEST(ABandOfWindowW, SeesNoTokenMoreWithSinksThatStayInTheCache) {
  const char* streaming = R"([{"type": "streaming", "sinks": 3, "window": 8}])";
  for (const int64_t layers : {1, 2, 3}) {
    EXPECT_EQ(distances_seen(streaming, layers, 3), up_to(layers * 7));  // behind the sinks
  }
  const std::vector<int64_t> all = distances_seen(streaming, 2, 0);
  EXPECT_EQ(std::vector<int64_t>(all.end() - 3, all.end()), (std::vector<int64_t>{56, 57, 58}));
}

}  // namespace
