#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "harness/base/error.h"
#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/audit/rename.h"
#include "harness/checkpoint/audit/report.h"
#include "harness/cli/messages.h"
#include "harness/cli/verbs.h"

namespace cli {
namespace {

struct Options {
  std::string checkpoint;
  std::string against;
  std::string rename;
  int64_t stated = 0;
  bool weights = false;
  bool hub = false;
  bool as_json = false;
};

void run(const Options& options) {
  if (options.weights && options.against.empty()) {
    throw base::Error(base::Fault::input, "",
                      base::Problem{"--weights", "needs a second checkpoint to compare with",
                                    "ropewalk audit CHECKPOINT AGAINST --weights"});
  }
  audit::Options how;
  how.weights = options.weights;
  how.links = options.hub ? checkpoint::Links::hub : checkpoint::Links::none;
  if (options.stated > 0) how.stated = options.stated;
  if (!options.against.empty()) how.against = options.against;
  const audit::Report report = audit::make_report(options.checkpoint, how);
  if (options.as_json) {
    // A name from a hostile file may hold anything: it is printed as escaped ASCII.
    fmt::print("{}\n",
               audit::to_json(report).dump(2, ' ', true, base::Json::error_handler_t::replace));
  } else {
    fmt::print("{}", audit::to_text(report));
  }
  if (options.rename.empty()) return;
  const audit::Renaming renaming = audit::rename_to_llama(report.examined, options.rename);
  say("{}: {} tensors written under LLaMA's names and compared byte by byte\n", options.rename,
      renaming.tensors);
  for (const std::string& name : renaming.left_out) {
    say("left out: {}\n", audit::printable(name));
  }
}

}  // namespace

void add_audit(CLI::App& app, int&) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "audit",
      "What is this checkpoint really, and what may its config claim? Reads headers and "
      "configs only, and runs no code of the checkpoint");
  verb->add_option("CHECKPOINT", options->checkpoint,
                   "folder with config.json and *.safetensors, or tensors.json in their place; or "
                   "a GGUF file")
      ->required();
  verb->add_option("AGAINST", options->against, "second checkpoint to compare with");
  verb->add_option("--claims", options->stated, "context length that a README states, tokens")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  verb->add_flag("--weights", options->weights,
                 "compare the weights with AGAINST's, number by number");
  verb->add_option("--rename", options->rename,
                   "write the checkpoint into this new folder under LLaMA's names");
  verb->add_flag("--hub", options->hub,
                 "follow the links of a Hugging Face cache snapshot into its ../../blobs");
  verb->add_flag("--json", options->as_json, "one JSON object (schema in audit/report.h)");
  verb->callback([options] { run(*options); });
}

}  // namespace cli
