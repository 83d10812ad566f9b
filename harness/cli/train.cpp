#include "harness/model/training/train.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "harness/cli/messages.h"
#include "harness/cli/stop_request.h"
#include "harness/cli/verbs.h"

namespace cli {
namespace {

struct Options {
  std::filesystem::path config;
  std::filesystem::path out;
  std::filesystem::path from;
};

void print_progress(const training::TrainProgress& progress) {
  std::string nll;
  for (const auto& [source, value] : progress.nll) nll += fmt::format(" {} {:.3f}", source, value);
  say("step {}/{} length {} loss {:.3f} |{} | lr {:.2e} norm {:.2f} | {:.0f} tokens/s, "
      "{:.0f} min left\n",
      progress.step, progress.steps, progress.length, progress.loss, nll, progress.learning_rate,
      progress.gradient_norm, progress.tokens_per_second, progress.eta_seconds / 60.0);
}

void run(const Options& options) {
  const training::TrainConfig config = training::read_train_config(options.config);
  stop_on_signals();
  training::TrainHooks hooks;
  hooks.report = print_progress;
  hooks.note = [](const std::string& line) { say("{}\n", line); };
  hooks.cancelled = stop_requested;
  training::train(config, options.from.empty() ? std::nullopt : std::optional(options.from),
                  options.out, hooks);
  fmt::print("{}\n", options.out.string());
}

}  // namespace

void add_train(CLI::App& app, int&) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "train", "Train a LLaMA from a config, or continue from a model; resumes where it stopped");
  verb->add_option("config", options->config, "training config (configs/train/*.json)")->required();
  verb->add_option("--out", options->out, "folder of the model, its log and its checkpoint")
      ->required();
  verb->add_option("--from", options->from, "model to continue from (Hugging Face directory)");
  verb->callback([options] { run(*options); });
}

}  // namespace cli
