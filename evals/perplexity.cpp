#include "evals/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "evals/pieces.h"
#include "harness/base/error.h"
#include "harness/base/with_commas.h"

namespace evals {
namespace {

bool has_targets(Windows windows) {
  return windows == Windows::fixed_target || windows == Windows::last_window;
}

[[noreturn]] void refuse(const PerplexitySettings& settings, std::string place, std::string cause,
                         std::string next_step) {
  throw base::Error(base::Fault::input, std::string(settings.protocol->name),
                    {std::move(place), std::move(cause), std::move(next_step)});
}

/// Document tokens in a path of `length` tokens.
int64_t text_tokens(const PerplexitySettings& settings, int64_t length) {
  return length - (settings.bos ? 1 : 0);
}

/// The first token of a path has nothing before it, unless BOS stands there.
int64_t first_scored(const PerplexitySettings& settings, int64_t begin) {
  return begin + (settings.bos ? 0 : 1);
}

void check_length(const PerplexitySettings& settings, int64_t length) {
  const int64_t text = text_tokens(settings, length);
  const Windows windows = settings.protocol->windows;
  if (has_targets(windows) && text - first_scored(settings, 0) < settings.targets) {
    refuse(settings, "length",
           fmt::format("{} does not hold {} targets", base::with_commas(length),
                       base::with_commas(settings.targets)),
           fmt::format("the minimum is {}", base::with_commas(settings.targets + (length - text) +
                                                              first_scored(settings, 0))));
  }
  if (text <= first_scored(settings, 0)) {
    refuse(settings, "length", fmt::format("{} leaves no token to score", length), "");
  }
  if (has_stride(windows) && settings.stride > text - first_scored(settings, 0)) {
    refuse(settings, "stride",
           fmt::format("{} would pass over tokens at length {}", base::with_commas(settings.stride),
                       base::with_commas(length)),
           fmt::format("the maximum is {}", base::with_commas(text - first_scored(settings, 0))));
  }
}

std::vector<Window> last_tokens(const PerplexitySettings& settings, int64_t tokens,
                                int64_t length) {
  return {{{tokens - text_tokens(settings, length), tokens}, {tokens - settings.targets, tokens}}};
}

std::vector<Window> press(const PerplexitySettings& settings, int64_t tokens, int64_t length) {
  const int64_t text = text_tokens(settings, length);
  std::vector<Window> windows = {{{0, text}, {first_scored(settings, 0), text}}};
  while (windows.back().tokens.end < tokens) {
    const Window& last = windows.back();
    const int64_t begin = last.tokens.begin + settings.stride;
    const int64_t end = std::min(begin + text, tokens);
    windows.push_back({{begin, end}, {last.tokens.end, end}});
  }
  return windows;
}

std::vector<Window> full_windows(const PerplexitySettings& settings, int64_t tokens,
                                 int64_t length) {
  const int64_t text = text_tokens(settings, length);
  std::vector<Window> windows;
  for (int64_t begin = 0; begin + text <= tokens; begin += settings.stride) {
    windows.push_back({{begin, begin + text}, {first_scored(settings, begin), begin + text}});
  }
  return windows;
}

/// BOS stands in the place of a chunk's first token, which is then nowhere scored nor read.
std::vector<Window> half_chunks(const PerplexitySettings& settings, int64_t tokens,
                                int64_t length) {
  std::vector<Window> windows;
  for (int64_t begin = 0; begin + length <= tokens; begin += length) {
    windows.push_back({{begin + (settings.bos ? 1 : 0), begin + length},
                       {begin + length / 2 + 1, begin + length}});
  }
  return windows;
}

}  // namespace

void validate(const PerplexitySettings& settings) {
  if (!settings.protocol) throw std::invalid_argument("PerplexitySettings: no protocol");
  const Windows windows = settings.protocol->windows;
  if (has_stride(windows) && settings.stride < 1) {
    refuse(settings, "stride", fmt::format("must be >= 1 (got {})", settings.stride), "");
  }
  if (!has_targets(windows)) return;
  if (settings.targets < 1) {
    refuse(settings, "targets", fmt::format("must be >= 1 (got {})", settings.targets), "");
  }
  if (settings.targets > settings.trained_length / 4) {
    refuse(settings, "targets",
           fmt::format("{} is more than a quarter of the trained length {}",
                       base::with_commas(settings.targets),
                       base::with_commas(settings.trained_length)),
           fmt::format("the maximum is {}", base::with_commas(settings.trained_length / 4)));
  }
}

int64_t tokens_needed(const PerplexitySettings& settings, int64_t length) {
  validate(settings);
  check_length(settings, length);
  if (settings.protocol->windows == Windows::half_chunk) return 2 * length;
  return text_tokens(settings, length);
}

std::vector<Window> plan_windows(const PerplexitySettings& settings, int64_t tokens,
                                 int64_t length) {
  const int64_t needed = tokens_needed(settings, length);
  if (tokens < needed) {
    refuse(settings, "length",
           fmt::format("{} needs a document of {} tokens (got {})", base::with_commas(length),
                       base::with_commas(needed), base::with_commas(tokens)),
           "give a longer document or leave out this length");
  }
  switch (settings.protocol->windows) {
    case Windows::fixed_target:
      return last_tokens(settings, tokens, length);
    case Windows::last_window: {
      const int64_t kept = std::min(length, settings.trained_length);
      return last_tokens(settings, tokens, kept);
    }
    case Windows::truncated: {
      const int64_t text = text_tokens(settings, length);
      return {{{0, text}, {first_scored(settings, 0), text}}};
    }
    case Windows::press:
      return press(settings, tokens, length);
    case Windows::full_window:
      return full_windows(settings, tokens, length);
    case Windows::half_chunk:
      return half_chunks(settings, tokens, length);
  }
  throw std::logic_error("plan_windows: unknown windows");
}

int64_t path_length(const Window& window, const std::optional<Token>& bos) {
  return window.tokens.size() + (bos ? 1 : 0);
}

Document make_document(const Window& window, const std::vector<Token>& tokens,
                       const std::optional<Token>& bos) {
  Document document;
  document.trunk.reserve(static_cast<size_t>(path_length(window, bos)));
  if (bos) document.trunk.push_back(*bos);
  document.trunk.insert(document.trunk.end(), tokens.begin() + window.tokens.begin,
                        tokens.begin() + window.tokens.end);
  const int64_t shift = (bos ? 1 : 0) - window.tokens.begin;
  document.scored = {window.scored.begin + shift, window.scored.end + shift};
  return document;
}

std::vector<float> nll_of(const Scores& scores) {
  std::vector<float> nll;
  nll.reserve(scores.trunk.size());
  for (const TokenScore& score : scores.trunk) nll.push_back(-score.log_prob);
  return nll;
}

}  // namespace evals
