#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/sweep/summary/runs.h"

namespace sweep {

/// What a run says, as files. Every byte is a function of the rows and stored scores alone: not of
/// their order, of hosts, threads or times.
struct Summary {
  std::string summary_csv;           ///< one line per method, protocol, length and depth band
  std::string effective_length_csv;  ///< L_cert, L_fail, L_point, perplexity lengths, short cost
  std::string comparison_csv;        ///< every method against the baseline, Holm-adjusted
  std::string position_nll_csv;      ///< perplexity by position: where a method begins to fail
  std::string methods_txt;           ///< a paragraph for an appendix, with BibTeX
  std::string text;                  ///< tables for people
  std::vector<std::string> warnings;
};

/// Throws base::Error where methods were asked different prompts or documents: they are never
/// compared then.
Summary summarize(const Runs& runs);

/// Writes the files of a summary (all but the text) into a folder, each old or new, never a
/// mixture.
void write_summary(const Summary& summary, const std::filesystem::path& folder);

}  // namespace sweep
