#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evals/stats/proportion.h"
#include "harness/base/json.h"

namespace evals::stats {

/// How often, at which level, and with which random numbers. Draws are a pure function of
/// (identity, resample, position), e.g. [seed, "ppl/fixed-target", "yarn", 8192].
struct Resampling {
  int64_t resamples = 10000;
  double alpha = 0.05;  ///< of each bound; both together are an interval of 1 - 2 alpha
  base::Json identity;
};

/// An estimate with its one-sided bounds.
struct Estimate {
  double value = 0;
  std::optional<Interval> bounds;  ///< empty when the sample is too small to give any
  std::optional<double> p_value;   ///< of a value of zero, two-sided; with bounds only
  int64_t units = 0;               ///< what was resampled: documents, blocks or prompts
  int64_t documents = 0;           ///< distinct documents (or prompts) behind it
  bool conditional = false;        ///< blocks of few documents: says nothing of other documents
};

/// One sampling unit: the sum over its tokens and their number. Units of one stratum are exchanged
/// among themselves only.
struct Cluster {
  double sum = 0;
  double weight = 0;
  int64_t stratum = 0;
};

/// Token-weighted mean sum(sums) / sum(weights) with percentile-t bounds (Efron and Tibshirani
/// 1993, ch. 12.5; linearised standard error of the ratio): right where percentile bounds are still
/// too narrow, and the p-value of the same resamples: the share of |t| at least as large as the
/// observed one. Neither from fewer than 8 clusters, or with one alone in its stratum. Throws
/// base::Error(Fault::input) without clusters, for a weight that is not positive, and for resamples
/// too few for alpha.
Estimate cluster_bootstrap(const std::vector<Cluster>& clusters, const Resampling& resampling);

/// Fewest documents whose spread can be taken for that of all documents.
inline constexpr int64_t fewest_documents = 8;

/// Token-weighted mean over documents of per-token values (nats, or paired differences of them).
/// From 8 documents up the document is the sampling unit. Below, each document is cut into
/// consecutive blocks and blocks are resampled within their document: `conditional`, and without
/// bounds when there are fewer than 8 blocks or only one in a document.
Estimate document_bootstrap(const std::vector<std::vector<double>>& documents,
                            const Resampling& resampling);

/// The same with the document as the only sampling unit: without bounds below 8 documents.
Estimate whole_document_bootstrap(const std::vector<std::vector<double>>& documents,
                                  const Resampling& resampling);

/// Tokens in a block of a document of that many tokens: a 16th of it, 16 to 64.
int64_t block_length(int64_t tokens);

/// The unit drawn at `position` of a resample of `units` units; this is the whole randomness.
class Resampler {
 public:
  explicit Resampler(const base::Json& identity);
  /// Fills out[0, units) with indices in [0, units).
  void draw(int64_t resample, int64_t stratum, int64_t units, int32_t* out) const;

 private:
  uint32_t low_;
  uint32_t high_;
};

}  // namespace evals::stats
