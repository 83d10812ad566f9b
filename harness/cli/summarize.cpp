#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/cli/messages.h"
#include "harness/cli/verbs.h"
#include "harness/sweep/summary/summary.h"

namespace cli {
namespace {

struct Arguments {
  std::vector<std::string> folders;
  std::string out;
};

std::filesystem::path destination(const Arguments& arguments) {
  if (arguments.out.empty() && arguments.folders.size() > 1) {
    throw base::Error(base::Fault::input, "",
                      base::Problem{"--out", "is needed with several run directories",
                                    "name a folder for the files of the summary"});
  }
  return arguments.out.empty() ? arguments.folders.front() : arguments.out;
}

void run(const Arguments& arguments) {
  const std::filesystem::path folder = destination(arguments);
  const std::vector<std::filesystem::path> runs(arguments.folders.begin(), arguments.folders.end());
  const sweep::Summary summary = sweep::summarize(sweep::read_runs(runs));
  base::create_folder(folder);
  sweep::write_summary(summary, folder);
  warn(summary.warnings);
  fmt::print("{}", summary.text);
  say("wrote summary.csv, effective_length.csv, comparison.csv, position_nll.csv and "
      "methods.txt to {}\n",
      folder.string());
}

}  // namespace

void add_summarize(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand(
      "summarize",
      "Certified lengths, perplexities and comparisons from finished or running sweeps");
  const auto arguments = std::make_shared<Arguments>();
  verb->add_option("runs", arguments->folders,
                   "Run directories; several are shards or machines of one experiment")
      ->required()
      ->type_name("DIR");
  verb->add_option("--out", arguments->out, "Folder for the files; default: the run directory")
      ->type_name("DIR");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace cli
