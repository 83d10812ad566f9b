#pragma once

#include <string>
#include <vector>

#include "harness/sweep/summary/perplexity_sheet.h"
#include "harness/sweep/summary/retrieval_sheet.h"
#include "harness/sweep/summary/runs.h"

namespace sweep {

/// methods.txt: what was measured and how, as a paper's appendix would say it, and the BibTeX
/// entries of the methods used.
std::string methods_text(const Runs& runs, const std::vector<RetrievalSheet>& retrieval,
                         const std::vector<PerplexitySheet>& perplexity);

/// The numerics that stand in the rows (kernel, dtype, LibTorch), sorted, each once.
std::vector<std::string> numerics_of(const Runs& runs);

}  // namespace sweep
