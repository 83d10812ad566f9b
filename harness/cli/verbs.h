#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cli {

/// Adds one verb to the command line. Its callback prints, and leaves an exit code other than 0 in
/// `status` when the run ended without an error but not with success (some cells failed: 3).
using Verb = void (*)(CLI::App& app, int& status);

void add_list(CLI::App& app, int& status);
void add_show(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_sweep(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);
void add_audit(CLI::App& app, int& status);
void add_summarize(CLI::App& app, int& status);
void add_train(CLI::App& app, int& status);

/// All verbs, in the order of --help. One file per verb.
std::vector<Verb> verbs();

}  // namespace cli
