#pragma once

#include <cstdint>
#include <functional>

#include "evals/document.h"

namespace evals {

/// How a long computation reports and stops. Both are called at block boundaries, from the thread
/// that called score(); either may be empty.
struct Progress {
  std::function<void(int64_t done, int64_t total)> report;  ///< token-layers, or any fixed unit
  std::function<bool()> cancelled;  ///< true: score() throws base::Error(Fault::cancelled)
};

/// Anything that gives every token of a document a probability. Scores that are not finite are
/// returned as they are: judging them is the protocol's business.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  virtual Scores score(const Document& document, const Progress& progress) = 0;
};

}  // namespace evals
