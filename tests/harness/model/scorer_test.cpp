#include "harness/model/scorer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "harness/base/error.h"
#include "scalings/catalog.h"
#include "tests/harness/model/random_tokens.h"
#include "tests/harness/model/random_weights.h"

namespace {

using evals::Token;
using model_test::random_tokens;
using model_test::whole;

std::shared_ptr<const scalings::Chain> chain(const char* json) {
  return std::make_shared<const scalings::Chain>(
      scalings::make_chain(nlohmann::json::parse(json), "test"));
}

model::Scorer small_scorer(const char* methods, model::Compute compute = model::Compute::float32) {
  return model::Scorer(std::make_shared<model_test::RandomWeights>(model_test::small_spec(), 1),
                       chain(methods), 128, compute);
}

std::vector<Token> path_of(const evals::Document& document, size_t branch) {
  std::vector<Token> tokens(document.trunk.begin(),
                            document.trunk.begin() + document.branches[branch].fork);
  tokens.insert(tokens.end(), document.branches[branch].tokens.begin(),
                document.branches[branch].tokens.end());
  return tokens;
}

/// A trunk of 600 tokens with its last 50 scored, and branches that fork early, late, at the same
/// place, with one token, and with the trunk's own continuation.
evals::Document forked() {
  evals::Document document{random_tokens(600, 7), {550, 600}, {}};
  document.branches = {{600, random_tokens(9, 8), 2},
                       {600, random_tokens(30, 9), 0},
                       {37, random_tokens(300, 10), 100},
                       {599, {document.trunk[599]}, 0},
                       {1, random_tokens(5, 11), 0}};
  return document;
}

void expect_branches_equal_whole_paths(const char* methods) {
  model::Scorer scorer = small_scorer(methods);
  const evals::Document document = forked();
  const evals::Scores scores = scorer.score(document, {});
  const evals::Scores trunk = scorer.score(whole(document.trunk), {});
  for (size_t index = 0; index < scores.trunk.size(); ++index) {
    EXPECT_NEAR(scores.trunk[index].log_prob, trunk.trunk[549 + index].log_prob, 1e-5);
  }
  for (size_t branch = 0; branch < document.branches.size(); ++branch) {
    const std::vector<Token> path = path_of(document, branch);
    const evals::Scores alone = scorer.score(whole(path), {});
    const auto& mine = scores.branches[branch];
    ASSERT_EQ(mine.size(),
              document.branches[branch].tokens.size() - document.branches[branch].scored_from);
    for (size_t index = 0; index < mine.size(); ++index) {
      const auto& expected = alone.trunk[alone.trunk.size() - mine.size() + index];
      EXPECT_NEAR(mine[index].log_prob, expected.log_prob, 1e-5) << branch << " " << index;
      EXPECT_EQ(mine[index].argmax, expected.argmax);
      EXPECT_EQ(mine[index].rank, expected.rank);
    }
  }
}

TEST(Scorer, BranchesEqualTheirWholePaths) { expect_branches_equal_whole_paths("[]"); }

TEST(Scorer, BranchesWhoseFactorFollowsTheirLengthEqualTheirWholePaths) {
  expect_branches_equal_whole_paths(R"([{"type": "yarn", "factor": "length/trained"}])");
}

TEST(Scorer, ProbabilitiesOfAllContinuationsAddUpToOne) {
  evals::Document document{random_tokens(20, 1), {}, {}};
  for (Token token = 0; token < 97; ++token) {
    document.branches.push_back({20, {token}, 0});
  }
  model::Scorer scorer = small_scorer("[]");
  const evals::Scores scores = scorer.score(document, {});
  double sum = 0;
  std::vector<int> seen(97, 0);
  Token first = -1;
  for (Token token = 0; token < 97; ++token) {
    const evals::TokenScore& score = scores.branches[token].front();
    sum += std::exp(score.log_prob);
    ++seen[score.rank];
    if (score.rank == 0) first = token;
  }
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_EQ(seen, std::vector<int>(97, 1));
  for (const auto& branch : scores.branches) EXPECT_EQ(branch.front().argmax, first);
}

TEST(Scorer, GivesTheSameBitsForAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  const evals::Document document = forked();
  at::set_num_threads(1);
  const evals::Scores one = small_scorer("[]").score(document, {});
  at::set_num_threads(2);
  const evals::Scores two = small_scorer("[]").score(document, {});
  at::set_num_threads(before);
  EXPECT_EQ(one.trunk, two.trunk);
  EXPECT_EQ(one.branches, two.branches);
}

TEST(Scorer, BFloat16StaysNearFloat32) {
  const evals::Document document = whole(random_tokens(700, 5));
  const auto wide = small_scorer("[]").score(document, {}).trunk;
  const auto narrow = small_scorer("[]", model::Compute::bfloat16).score(document, {}).trunk;
  double sum = 0;
  for (size_t index = 0; index < wide.size(); ++index) {
    sum += std::abs(wide[index].log_prob - narrow[index].log_prob);
  }
  EXPECT_LE(sum / static_cast<double>(wide.size()), 0.05);
  EXPECT_GT(sum, 0);
}

TEST(Scorer, ReportsProgressToTheEndAndStopsOnRequest) {
  const evals::Document document = forked();
  std::vector<std::pair<int64_t, int64_t>> reports;
  small_scorer("[]").score(
      document,
      {[&](int64_t done, int64_t total, int64_t) { reports.emplace_back(done, total); }, {}});
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back().first, reports.back().second);
  try {
    small_scorer("[]").score(document, {{}, [] { return true; }});
    FAIL() << "was not cancelled";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::cancelled);
  }
}

