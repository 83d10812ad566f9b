#include "harness/model/training/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "evals/retrieval.h"
#include "harness/checkpoint/sentencepiece_tokenizer.h"
#include "harness/model/training/mixture.h"
#include "harness/model/training/tokenizer_trainer.h"
#include "small_corpus.h"
#include "tests/support/error_text.h"

namespace training {
namespace {

using evals::Token;
using ::testing::HasSubstr;

class SourceTest : public ::testing::Test {
 protected:
  SourceTest() : folder_("source") {
    write_small_corpus(folder_.path());
    const std::vector<std::filesystem::path> corpus = {folder_.path() / "corpus/one.txt",
                                                       folder_.path() / "corpus/two.txt"};
    train_tokenizer(corpus, 400, 320, folder_.path());
    material_.seed = 4;
    material_.tokenizer = std::make_shared<checkpoint::SentencePieceTokenizer>(
        folder_.path(), checkpoint::BosPolicy::automatic);
    material_.documents = evals::read_corpus(corpus, *material_.tokenizer);
  }

  std::unique_ptr<const Source> make(const SourceConfig& config, int64_t length) const {
    return make_source("here", config, material_, length, length);
  }

  static SourceConfig of(SourceConfig::Kind kind) {
    SourceConfig config;
    config.kind = kind;
    config.protocol = "passkey/landmark";
    config.filler_weight = 0.25;
    config.copy_weight = 3;
    config.answer_weight = 10;
    return config;
  }

