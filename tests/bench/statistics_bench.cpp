// The statistics of a large sweep: 20 methods x 12 lengths x 50 trials or 50 documents with 10,000
// bootstrap resamples a comparison. Wanted: below 5 seconds.
#include <benchmark/benchmark.h>

#include <vector>

#include "evals/stats/certified_length.h"
#include "evals/stats/comparison.h"
#include "evals/stats/perplexity_length.h"
#include "harness/base/random.h"

namespace evals::stats {
namespace {

constexpr size_t methods = 20;
constexpr size_t lengths = 12;
constexpr size_t trials = 50;

using Sweep = std::vector<std::vector<std::vector<Answer>>>;  // [lengths][methods][trials]

Sweep sweep() {
  const base::CounterRandom random(base::Json("sweep"));
  uint64_t draw = 0;
  Sweep answers(lengths, {methods, std::vector<Answer>(trials)});
  for (auto& length : answers) {
    for (auto& method : length) {
      for (Answer& answer : method) answer = random.unit(draw++) < 0.9 ? Answer::hit : Answer::miss;
    }
  }
  return answers;
}

void RetrievalOf20Methods12Lengths50Trials(benchmark::State& state) {
  const Sweep answers = sweep();
  for (auto _ : state) {
    std::vector<double> family;
    for (size_t l = 0; l < lengths; ++l) {
      for (size_t m = 1; m < methods; ++m) {
        const PairedCounts counts = pair_up(answers[l][m], answers[l][0]);
        benchmark::DoNotOptimize(newcombe(counts, 0.05));
        family.push_back(mcnemar_exact(counts));
      }
      benchmark::DoNotOptimize(not_distinguishable_from_best(answers[l], 0.05));
    }
    benchmark::DoNotOptimize(holm(family));
    for (size_t m = 0; m < methods; ++m) {
      std::vector<LengthCell> cells;
      for (size_t l = 0; l < lengths; ++l) {
        LengthCell cell{static_cast<int64_t>(4096 * (l + 1)), 0, 0, 0};
        for (const Answer answer : answers[l][m]) {
          ++(answer == Answer::hit ? cell.hits : cell.misses);
        }
        cells.push_back(cell);
      }
      benchmark::DoNotOptimize(certified_length(cells, {}));
      benchmark::DoNotOptimize(failing_length(cells, {}));
      benchmark::DoNotOptimize(point_length(cells, 0.85));
    }
  }
}
BENCHMARK(RetrievalOf20Methods12Lengths50Trials)->Unit(benchmark::kMillisecond);

void PerplexityOf20Methods12Lengths50Documents(benchmark::State& state) {
  const base::CounterRandom random(base::Json("documents"));
  uint64_t draw = 0;
  std::vector<PerplexityCell> cells;
  for (size_t l = 0; l < lengths; ++l) {
    PerplexityCell cell{static_cast<int64_t>(4096 * (l + 1)), {}, 0};
    for (size_t d = 0; d < trials; ++d) {
      PairedDocument document{std::to_string(d), {}};
      for (int i = 0; i < 1024; ++i) document.differences.push_back(random.unit(draw++) - 2);
      cell.documents.push_back(document);
    }
    cells.push_back(cell);
  }
  for (auto _ : state) {
    for (size_t m = 0; m < methods; ++m) {
      benchmark::DoNotOptimize(perplexity_lengths(cells, 4096, {10000, 0.05, m}));
    }
  }
}
BENCHMARK(PerplexityOf20Methods12Lengths50Documents)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace evals::stats
