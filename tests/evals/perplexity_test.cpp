#include "evals/perplexity.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "evals/oracle_model.h"
#include "evals/perplexity_metrics.h"
#include "tests/evals/support/byte_tokenizer.h"

namespace evals {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

PerplexitySettings settings_of(const std::string& name, bool bos = true) {
  PerplexitySettings settings;
  settings.protocol = find_perplexity_protocol(name);
  settings.trained_length = 32;
  settings.targets = 4;
  settings.stride = stride_in(name).value_or(0);
  if (bos) settings.bos = 256;
  return settings;
}

std::vector<Token> count_up(int64_t tokens) {
  std::vector<Token> ids(static_cast<size_t>(tokens));
  std::iota(ids.begin(), ids.end(), 1000);
  return ids;
}

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

// ---- windows: a document of 20 tokens, paths of 9 with BOS, so 8 of them text
// ----------------------

TEST(FixedTarget, ScoresTheSameLastTokensBehindMoreAndMore) {
  const auto settings = settings_of("ppl/fixed-target");
  EXPECT_THAT(plan_windows(settings, 20, 9), ElementsAre(Window{{12, 20}, {16, 20}}));
  EXPECT_THAT(plan_windows(settings, 20, 17), ElementsAre(Window{{4, 20}, {16, 20}}));
}

TEST(Truncated, ScoresTheWholeBeginning) {
  EXPECT_THAT(plan_windows(settings_of("ppl/truncated"), 20, 9),
              ElementsAre(Window{{0, 8}, {0, 8}}));
  EXPECT_THAT(plan_windows(settings_of("ppl/truncated", false), 20, 9),
              ElementsAre(Window{{0, 9}, {1, 9}}));
}

TEST(Press, MovesOnByItsStrideAndScoresOnlyWhatIsNew) {
  EXPECT_THAT(plan_windows(settings_of("ppl/press-4"), 20, 9),
              ElementsAre(Window{{0, 8}, {0, 8}}, Window{{4, 12}, {8, 12}},
                          Window{{8, 16}, {12, 16}}, Window{{12, 20}, {16, 20}}));
}

TEST(Press, TrapTheLastShortWindowIsKept) {
  const auto windows = plan_windows(settings_of("ppl/press-4"), 18, 9);
  EXPECT_EQ(windows.back(), (Window{{12, 18}, {16, 18}}));
}

TEST(Press, TrapNoDocumentIsCutAtTenStrides) {  // as LongRoPE's script does, whatever the length
  const auto windows = plan_windows(settings_of("ppl/press-4"), 200, 101);
  EXPECT_EQ(windows.front().scored, (Range{0, 100}));
  EXPECT_EQ(windows.back().scored, (Range{196, 200}));
}

TEST(FullWindow, ScoresAllOfEveryWindowAndKeepsTheLast) {
  // LongLoRA's script drops the window that ends with the text.
  EXPECT_THAT(
      plan_windows(settings_of("ppl/full-window-4", false), 17, 9),
      ElementsAre(Window{{0, 9}, {1, 9}}, Window{{4, 13}, {5, 13}}, Window{{8, 17}, {9, 17}}));
}

TEST(HalfChunk, LetsBosReplaceTheFirstTokenOfAChunkAndScoresItsSecondHalf) {
  EXPECT_THAT(plan_windows(settings_of("ppl/half-chunk"), 20, 8),
              ElementsAre(Window{{1, 8}, {5, 8}}, Window{{9, 16}, {13, 16}}));
}

TEST(LastWindow, SeesNoMoreThanTheTrainedLength) {
  const auto settings = settings_of("ppl/last-window");
  EXPECT_EQ(plan_windows(settings, 100, 64), plan_windows(settings, 100, 80));
  EXPECT_EQ(plan_windows(settings, 100, 64),
            plan_windows(settings_of("ppl/fixed-target"), 100, settings.trained_length));
}

TEST(WindowMean, SharesItsForwardsWithPress) {
  EXPECT_EQ(plan_windows(settings_of("ppl/window-mean-4"), 50, 9),
            plan_windows(settings_of("ppl/press-4"), 50, 9));
}

TEST(Windows, PathsAreNeverLongerThanAskedAndBosIsCounted) {
  for (const char* name : {"ppl/fixed-target", "ppl/truncated", "ppl/press-4", "ppl/full-window-4",
                           "ppl/half-chunk", "ppl/window-mean-4", "ppl/last-window"}) {
    for (const bool bos : {false, true}) {
      const auto settings = settings_of(name, bos);
      for (const Window& window : plan_windows(settings, 50, 12)) {
        EXPECT_LE(path_length(window, settings.bos), 12) << name;
        const Document document = make_document(window, count_up(50), settings.bos);
        EXPECT_NO_THROW(validate(document)) << name;
        EXPECT_EQ(static_cast<int64_t>(document.trunk.size()), path_length(window, settings.bos));
        EXPECT_EQ(document.trunk[static_cast<size_t>(document.scored.begin)],
                  1000 + window.scored.begin);
      }
    }
  }
}

TEST(Windows, TrapEveryWindowStartsWithBos) {
  const auto settings = settings_of("ppl/press-4");
  for (const Window& window : plan_windows(settings, 50, 12)) {
    EXPECT_EQ(make_document(window, count_up(50), settings.bos).trunk.front(), 256);
  }
}

TEST(Press, ScoresEveryTokenExactlyOnceWithEnoughBeforeIt) {
  EXPECT_TRUE(rc::check([] {
    const bool bos = *rc::gen::arbitrary<bool>();
    const auto length = *rc::gen::inRange<int64_t>(3, 40);
    const auto tokens = length + *rc::gen::inRange<int64_t>(0, 200);
    auto settings = settings_of("ppl/press-1", bos);
    settings.stride = *rc::gen::inRange<int64_t>(1, length - 1);
    std::map<int64_t, int> times;
    const auto windows = plan_windows(settings, tokens, length);
    for (const Window& window : windows) {
      for (int64_t token = window.scored.begin; token < window.scored.end; ++token) {
        ++times[token];
        const int64_t before = token - window.tokens.begin + (bos ? 1 : 0);
        if (window != windows.front()) RC_ASSERT(before >= length - settings.stride);
      }
    }
    RC_ASSERT(static_cast<int64_t>(times.size()) == tokens - (bos ? 0 : 1));
    for (const auto& [token, count] : times) RC_ASSERT(count == 1);
  }));
}

TEST(Press, PricesPress256At65536Over200000Tokens) {
  auto settings = settings_of("ppl/press-256", false);
  // (200,000 - 65,536) / 256 = 525.25. The usual formula rounds down and prices 526 windows: the
  // first and 525 whole strides. They end at token 199,936, and every token is to be scored once,
  // so that a 527th window scores the last 64.
  EXPECT_EQ(plan_windows(settings, 199936, 65536).size(), 526u);
  const std::vector<Window> windows = plan_windows(settings, 200000, 65536);
  EXPECT_EQ(windows.size(), 527u);
  EXPECT_EQ(windows.back().scored, (Range{199936, 200000}));
}

TEST(PerplexityProtocols, CarryTheirStrideInTheName) {
  EXPECT_EQ(stride_in("ppl/press-256"), 256);
  EXPECT_EQ(stride_in("ppl/press-256/1"), 256);
  EXPECT_EQ(stride_in("ppl/press"), std::nullopt);
  EXPECT_EQ(stride_in("ppl/press-0"), std::nullopt);
  EXPECT_EQ(stride_in("ppl/fixed-target-9"), std::nullopt);
  EXPECT_EQ(find_perplexity_protocol("ppl/press-256")->name, "ppl/press");
  EXPECT_EQ(find_perplexity_protocol("ppl/press-x"), nullptr);
  EXPECT_EQ(find_perplexity_protocol("ppl/press/2"), nullptr);
  EXPECT_EQ(protocol_id(settings_of("ppl/press-256")), "ppl/press-256/1/bos");
  EXPECT_EQ(protocol_id(settings_of("ppl/fixed-target", false)), "ppl/fixed-target/1");
}

// ---- metrics: the same model under every protocol, each by hand
// -----------------------------------

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
