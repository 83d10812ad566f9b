#include "harness/model/training/model_card.h"

#include <fmt/format.h>

#include "harness/base/file.h"

namespace training {
namespace {

int64_t count_parameters(const checkpoint::LlamaSpec& spec) {
  const int64_t heads = (2 * spec.heads + 2 * spec.kv_heads) * spec.head_dim * spec.hidden;
  const int64_t layer = heads + 3 * spec.intermediate * spec.hidden + 2 * spec.hidden;
  const int64_t embeddings = (spec.tied_embeddings ? 1 : 2) * spec.vocabulary * spec.hidden;
  return embeddings + spec.layers * layer + spec.hidden;
}

std::string phase_rows(const TrainConfig& config) {
  std::string rows;
  for (const Phase& phase : config.phases) {
    std::string mixture;
    for (const auto& [name, share] : phase.mixture) {
      mixture += fmt::format("{}{} {:g}", mixture.empty() ? "" : ", ", name, share);
    }
    rows += fmt::format("| {} | {:.2f} | {} |\n", phase.length,
                        static_cast<double>(phase.tokens) / 1e6, mixture);
  }
  return rows;
}

}  // namespace

void write_model_card(const CardFacts& facts, const std::filesystem::path& directory) {
  const TrainConfig& config = facts.config;
  const checkpoint::LlamaSpec& spec = facts.spec;
  int64_t corpus_tokens = 0;
  for (const evals::CorpusDocument& document : facts.material.documents) {
    corpus_tokens += document.length();
  }
  const std::string card = fmt::format(
      "# {name}\n\n"
      "A LLaMA of {parameters:.2f} million parameters: {layers} layers, width {hidden}, {heads} "
      "heads of {head_dim}, {vocabulary} pieces, theta {theta:g}, trained on sequences of up to "
      "{longest} tokens and never on longer ones. It was made to show what RoPE scaling does "
      "beyond the trained length and is of no use for anything else. Training does not tell "
      "whether it learned what it was shown: `scripts/measure-model` does.\n\n"
      "## Training\n\n"
      "Made by `ropewalk train` from `train_config.json` (seed {seed}): {total:.1f} million tokens "
      "in "
      "{minutes:.0f} minutes of {compute}, AdamW at {rate:g}. `log.jsonl` is the log.\n\n"
      "| length | million tokens | shares of the sequences |\n|---|---|---|\n{phases}\n"
      "Scaling active in training: `{scaling}`.\n\n"
      "Text: {documents} documents, {corpus:.2f} million tokens. Retrieval prompts are those of "
      "the "
      "evaluation protocols with seeds below zero, which no evaluation uses.\n",
      fmt::arg("name", directory.filename().string()),
      fmt::arg("parameters", static_cast<double>(count_parameters(spec)) / 1e6),
      fmt::arg("layers", spec.layers), fmt::arg("hidden", spec.hidden),
      fmt::arg("heads", spec.heads), fmt::arg("head_dim", spec.head_dim),
      fmt::arg("vocabulary", spec.vocabulary), fmt::arg("theta", spec.rope_theta),
      fmt::arg("longest", config.longest()), fmt::arg("seed", config.seed),
      fmt::arg("total", static_cast<double>(config.total_tokens()) / 1e6),
      fmt::arg("minutes", facts.seconds / 60.0),
      fmt::arg("compute", config.bfloat16 ? "bfloat16" : "float32"),
      fmt::arg("rate", config.optimizer.learning_rate), fmt::arg("phases", phase_rows(config)),
      fmt::arg("scaling", config.scaling.dump()),
      fmt::arg("documents", facts.material.documents.size()),
      fmt::arg("corpus", static_cast<double>(corpus_tokens) / 1e6));
  base::write_file_atomically(directory / "README.md", card);
}

}  // namespace training
