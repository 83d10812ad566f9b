// Measures the memory of scoring one random path.
//   parity_memory CHECKPOINT CHAIN TOKENS SCORED {float32 | bfloat16} THREADS
// CHAIN is JSON; the last SCORED tokens are scored. stdout: one line of JSON with seconds, kernel,
// and in bytes of anonymous resident memory: `baseline`, after a first path of a few tokens;
// `peak`, while the path is scored; `formula`, our own estimate of the peak, and `runtime`, the
// part of it that stands for the baseline.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "harness/checkpoint/checkpoint.h"
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

evals::Document random_path(int64_t tokens, int64_t scored, int64_t vocabulary) {
  std::mt19937 generator(1);
  std::uniform_int_distribution<evals::Token> token(0, static_cast<evals::Token>(vocabulary - 1));
  evals::Document document;
  document.trunk.resize(tokens);
  std::generate(document.trunk.begin(), document.trunk.end(), [&] { return token(generator); });
  document.scored = {tokens - scored, tokens};
  return document;
}

void measure(char** argv) {
  model::return_large_buffers();
  std::shared_ptr<checkpoint::Weights> weights = checkpoint::open(argv[1]).weights;
  const auto chain = std::make_shared<scalings::Chain>(
      scalings::make_chain(nlohmann::json::parse(argv[2]), "CHAIN"));
  const int64_t tokens = std::stoll(argv[3]);
  const model::MemoryCase memory_case{
      argv[5] == std::string("float32") ? model::Compute::float32 : model::Compute::bfloat16,
      std::stoll(argv[4]), std::stoll(argv[6])};
  at::set_num_threads(static_cast<int>(memory_case.threads));
  const checkpoint::LlamaSpec& spec = weights->spec();
  const int64_t trained_length = 4096;
  model::Scorer scorer(weights, chain, trained_length, memory_case.compute);
  scorer.score(random_path(600, 100, spec.vocabulary), {});
  malloc_trim(0);  // what is free but not given back would hide as much of what comes
  const int64_t baseline = anonymous_resident_bytes();

  const evals::Document document = random_path(tokens, memory_case.scored, spec.vocabulary);
  PeakMemory memory;
  const auto start = std::chrono::steady_clock::now();
  scorer.score(document, {});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const int64_t peak = memory.stop();
  const scalings::RotaryPlan plan = scalings::make_plan(
      *chain,
      {{spec.head_dim, spec.rotary_dim, spec.rope_theta, trained_length}, tokens, 0, spec.layers});
  std::printf("%s\n", nlohmann::json{{"seconds", seconds.count()},
                                     {"kernel", scorer.kernel()},
                                     {"baseline", baseline},
                                     {"peak", peak},
                                     {"formula", model::peak_bytes(*weights, plan, memory_case)},
                                     {"runtime", model::runtime_bytes}}
                          .dump()
                          .c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 7) {
      throw std::runtime_error("usage: CHECKPOINT CHAIN TOKENS SCORED {float32|bfloat16} THREADS");
    }
    measure(argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_memory: %s\n", error.what());
    return 1;
  }
}
