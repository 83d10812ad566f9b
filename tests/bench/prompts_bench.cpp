#include <benchmark/benchmark.h>

#include <map>
#include <memory>

#include "evals/retrieval.h"
#include "harness/base/sha256.h"
#include "tests/evals/support/sentencepiece_tokenizer.h"

// A prompt of 200,000 tokens of every protocol; the contract is < 0.5 s each.
namespace evals {
namespace {

Retrieval ready(const RetrievalProtocol& protocol) {
  const auto tokenizer = std::make_shared<SentencePieceTokenizer>(
      std::string(ROPEWALK_SOURCE_DIR) + "/tests/goldens/prompts/bpe.model", true);
  if (protocol.hay != Hay::text) return Retrieval(protocol, tokenizer);
  const CorpusDocument document{"text", natural_text(), "", {}};
  return Retrieval(protocol, tokenizer, text_haystack(*tokenizer, {document}));
}

void build_prompt(benchmark::State& state, const RetrievalProtocol& protocol) {
  const Retrieval retrieval = ready(protocol);
  int64_t trial = 0;
  for (auto _ : state) {
    const Prompt prompt =
        retrieval.prompt(Trial{1, 200000, protocol.design.of_trial(trial), trial});
    benchmark::DoNotOptimize(prompt.questions[0].prompt_sha256.data());
    ++trial;
  }
}

const bool registered = [] {
  for (const RetrievalProtocol& protocol : retrieval_protocols()) {
    benchmark::RegisterBenchmark(std::string(protocol.name).c_str(), [&protocol](
                                                                         benchmark::State& state) {
      build_prompt(state, protocol);
    })->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
}  // namespace evals
