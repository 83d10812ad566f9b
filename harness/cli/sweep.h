#pragma once

#include <CLI/App.hpp>

namespace cli {

/// `sweep EXPERIMENT --out DIR`: runs the cells that have no row yet.
void add_sweep(CLI::App& app, int& status);

/// `check EXPERIMENT`: what it would cost and what it could show, before anything runs.
void add_check(CLI::App& app, int& status);

}  // namespace cli
