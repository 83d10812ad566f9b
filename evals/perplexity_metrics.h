#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evals/perplexity.h"

namespace evals {

/// Stored answer of one forward: nll[i] belongs to document token window.scored.begin + i.
struct WindowNll {
  Window window;
  std::span<const float> nll;
};

/// Natural-log NLL of a set of tokens, summed in double, in order.
struct NllTotal {
  double sum = 0;
  int64_t tokens = 0;
  bool diverged = false;  ///< some NLL is not finite; sum then holds the finite ones only

  double mean() const;        ///< nats per token; NaN when diverged or without tokens
  double perplexity() const;  ///< exp(mean())
};

/// Token-weighted: every scored token counts once per window that scores it. Throws
/// std::invalid_argument when an array does not fit its window, as all functions here do.
NllTotal token_weighted(std::span<const WindowNll> forwards);

/// Mean over windows of the windows' means: what the published YaRN script prints. A first window
/// of L tokens weighs no more than one of S, so it is comparable with nothing but itself.
double window_mean(std::span<const WindowNll> forwards);

/// token_weighted or window_mean, as the protocol says; nats per token. NaN when diverged.
double mean_nll(const PerplexityProtocol& protocol, std::span<const WindowNll> forwards);

/// NLL of the targets whose position in their path (tokens before them, BOS counted) is in
/// [positions). Cumulative perplexity hides the onset of failure, buckets show it.
struct NllBucket {
  Range positions;
  NllTotal total;
};

/// Buckets [0, width), [width, 2 width) ... that hold a target; `bos`: windows start with one.
std::vector<NllBucket> position_buckets(std::span<const WindowNll> forwards, int64_t width,
                                        bool bos);

/// Bits per byte of text: sum / (ln 2 * bytes).
double bits_per_byte(const NllTotal& total, int64_t bytes);

}  // namespace evals
