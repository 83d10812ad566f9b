#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evals/stats/bootstrap.h"
#include "evals/stats/certified_length.h"

namespace evals::stats {

/// NLL of the same targets of one document, method minus control, in nats per target. The control
/// is the plain model at L = trained length.
struct PairedDocument {
  std::string document;             ///< identity, e.g. its hash; unique within a cell
  std::vector<double> differences;  ///< [targets]; a value that is not finite is a divergence
};

/// One method at one path length.
struct PerplexityCell {
  int64_t length = 0;
  std::vector<PairedDocument> documents;  ///< scored ones; too short documents are simply absent
  int64_t missing = 0;                    ///< out of memory or failed, here or in the control
};

/// One length of a walk, with what it was judged by.
struct PerplexityStep {
  int64_t length = 0;
  bool diverged = false;               ///< a scored document has a value that is not finite
  std::optional<Estimate> difference;  ///< over the common documents; empty when diverged
};

struct PerplexityLengths {
  LengthClaim not_worse;  ///< upper bound of the difference <= delta at it and all shorter lengths
  LengthClaim better;     ///< upper bound < 0 at it and all shorter lengths above the trained one
  std::vector<std::string> common_documents;  ///< of all compared lengths, sorted
  std::vector<PerplexityStep> steps;          ///< the compared lengths
};

/// The two perplexity lengths: fixed sequences upward from the trained length (`not_worse`) and
/// from the first length above it (`better`), each at level resampling.alpha. Compared are the
/// lengths
/// >= trained_length up to the first one with missing documents or none; only documents common to
/// all of them enter. A diverged document is a failure at its length. Lengths must be strictly
/// increasing; throws base::Error(Fault::input) otherwise, and when a common document has another
/// number of targets at another length.
PerplexityLengths perplexity_lengths(const std::vector<PerplexityCell>& cells,
                                     int64_t trained_length, const Resampling& resampling,
                                     double delta = 0.01);

/// What a method costs inside the trained window: the mean difference to plain at the same length
/// on the same targets. Empty when diverged or without documents.
std::optional<Estimate> short_context_cost(const PerplexityCell& cell,
                                           const Resampling& resampling);

}  // namespace evals::stats