/// Keeps every state that it is offered.
class KeptStates : public evals::Snapshots {
 public:
  std::optional<int64_t> load(const std::string& name, std::span<std::byte> state) override {
    const auto found = states_.find(name);
    if (found == states_.end() || found->second.second.size() != state.size()) return std::nullopt;
    std::copy(found->second.second.begin(), found->second.second.end(), state.begin());
    return found->second.first;
  }
  void offer(const std::string& name, int64_t step, std::span<const std::byte> state) override {
    states_[name] = {step, {state.begin(), state.end()}};
  }
  void clear() override { states_.clear(); }
  bool is_empty() const { return states_.empty(); }

 private:
  std::map<std::string, std::pair<int64_t, std::vector<std::byte>>> states_;
};

/// Stops a forward at every moment in turn, and lets it go on from what was kept.
void expect_going_on_gives_the_same_bits(const char* methods, model::Compute compute) {
  model::Scorer scorer = small_scorer(methods, compute);
  const evals::Document document = forked();
  int64_t polls = 0;
  const evals::Scores whole =
      scorer.score(document, {{}, [&] { return ++polls < 0; }});  // never, but counted
  ASSERT_GT(polls, 1);
  int64_t saved = 0;
  for (int64_t stop = 1; stop <= polls; ++stop) {
    KeptStates kept;
    int64_t poll = 0;
    EXPECT_THROW(scorer.score(document, {{}, [&] { return ++poll == stop; }, &kept}), base::Error);
    int64_t first_restored = -1;
    std::vector<int64_t> reports;
    const auto report = [&](int64_t done, int64_t total, int64_t restored) {
      if (first_restored < 0) first_restored = restored;
      reports.push_back(done);
      EXPECT_LE(restored, done);
      EXPECT_LE(done, total);
    };
    const evals::Scores again = scorer.score(document, {report, {}, &kept});
    EXPECT_EQ(again.trunk, whole.trunk) << stop;
    EXPECT_EQ(again.branches, whole.branches) << stop;
    EXPECT_EQ(first_restored > 0, stop > 1) << "a layer of these few rows is one step";
    EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
    EXPECT_TRUE(kept.is_empty()) << "states of a forward that has ended";
    saved += first_restored;
  }
  EXPECT_GT(saved, 0);
}

TEST(Scorer, GoesOnFromASnapshotToTheSameBits) {
  expect_going_on_gives_the_same_bits("[]", model::Compute::float32);
  expect_going_on_gives_the_same_bits("[]", model::Compute::bfloat16);
}

TEST(Scorer, GoesOnInTheMiddleOfSeveralPassesToTheSameBits) {
  expect_going_on_gives_the_same_bits(R"([{"type": "yarn", "factor": "length/trained"}])",
                                      model::Compute::float32);
}

TEST(Scorer, TakesNoSnapshotOfAnotherDocument) {
  model::Scorer scorer = small_scorer("[]");
  evals::Document other = forked();
  other.branches[0].tokens[3] ^= 1;
  KeptStates kept;
  int64_t polls = 0;
  EXPECT_THROW(scorer.score(other, {{}, [&] { return ++polls == 2; }, &kept}), base::Error);
  ASSERT_FALSE(kept.is_empty());
  const auto report = [](int64_t, int64_t, int64_t restored) { EXPECT_EQ(restored, 0); };
  const evals::Scores scores = scorer.score(forked(), {report, {}, &kept});
  EXPECT_EQ(scores.branches, small_scorer("[]").score(forked(), {}).branches);
}

TEST(Scorer, NamesATokenOutsideTheVocabulary) {
  evals::Document document = whole({1, 2, 97});
  try {
    small_scorer("[]").score(document, {});
    FAIL() << "accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::input);
    EXPECT_NE(std::string(error.what()).find("trunk[2]"), std::string::npos) << error.what();
  }
}

TEST(Scorer, ASlidingWindowHidesWhatIsOlder) {
  checkpoint::LlamaSpec spec = model_test::small_spec();
  spec.layers = 1;
  spec.sliding_window = 8;
  model::Scorer scorer(std::make_shared<model_test::RandomWeights>(spec, 1), chain("[]"), 128,
                       model::Compute::float32);
  std::vector<Token> tokens = random_tokens(40, 3);
  const float before = scorer.score(whole(tokens), {}).trunk.back().log_prob;
  tokens[30] = (tokens[30] + 1) % 97;  // last hidden state is that of token 38: it sees 31 ... 38
  EXPECT_EQ(scorer.score(whole(tokens), {}).trunk.back().log_prob, before);
  tokens[31] = (tokens[31] + 1) % 97;
  EXPECT_NE(scorer.score(whole(tokens), {}).trunk.back().log_prob, before);
}

}  // namespace
