#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/document.h"
#include "evals/retrieval.h"

namespace evals {

/// Which tokens a perplexity protocol scores, and with how much before them.
enum class Windows {
  fixed_target,  ///< one path of L tokens that ends with the document; its last T tokens
  truncated,     ///< one path: the document's first L tokens; all of them
  press,         ///< windows of L, moved on by S; every token of the document exactly once
  full_window,   ///< windows of L, started every S; all tokens of every window
  half_chunk,    ///< disjoint windows of L; the second half of each
  last_window,   ///< control: fixed_target at min(L, trained length)
};

enum class Averaging { tokens, windows };

/// One line of the table of perplexity protocols.
struct PerplexityProtocol {
  std::string_view name;  ///< "ppl/fixed-target"; a stride is written behind it: "ppl/press-256"
  int version;
  Windows windows;
  Averaging averaging;  ///< windows: mean of window means, as a published script has it (labelled)
  std::vector<ProtocolParameter> parameters;
  std::string_view summary;
  std::string_view source;
  std::string_view citation;  ///< BibTeX entry of the source; empty: ours
};

/// Whether windows of this kind are moved on by a stride.
bool has_stride(Windows windows);

/// All perplexity protocols, in the order in which they are listed.
const std::vector<PerplexityProtocol>& perplexity_protocols();

/// By "ppl/press", "ppl/press-256" or "ppl/press-256/1"; nullptr when there is none.
const PerplexityProtocol* find_perplexity_protocol(std::string_view name);

/// The stride that a name carries: 256 in "ppl/press-256".
std::optional<int64_t> stride_in(std::string_view name);

/// A protocol with its numbers.
struct PerplexitySettings {
  const PerplexityProtocol* protocol = nullptr;
  int64_t trained_length = 0;
  int64_t targets = 0;       ///< T, of fixed_target and last_window; at most trained_length / 4
  int64_t stride = 0;        ///< S, of press, full_window and window means
  std::optional<Token> bos;  ///< starts every window where set, and counts as one of its L tokens
};

/// Throws base::Error(Fault::input): T > trained_length / 4, a missing stride, ...
void validate(const PerplexitySettings& settings);

/// What results cite: "ppl/press-256/1", "ppl/fixed-target/1"; with "/bos" behind it where windows
/// start with BOS.
std::string protocol_id(const PerplexitySettings& settings);

/// What the id of a perplexity protocol says, as results cite it.
struct CitedPerplexity {
  const PerplexityProtocol* protocol = nullptr;
  bool bos = false;  ///< whether windows start with BOS
};

/// protocol_id() read backwards; nothing where this program has no such protocol or version.
std::optional<CitedPerplexity> read_protocol_id(std::string_view id);

/// One forward: a path of [BOS +] document tokens [tokens), of which the document tokens [scored)
/// are scored. All indices are the document's, without BOS.
struct Window {
  Range tokens;
  Range scored;
  bool operator==(const Window&) const = default;
};

/// Tokens that a document needs for this length. Throws base::Error(Fault::input) where validate()
/// does, where the length holds no target, or where the stride would pass over tokens.
int64_t tokens_needed(const PerplexitySettings& settings, int64_t length);

/// All forwards of one document of `tokens` tokens at path length L = `length` (BOS and last target
/// included). Needs no document: this is what `check` prices. Two protocols that give equal windows
/// share their forwards. Throws base::Error(Fault::input) when the document is too short.
std::vector<Window> plan_windows(const PerplexitySettings& settings, int64_t tokens,
                                 int64_t length);

/// Tokens of the path: window.tokens.size(), and one for BOS.
int64_t path_length(const Window& window, const std::optional<Token>& bos);

/// The document that scores one window, all in its trunk, in the order of window.scored.
Document make_document(const Window& window, const std::vector<Token>& tokens,
                       const std::optional<Token>& bos);

/// Negated log-probabilities of a scored trunk, natural logarithm.
std::vector<float> nll_of(const Scores& scores);

}  // namespace evals