  ScratchFolder folder_;
  SourceMaterial material_;
};

TEST_F(SourceTest, TextIsAWindowOfOneDocumentAfterBos) {
  const auto source = make(of(SourceConfig::Kind::text), 50);
  for (int64_t number = 0; number < 20; ++number) {
    const Sequence sequence = source->sequence(50, number);
    ASSERT_EQ(sequence.tokens.size(), 51u);
    ASSERT_EQ(sequence.weights.size(), 50u);
    EXPECT_EQ(sequence.tokens[0], *material_.tokenizer->bos());
    EXPECT_THAT(sequence.weights, ::testing::Each(0.25F));
    const auto is_in = [&](const evals::CorpusDocument& document) {
      return std::search(document.tokens.begin(), document.tokens.end(),
                         sequence.tokens.begin() + 1,
                         sequence.tokens.end()) != document.tokens.end();
    };
    EXPECT_TRUE(std::any_of(material_.documents.begin(), material_.documents.end(), is_in));
  }
}

TEST_F(SourceTest, SequencesFollowFromTheirNumberAlone) {
  for (const auto kind : {SourceConfig::Kind::text, SourceConfig::Kind::copy}) {
    const auto source = make(of(kind), 100);
    EXPECT_EQ(source->sequence(100, 7).tokens, source->sequence(100, 7).tokens);
    EXPECT_NE(source->sequence(100, 7).tokens, source->sequence(100, 8).tokens);
  }
}

TEST_F(SourceTest, CopiesWeighFromTheirThirdTokenOnAndFirstBlocksNothing) {
  SourceConfig config = of(SourceConfig::Kind::copy);
  config.shortest_block = config.longest_block = 8;
  config.longest_gap = 0;
  const Sequence sequence = make(config, 40)->sequence(40, 1);
  // BOS, then blocks at 1, their copies at 9, the next pair at 17 and 25, then text from 33 on.
  for (const int64_t first : {1, 17}) {
    for (int64_t i = 0; i < 8; ++i) {
      EXPECT_EQ(sequence.tokens[static_cast<size_t>(first + i)],
                sequence.tokens[static_cast<size_t>(first + 8 + i)]);
      EXPECT_EQ(sequence.weights[static_cast<size_t>(first + i - 1)], 0.0F);
      EXPECT_EQ(sequence.weights[static_cast<size_t>(first + 8 + i - 1)], i < 2 ? 0.0F : 3.0F);
    }
  }
  for (size_t i = 32; i < 40; ++i) EXPECT_EQ(sequence.weights[i], 0.25F);
}

TEST_F(SourceTest, CopiesAreDrawnFromPoolsOfEverySize) {
  SourceConfig config = of(SourceConfig::Kind::copy);
  config.pools = {2};
  config.shortest_block = config.longest_block = 20;
  config.longest_gap = 0;
  const Sequence sequence = make(config, 40)->sequence(40, 3);
  const std::set<Token> ids(sequence.tokens.begin() + 1, sequence.tokens.begin() + 21);
  EXPECT_LE(ids.size(), 2u);
  EXPECT_GE(*ids.begin(), 3);  // never a special id
}

TEST_F(SourceTest, RetrievalWeighsTheSecondNamingAndTheAnswerAndNothingOfTheFirst) {
  for (const bool text : {false, true}) {
    SourceConfig config = of(SourceConfig::Kind::retrieval);
    config.text_haystack = text;
    const auto source = make(config, 320);
    const Sequence sequence = source->sequence(320, 5);
    ASSERT_EQ(sequence.tokens.size(), 321u);
    std::map<float, std::string> by_weight;
    std::map<float, std::vector<Token>> tokens;
    for (size_t i = 0; i < 320; ++i) tokens[sequence.weights[i]].push_back(sequence.tokens[i + 1]);
    for (const auto& [weight, ids] : tokens) by_weight[weight] = material_.tokenizer->decode(ids);
    ASSERT_EQ(by_weight.size(), 4u);
    const std::string key = by_weight[0.0F];
    EXPECT_EQ(key.size(), 5u);
    EXPECT_EQ(key.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_EQ(by_weight[3.0F], key);
    EXPECT_THAT(by_weight[10.0F], HasSubstr(key + "."));
    EXPECT_THAT(by_weight[0.25F], HasSubstr("What is the pass key?"));
  }
}

TEST_F(SourceTest, RetrievalNeverAsksWhatAnEvaluationAsks) {
  const evals::Retrieval retrieval(*evals::find_retrieval_protocol("passkey/landmark"),
                                   material_.tokenizer);
  std::set<std::vector<Token>> asked;
  for (int64_t seed = 0; seed <= 5; ++seed) {
    for (int64_t trial = 0; trial < 10; ++trial) {
      for (int64_t length = 320; length < 340; ++length) {
        asked.insert(
            retrieval.prompt({seed, length, evals::DepthDesign{}.of_trial(trial), trial, false})
                .document.trunk);
      }
    }
  }
  const auto source = make(of(SourceConfig::Kind::retrieval), 320);
  for (int64_t number = 0; number < 10; ++number) {
    EXPECT_FALSE(asked.contains(source->sequence(320, number).tokens));
  }
}

TEST_F(SourceTest, APhaseLongerThanAnyDocumentIsNamed) {
  EXPECT_THAT(tests::error_text([&] { make(of(SourceConfig::Kind::text), 1000000); }),
              HasSubstr("needs a document of 1000001 tokens"));
}

TEST_F(SourceTest, APhaseTooShortForAPromptSaysWhatItNeeds) {
  EXPECT_THAT(tests::error_text([&] { make(of(SourceConfig::Kind::retrieval), 40); }),
              HasSubstr("passkey/landmark needs phases of at least"));
}

TEST_F(SourceTest, AnUnknownProtocolIsNamed) {
  SourceConfig config = of(SourceConfig::Kind::retrieval);
  config.protocol = "passkey/lost";
  EXPECT_THAT(tests::error_text([&] { make(config, 320); }),
              HasSubstr("no protocol is called passkey/lost"));
}

TEST_F(SourceTest, MixturesDrawSourcesByTheirShares) {
  TrainConfig config;
  config.sources["a"] = of(SourceConfig::Kind::text);
  config.sources["b"] = of(SourceConfig::Kind::copy);
  config.phases = {{50, 50000, 5000, {{"a", 3.0}, {"b", 1.0}}}};
  const Mixture mixture(config, material_);
  std::map<std::string, int64_t> drawn;
  for (int64_t step = 0; step < 10; ++step) {
    for (const std::string& source : mixture.batch(config.phases[0], step).sources) ++drawn[source];
  }
  EXPECT_EQ(drawn["a"] + drawn["b"], 1000);
  EXPECT_NEAR(static_cast<double>(drawn["a"]), 750, 60);  // more than 4 standard deviations
}

TEST_F(SourceTest, ReportedNllIsThatOfTheTargetsThatMatterMost) {
  MixedBatch mixed;
  mixed.sources = {"a", "a", "b"};
  mixed.batch.weights = at::tensor({0.2F, 10.0F, 1.0F, 1.0F, 0.0F, 3.0F}).view({3, 2});
  const at::Tensor nll = at::tensor({9.0F, 1.0F, 2.0F, 6.0F, 9.0F, 4.0F}).view({3, 2});
  const auto means = nll_by_source(mixed, nll);
  EXPECT_DOUBLE_EQ(means.at("a"), 3.0);
  EXPECT_DOUBLE_EQ(means.at("b"), 4.0);
}

}  // namespace
}  // namespace training
