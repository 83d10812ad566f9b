#pragma once

#include <cstdint>
#include <functional>

#include "evals/document.h"
#include "evals/snapshots.h"

namespace evals {

/// How a long computation reports, stops, and goes on where it was stopped. The functions are
/// called at block boundaries, from the thread that called score(); each may be empty.
struct Progress {
  /// In token-layers, or any fixed unit. `restored`: of those done, what was saved before and is
  /// not computed now.
  std::function<void(int64_t done, int64_t total, int64_t restored)> report;
  std::function<bool()> cancelled;  ///< true: score() throws base::Error(Fault::cancelled)
  Snapshots* snapshots = nullptr;   ///< of this document under this model; none when null
};

/// Anything that gives every token of a document a probability. Scores that are not finite are
/// returned as they are: judging them is the protocol's business.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  virtual Scores score(const Document& document, const Progress& progress) = 0;
};

}  // namespace evals
