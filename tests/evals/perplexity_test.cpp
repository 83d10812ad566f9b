#include "evals/perplexity.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/evals/support/message_of.h"
#include "tests/evals/support/perplexity_settings.h"

// Windows of a document of 20 tokens, unless a test says otherwise: paths of 9 with BOS, so 8 of
// them text.
namespace evals {
namespace {

using testing::ElementsAre;

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

TEST(PerplexityProtocols, AreFoundByTheIdsThatResultsCite) {
  for (const PerplexityProtocol& protocol : perplexity_protocols()) {
    for (const bool bos : {false, true}) {
      PerplexitySettings settings{&protocol, 32, 4, 256, {}};
      if (bos) settings.bos = 256;
      const auto cited = read_protocol_id(protocol_id(settings));
      ASSERT_TRUE(cited) << protocol.name;
      EXPECT_EQ(cited->protocol, &protocol);
      EXPECT_EQ(cited->bos, bos) << protocol.name;
    }
  }
  for (const char* id : {"ppl/press-256/2/bos", "ppl/fixed-target-9/1", "ppl/truncated/1/bos/bos",
                         "ppl/truncated/1/absent", "passkey/landmark/1", "/bos", ""}) {
    EXPECT_FALSE(read_protocol_id(id)) << id;
  }
}

TEST(BadInput, PerplexitySettingsThatCannotBeMeant) {
  PerplexitySettings settings{find_perplexity_protocol("ppl/fixed-target"), 4096, 1025, 0, {}};
  EXPECT_EQ(message_of([&] { validate(settings); }),
            "ppl/fixed-target: targets: 1,025 is more than a quarter of the trained length 4,096; "
            "the maximum is 1,024");
  settings.targets = 0;
  EXPECT_EQ(message_of([&] { validate(settings); }),
            "ppl/fixed-target: targets: must be >= 1 (got 0)");
  settings.targets = 1024;
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 1024); }),
            "ppl/fixed-target: length: 1,024 does not hold 1,024 targets; the minimum is 1,025");
  EXPECT_EQ(
      message_of([&] { plan_windows(settings, 9999, 16384); }),
      "ppl/fixed-target: length: 16,384 needs a document of 16,384 tokens (got 9,999); give a "
      "longer document or leave out this length");
  settings.protocol = find_perplexity_protocol("ppl/press");
  EXPECT_EQ(message_of([&] { validate(settings); }), "ppl/press: stride: must be >= 1 (got 0)");
  settings.stride = 600;
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 512); }),
            "ppl/press: stride: 600 would pass over tokens at length 512; the maximum is 511");
  settings.protocol = find_perplexity_protocol("ppl/half-chunk");
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 8192); }),
            "ppl/half-chunk: length: 8,192 needs a document of 16,384 tokens (got 9,999); give a "
            "longer document or leave out this length");
  settings.protocol = find_perplexity_protocol("ppl/truncated");
  EXPECT_EQ(message_of([&] { plan_windows(settings, 9999, 1); }),
            "ppl/truncated: length: 1 leaves no token to score");
}

}  // namespace
}  // namespace evals
