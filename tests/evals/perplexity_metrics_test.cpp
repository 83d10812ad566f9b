#include "evals/perplexity_metrics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "evals/oracle_model.h"
#include "tests/evals/support/perplexity_settings.h"

// The same model under every protocol, each by hand.
namespace evals {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

/// All forwards of one document through a model, with the arrays that a run would store.
struct Forwards {
  std::vector<std::vector<float>> stored;
  std::vector<WindowNll> forwards;
};

Forwards run(const PerplexitySettings& settings, int64_t tokens, int64_t length,
             OracleModel& model) {
  Forwards result;
  const std::vector<Window> windows = plan_windows(settings, tokens, length);
  for (const Window& window : windows) {
    const Document document = make_document(window, count_up(tokens), settings.bos);
    result.stored.push_back(nll_of(model.score(document, {})));
  }
  for (size_t index = 0; index < windows.size(); ++index) {
    result.forwards.push_back({windows[index], result.stored[index]});
  }
  return result;
}

/// NLL = position of the token in its path (BOS counted): every sum can be done by hand.
OracleModel by_position() {
  OracleTruth truth;
  truth.nll = [](int64_t position) { return static_cast<double>(position); };
  return OracleModel(truth);
}

TEST(Metrics, EveryProtocolReturnsAConstantNllExactly) {
  OracleTruth truth;
  truth.nll = [](int64_t) { return 1.25; };
  OracleModel oracle(truth);
  for (const char* name : {"ppl/fixed-target", "ppl/truncated", "ppl/press-4", "ppl/full-window-4",
                           "ppl/half-chunk", "ppl/window-mean-4", "ppl/last-window"}) {
    const auto settings = settings_of(name);
    const Forwards result = run(settings, 50, 12, oracle);
    EXPECT_EQ(mean_nll(*settings.protocol, result.forwards), 1.25) << name;
  }
}

TEST(Metrics, ProtocolsDifferByWhatAHandCanCompute) {
  // 16 tokens, paths of 9 with BOS (8 of text), stride 4, NLL = position.
  OracleModel oracle = by_position();
  const auto mean = [&](const std::string& name, int64_t length) {
    const auto settings = settings_of(name);
    return mean_nll(*settings.protocol, run(settings, 16, length, oracle).forwards);
  };
  // First window 1..8, then twice the positions 5..8: (36 + 26 + 26) / 16.
  EXPECT_DOUBLE_EQ(mean("ppl/press-4", 9), 88.0 / 16);
  // The same forwards, but 4.5, 6.5 and 6.5 weigh alike.
  EXPECT_DOUBLE_EQ(mean("ppl/window-mean-4", 9), (4.5 + 6.5 + 6.5) / 3);
  // Positions 1..8 in each of three windows.
  EXPECT_DOUBLE_EQ(mean("ppl/full-window-4", 9), 4.5);
  EXPECT_DOUBLE_EQ(mean("ppl/truncated", 9), 4.5);
  // Two chunks of 8, positions 5, 6, 7 of each.
  EXPECT_DOUBLE_EQ(mean("ppl/half-chunk", 8), 6.0);
  // The last four positions of the path.
  EXPECT_DOUBLE_EQ(mean("ppl/fixed-target", 9), 6.5);
  EXPECT_DOUBLE_EQ(mean("ppl/fixed-target", 17), 14.5);
}

TEST(Metrics, TrapWindowMeansLetAShortLastWindowWeighAsMuchAsTheFirst) {
  const std::vector<float> first(100, 1.0f);
  const std::vector<float> last(1, 11.0f);
  const std::vector<WindowNll> forwards = {{{{0, 100}, {0, 100}}, first},
                                           {{{1, 101}, {100, 101}}, last}};
  EXPECT_DOUBLE_EQ(token_weighted(forwards).mean(), 111.0 / 101);
  EXPECT_DOUBLE_EQ(window_mean(forwards), 6.0);
}

TEST(Metrics, TruncatedLengthsAreReadFromOneForward) {
  OracleModel oracle = by_position();
  const auto settings = settings_of("ppl/truncated");
  const Forwards longest = run(settings, 50, 33, oracle);
  const Forwards shorter = run(settings, 50, 9, oracle);
  const std::span<const float> prefix(longest.stored[0].data(), 8);
  EXPECT_THAT(prefix, testing::ElementsAreArray(shorter.stored[0]));
}

TEST(Metrics, BucketsSumToTheWholeAndShowWhereItBreaks) {
  OracleTruth truth;
  truth.nll = [](int64_t position) { return position < 16 ? 1.0 : 5.0; };
  OracleModel oracle(truth);
  const Forwards result = run(settings_of("ppl/truncated"), 50, 33, oracle);
  const auto buckets = position_buckets(result.forwards, 8, true);
  std::vector<double> means;
  int64_t tokens = 0;
  for (const NllBucket& bucket : buckets) {
    means.push_back(bucket.total.mean());
    tokens += bucket.total.tokens;
  }
  EXPECT_THAT(means, ElementsAre(1, 1, 5, 5, 5));  // positions 0..7 (BOS at 0), ..., the last, 32
  EXPECT_EQ(buckets[0].total.tokens, 7);
  EXPECT_EQ(tokens, 32);
  EXPECT_EQ(buckets[1].positions, (Range{8, 16}));
}

TEST(Metrics, BucketsAreWhatOneCumulativePerplexityHasOverAShorterOne) {
  OracleTruth truth;
  truth.nll = [](int64_t position) { return position < 20 ? 1.0 : 0.2 * std::sqrt(position); };
  truth.noise = 0.5;
  OracleModel oracle(truth);
  const Forwards result = run(settings_of("ppl/truncated"), 50, 33, oracle);
  NllTotal shorter;
  for (const NllBucket& bucket : position_buckets(result.forwards, 8, true)) {
    const auto scored = std::min<int64_t>(bucket.positions.end - 1, 32);  // none at BOS's place
    const std::vector<WindowNll> prefix = {
        {{{0, scored}, {0, scored}}, std::span<const float>(result.stored[0]).first(scored)}};
    const NllTotal longer = token_weighted(prefix);
    EXPECT_NEAR(bucket.total.mean() * static_cast<double>(longer.tokens - shorter.tokens),
                longer.sum - shorter.sum, 1e-12);
    shorter = longer;
  }
}

TEST(Metrics, BucketsOfSlidingWindowsCountThePositionInThePath) {
  OracleModel oracle = by_position();
  const Forwards result = run(settings_of("ppl/press-4"), 16, 9, oracle);
  for (const NllBucket& bucket : position_buckets(result.forwards, 1, true)) {
    EXPECT_DOUBLE_EQ(bucket.total.mean(), static_cast<double>(bucket.positions.begin));
    EXPECT_EQ(bucket.total.tokens, bucket.positions.begin < 5 ? 1 : 3);
  }
}

TEST(Metrics, BitsPerByteIsNllOverTheTextsBytes) {
  NllTotal total;
  total.sum = std::log(2.0) * 24;
  total.tokens = 6;
  EXPECT_THAT(bits_per_byte(total, 12), DoubleNear(2.0, 1e-15));
}

TEST(Metrics, ANonFiniteNllDivergesAndNeverBecomesANumber) {
  OracleTruth truth;
  truth.nll = [](int64_t position) { return position == 7 ? std::nan("") : 1.0; };
  OracleModel oracle(truth);
  const auto settings = settings_of("ppl/window-mean-4");
  const Forwards result = run(settings, 16, 9, oracle);
  const NllTotal total = token_weighted(result.forwards);
  EXPECT_TRUE(total.diverged);
  EXPECT_TRUE(std::isnan(total.mean()));
  EXPECT_TRUE(std::isnan(total.perplexity()));
  EXPECT_TRUE(std::isnan(window_mean(result.forwards)));
  EXPECT_TRUE(std::isnan(bits_per_byte(total, 16)));
}

TEST(Metrics, RefuseAnArrayThatDoesNotFitItsWindow) {
  const std::vector<float> nll(3, 1.0f);
  const std::vector<WindowNll> forwards = {{{{0, 8}, {0, 8}}, nll}};
  EXPECT_THROW(token_weighted(forwards), std::invalid_argument);
  EXPECT_THROW(window_mean(forwards), std::invalid_argument);
  EXPECT_THROW(position_buckets(forwards, 4, true), std::invalid_argument);
}

}  // namespace
}  // namespace evals
