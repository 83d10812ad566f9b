// How often the perplexity lengths claim too much, by simulation at the border of the claims.
#include <gtest/gtest.h>

#include <cmath>

#include "evals/stats/perplexity_length.h"
#include "tests/evals/stats/simulation.h"

namespace evals::stats {
namespace {

constexpr int64_t repetitions = 4000;
constexpr int64_t trained = 4096;
constexpr double delta = 0.01;

double rate(int64_t count) { return static_cast<double>(count) / repetitions; }

/// Documents with an effect that all their targets share. Four targets stand for a document, since
/// the document is what is resampled.
PerplexityCell simulate(int64_t length, double mean, int64_t documents, tests::Draws& draws) {
  PerplexityCell cell{length, {}, 0};
  for (int64_t d = 0; d < documents; ++d) {
    const double effect = mean + 0.03 * draws.normal();
    PairedDocument document{"document " + std::to_string(d), {}};
    for (int i = 0; i < 4; ++i) document.differences.push_back(effect + 0.02 * draws.normal());
    cell.documents.push_back(document);
  }
  return cell;
}

class WithDocuments : public testing::TestWithParam<int64_t> {};

TEST_P(WithDocuments, BothPerplexityLengthsKeepTheirFivePercent) {
  const int64_t documents = GetParam();
  int64_t called_not_worse = 0;
  int64_t called_better = 0;
  for (int64_t r = 0; r < repetitions; ++r) {
    tests::Draws draws("documents " + std::to_string(documents), r);
    const std::vector<PerplexityCell> cells = {
        simulate(4096, -0.2, documents, draws),    // not worse, clearly
        simulate(8192, -0.2, documents, draws),    // better, clearly
        simulate(16384, 0.0, documents, draws),    // no better than the control
        simulate(32768, delta, documents, draws),  // at the border of not worse
    };
    // At 16384 `not worse` has little power, so that its border is put there in a second family.
    const Resampling resampling{499, 0.05, base::Json::array({documents, r})};
    called_better +=
        perplexity_lengths(cells, trained, resampling, delta).better.length.value_or(0) >= 16384;
    const std::vector<PerplexityCell> border = {cells[0], cells[1], cells[3]};
    called_not_worse +=
        perplexity_lengths(border, trained, resampling, delta).not_worse.length == 32768;
  }
  RecordProperty("not_worse", std::to_string(rate(called_not_worse)));
  RecordProperty("better", std::to_string(rate(called_better)));
  EXPECT_LE(rate(called_not_worse), tests::five_percent_of(repetitions));
  EXPECT_LE(rate(called_better), tests::five_percent_of(repetitions));
  EXPECT_GT(rate(called_not_worse), 0.03);
  EXPECT_GT(rate(called_better), 0.03);
}

INSTANTIATE_TEST_SUITE_P(Few, WithDocuments, testing::Values(8, 12, 30));

/// Targets of one document, each correlated with the last by one half.
std::vector<double> correlated(double mean, int64_t targets, tests::Draws& draws) {
  std::vector<double> values;
  double state = draws.normal();
  for (int64_t i = 0; i < targets; ++i) {
    values.push_back(mean + 0.5 * state);
    state = 0.5 * state + std::sqrt(0.75) * draws.normal();
  }
  return values;
}

// Conditional on three documents: their own effects are fixed, and average to the border.
TEST(WithThreeDocuments, TheConditionalBoundKeepsItsFivePercentWhereSingleTargetsDoNot) {
  constexpr int64_t runs = 2000;
  int64_t by_blocks = 0;
  int64_t by_targets = 0;
  for (int64_t r = 0; r < runs; ++r) {
    tests::Draws draws("blocks", r);
    std::vector<std::vector<double>> documents;
    for (const double effect : {-0.1, 0.0, 0.1}) {
      documents.push_back(correlated(delta + effect, 1024, draws));
    }
    const Estimate estimate = document_bootstrap(documents, {499, 0.05, r});
    by_blocks += estimate.bounds->high <= delta;
    // What llama.cpp prints: every target taken for independent.
    double squares = 0;
    for (const auto& values : documents) {
      for (const double v : values) squares += (v - estimate.value) * (v - estimate.value);
    }
    constexpr double n = 3 * 1024;
    by_targets += estimate.value + 1.645 * std::sqrt(squares / (n - 1) / n) <= delta;
  }
  RecordProperty("blocks", std::to_string(by_blocks));
  RecordProperty("targets", std::to_string(by_targets));
  const double allowed = tests::five_percent_of(runs);
  EXPECT_LE(static_cast<double>(by_blocks) / runs, allowed);
  EXPECT_GT(static_cast<double>(by_targets) / runs, 1.5 * allowed);
}

}  // namespace
}  // namespace evals::stats
