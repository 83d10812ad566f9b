// Measures the memory of scoring one random path, or several that share a trunk.
//   parity_memory CHECKPOINT CHAIN TOKENS SCORED {float32 | bfloat16} THREADS [FORK ...]
// CHAIN is JSON; the last SCORED tokens of a path are scored. With FORKs a path leaves a trunk at
// each of them. stdout: one line of JSON with seconds, kernel, and in bytes of anonymous resident
// memory: `baseline`, after a first path of a few tokens; `peak`, while the paths are scored;
// `formula`, our own estimate of the peak, and `runtime`, the part of it that stands for the
// baseline.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <thread>

#include "harness/checkpoint/checkpoint.h"
#include "harness/model/document_rows.h"
#include "harness/model/memory.h"
#include "harness/model/scorer.h"
#include "scalings/catalog.h"

namespace {

int64_t anonymous_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("RssAnon:", 0) == 0) {
      return std::stoll(line.substr(8)) * 1024;
    }
  }
  throw std::runtime_error("/proc/self/status has no RssAnon");
}

/// Sampled every 2 ms until stop(): the kernel keeps a high-water mark only for all resident
/// memory, mapped weights among it.
class PeakMemory {
 public:
  PeakMemory() : sampler_([this] { sample(); }) {}
  ~PeakMemory() { stop(); }
  int64_t stop() {
    done_ = true;
    if (sampler_.joinable()) {
      sampler_.join();
    }
    return peak_;
  }

 private:
  void sample() {
    while (!done_) {
      peak_ = std::max(peak_, anonymous_resident_bytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::atomic<bool> done_{false};
  int64_t peak_ = 0;
  std::thread sampler_;
};

evals::Document random_paths(int64_t tokens, int64_t scored, const std::vector<int64_t>& forks,
                             int64_t vocabulary) {
  std::mt19937 generator(1);
  std::uniform_int_distribution<evals::Token> token(0, static_cast<evals::Token>(vocabulary - 1));
  const auto draw = [&](int64_t count) {
    std::vector<evals::Token> drawn(count);
    std::generate(drawn.begin(), drawn.end(), [&] { return token(generator); });
    return drawn;
  };
  if (forks.empty()) return {draw(tokens), {tokens - scored, tokens}, {}};
  evals::Document document{draw(*std::max_element(forks.begin(), forks.end())), {}, {}};
  for (const int64_t fork : forks) {
    document.branches.push_back({fork, draw(tokens - fork), tokens - fork - scored});
  }
  return document;
}

/// Rows of a document whose branches may all share its trunk.
int64_t rows_of(const evals::Document& document) {
  std::vector<int64_t> all(document.branches.size());
  std::iota(all.begin(), all.end(), 0);
  const bool scores_trunk = document.scored.size() > 0;
  return static_cast<int64_t>(model::lay_out(document, scores_trunk, all).tokens.size());
}

void measure(char** argv, const std::vector<int64_t>& forks) {
  model::return_large_buffers();
  std::shared_ptr<checkpoint::Weights> weights = checkpoint::open(argv[1]).weights;
  const auto chain = std::make_shared<scalings::Chain>(
      scalings::make_chain(nlohmann::json::parse(argv[2]), "CHAIN"));
  const int64_t tokens = std::stoll(argv[3]);
  const int64_t scored = std::stoll(argv[4]);
  model::MemoryCase memory_case{
      .compute =
          argv[5] == std::string("float32") ? model::Compute::float32 : model::Compute::bfloat16,
      .scored = scored * std::max<int64_t>(1, static_cast<int64_t>(forks.size())),
      .threads = std::stoll(argv[6])};
  at::set_num_threads(static_cast<int>(memory_case.threads));
  const checkpoint::LlamaSpec& spec = weights->spec();
  const int64_t trained_length = 4096;
  model::Scorer scorer(weights, chain, trained_length, memory_case.compute);
  scorer.score(random_paths(600, 100, {}, spec.vocabulary), {});
  malloc_trim(0);  // what is free but not given back would hide as much of what comes
  const int64_t baseline = anonymous_resident_bytes();

  const evals::Document document = random_paths(tokens, scored, forks, spec.vocabulary);
  memory_case.rows = rows_of(document);
  PeakMemory memory;
  const auto start = std::chrono::steady_clock::now();
  scorer.score(document, {});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const int64_t peak = memory.stop();
  const scalings::LayerPlans plans = scalings::make_layer_plans(
      *chain,
      {{spec.head_dim, spec.rotary_dim, spec.rope_theta, trained_length}, tokens, 0, spec.layers});
  std::printf("%s\n", nlohmann::json{{"seconds", seconds.count()},
                                     {"kernel", scorer.kernel()},
                                     {"baseline", baseline},
                                     {"peak", peak},
                                     {"formula", model::peak_bytes(*weights, plans, memory_case)},
                                     {"runtime", model::runtime_bytes}}
                          .dump()
                          .c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 7) {
      throw std::runtime_error(
          "usage: CHECKPOINT CHAIN TOKENS SCORED {float32|bfloat16} THREADS [FORK ...]");
    }
    std::vector<int64_t> forks;
    for (int i = 7; i < argc; ++i) forks.push_back(std::stoll(argv[i]));
    measure(argv, forks);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_memory: %s\n", error.what());
    return 1;
  }
}
