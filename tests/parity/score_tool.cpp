// Scores token sequences and writes what Transformers is compared with.
//   parity_score JOBS.json: [{"checkpoint": folder, "methods": chain, "trained_length": tokens,
//     "dtype": "float32" | "bfloat16", "query_offset": positions, "tokens": [ids], "out": file,
//     "scored_from": 1, "threads": 2}]
// Each `out` gets the natural log-probabilities of tokens scored_from, ... as little-endian
// float32; stdout one line of JSON: seconds by the clock and of processor time, kernel.
// query_offset shifts the queries against the keys: a fault for the comparison to find.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include "harness/base/json.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/model/scorer.h"
#include "scalings/catalog.h"

namespace {

/// Every query believes that it stands `offset` tokens further on.
class QueryOffset : public scalings::RopeScaling {
 public:
  explicit QueryOffset(double offset) : offset_(offset) {}
  nlohmann::json params() const override { return {{"type", "query_offset"}, {"offset", offset_}}; }
  void edit(scalings::RotaryPlan& plan, const scalings::Context&) const override {
    plan.rulers.push_back({plan.rulers[0].position + offset_, plan.rulers[0].frequencies});
    plan.views = {{1, 0}};
  }

 private:
  double offset_;
};

/// Processor time of all threads: what other work on the machine hardly changes.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void run(const nlohmann::json& job) {
  std::shared_ptr<checkpoint::Weights> weights =
      checkpoint::open(job.at("checkpoint").get<std::string>()).weights;
  auto chain = std::make_shared<scalings::Chain>(scalings::make_chain(job.at("methods"), "jobs"));
  if (const double offset = job.at("query_offset"); offset != 0) {
    chain->push_back(std::make_unique<QueryOffset>(offset));
  }
  const auto compute =
      job.at("dtype") == "float32" ? model::Compute::float32 : model::Compute::bfloat16;
  model::Scorer scorer(weights, chain, job.at("trained_length"), compute);
  const std::vector<evals::Token> tokens = job.at("tokens");
  const int64_t scored_from = job.value("scored_from", int64_t{1});
  const int64_t count = static_cast<int64_t>(tokens.size());
  const evals::Document document{tokens, {scored_from, count}, {}};
  at::set_num_threads(job.value("threads", 2));
  const double processor_start = processor_seconds();
  const auto start = std::chrono::steady_clock::now();
  const evals::Scores scores = scorer.score(document, {});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%s\n", nlohmann::json{{"seconds", seconds.count()},
                                     {"processor_seconds", processor_seconds() - processor_start},
                                     {"kernel", scorer.kernel()}}
                          .dump()
                          .c_str());
  std::ofstream out(job.at("out").get<std::string>(), std::ios::binary);
  for (const evals::TokenScore& score : scores.trunk) {
    out.write(reinterpret_cast<const char*>(&score.log_prob), sizeof score.log_prob);
  }
  if (!out.flush()) {
    throw std::runtime_error("cannot write " + job.at("out").get<std::string>());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) {
      throw std::runtime_error("usage: parity_score JOBS.json");
    }
    std::ifstream in(argv[1]);
    for (const auto& job : nlohmann::json::parse(in)) {
      run(job);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_score: %s\n", error.what());
    return 1;
  }
}
