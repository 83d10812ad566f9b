#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "evals/retrieval.h"
#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/base/sha256.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"
#include "tests/support/python.h"
#include "tests/support/temporary_folder.h"

// Prompts against scripts/make_prompt_goldens.py, which shares no code with ours.
namespace evals {
namespace {

const std::filesystem::path golden_folder =
    std::filesystem::path(ROPEWALK_SOURCE_DIR) / "tests/goldens/prompts";

/// Every protocol, ready for one tokenizer.
class Protocols {
 public:
  explicit Protocols(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(tokenizer) {
    CorpusDocument document;
    document.name = "natural text";
    document.text = natural_text();
    document.sha256 = base::sha256_hex(document.text);
    const std::shared_ptr<const Haystack> text = text_haystack(*tokenizer, {document});
    for (const RetrievalProtocol& protocol : retrieval_protocols()) {
      ready_.emplace(protocol.name,
                     Retrieval(protocol, tokenizer, protocol.hay == Hay::text ? text : nullptr));
    }
  }
  const Retrieval& at(const std::string& name) const { return ready_.at(name); }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  size_t size() const { return ready_.size(); }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::map<std::string, Retrieval, std::less<>> ready_;
};

std::vector<Token> prompt_ids(const Prompt& prompt) {
  const auto begin = prompt.document.trunk.begin();
  return {begin, begin + prompt.document.scored.begin};
}

void expect_per_length(const Protocols& protocols, const base::Json& golden, int64_t seed) {
  const Retrieval& retrieval = protocols.at(golden["protocol"]);
  const int64_t trial = golden["trial"];
  const int64_t length = golden["length"];
  SCOPED_TRACE(golden["protocol"].get<std::string>() + " " + std::to_string(length) + " trial " +
               std::to_string(trial));
  const Prompt prompt = retrieval.prompt({seed, length, retrieval.protocol().design.of_trial(trial),
                                          trial, golden["absent"].get<bool>()});
  EXPECT_EQ(prompt.key, golden["key"].get<std::string>());
  EXPECT_EQ((std::vector<int64_t>{prompt.needle.begin, prompt.needle.end}),
            golden["needle"].get<std::vector<int64_t>>());
  EXPECT_EQ(prompt.answer, golden["answer"].get<std::vector<Token>>());
  EXPECT_EQ(prompt.terminator, golden["terminator"]);
  EXPECT_EQ(prompt.document.scored.begin, golden["prompt_tokens"]);
  ASSERT_EQ(prompt.questions.size(), 1u);
  EXPECT_EQ(prompt.questions[0].length, length);
  EXPECT_EQ(prompt.questions[0].prompt_sha256, golden["sha256"].get<std::string>());
  if (golden.contains("ids")) {
    EXPECT_EQ(prompt_ids(prompt), golden["ids"].get<std::vector<Token>>());
    EXPECT_EQ(protocols.tokenizer().decode(prompt_ids(prompt)), golden["text"].get<std::string>());
  }
}

void expect_absolute(const Protocols& protocols, const base::Json& golden, int64_t seed) {
  const Retrieval& retrieval = protocols.at(golden["protocol"]);
  SCOPED_TRACE(golden["protocol"].get<std::string>() + " absolute");
  const Prompt prompt = retrieval.prompt(AbsoluteTrial{
      seed, golden["position"], golden["lengths"].get<std::vector<int64_t>>(), golden["trial"]});
  EXPECT_EQ(prompt.key, golden["key"].get<std::string>());
  EXPECT_EQ((std::vector<int64_t>{prompt.needle.begin, prompt.needle.end}),
            golden["needle"].get<std::vector<int64_t>>());
  std::vector<int64_t> forks;
  std::vector<std::string> hashes;
  for (const Branch& branch : prompt.document.branches) forks.push_back(branch.fork);
  for (const Question& question : prompt.questions) hashes.push_back(question.prompt_sha256);
  EXPECT_EQ(forks, golden["forks"].get<std::vector<int64_t>>());
  EXPECT_EQ(hashes, golden["sha256"].get<std::vector<std::string>>());
}

void expect_goldens(const base::Json& goldens, const std::filesystem::path& model) {
  const Protocols protocols(
      std::make_shared<SentencePieceTokenizer>(model, goldens["bos"].get<bool>()));
  std::set<std::string> covered;
  for (const base::Json& golden : goldens["per_length"]) {
    expect_per_length(protocols, golden, goldens["seed"]);
    covered.insert(golden["protocol"]);
  }
  for (const base::Json& golden : goldens["absolute"]) {
    expect_absolute(protocols, golden, goldens["seed"]);
  }
  EXPECT_EQ(covered.size(), protocols.size());
}

void expect_committed(const std::string& name) {
  const std::filesystem::path file = golden_folder / (name + ".json");
  expect_goldens(base::parse_json(base::read_file(file), file.string()),
                 golden_folder / (name + ".model"));
}

/// Trains a model here and lets the Python program derive its goldens now.
void expect_live(const std::string& type, bool dummy_prefix) {
  const tests::TemporaryFolder folder;
  std::string text = natural_text(300);
  for (const RetrievalProtocol& protocol : retrieval_protocols()) {
    for (const std::string_view part : {protocol.head, protocol.question, protocol.unit}) {
      text += part;
    }
  }
  const std::filesystem::path model =
      train_sentencepiece(folder.path() / "model", text,
                          {{"model_type", type},
                           {"vocab_size", "420"},
                           {"hard_vocab_limit", "false"},
                           {"add_dummy_prefix", dummy_prefix ? "true" : "false"}});
  const std::string script = "scripts/make_prompt_goldens.py";
  std::vector<std::string> words = {"--for", model};
  if (dummy_prefix) words.push_back("--bos");
  expect_goldens(base::parse_json(tests::python(script, words), script), model);
}

TEST(PromptGoldens, HoldForABpeModelWithDummyPrefixAndBos) { expect_committed("bpe"); }
TEST(PromptGoldens, HoldForAUnigramModelWithoutEither) { expect_committed("unigram"); }
TEST(PromptGoldens, HoldForABpeModelTrainedNow) { expect_live("bpe", true); }
TEST(PromptGoldens, HoldForAUnigramModelTrainedNowWithoutDummyPrefix) {
  expect_live("unigram", false);
}

}  // namespace
}  // namespace evals
