#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evals/corpus.h"
#include "evals/document.h"
#include "evals/tokenizer.h"
#include "harness/base/random.h"

namespace evals {

/// Hay cut to an exact number of tokens, in two runs with room for a needle between them.
struct Straw {
  std::vector<Token> before;
  std::vector<Token> after;
  std::string source;  ///< what the hay was cut from: "units", or document name and unit number
};

/// What is wanted of a haystack.
struct HayOrder {
  int64_t tokens = 0;
  std::optional<int64_t> place;  ///< tokens wanted before the needle; none: one run, all `before`
  int64_t trial = 0;
  std::string avoid;  ///< a number that must not occur in random hay: the key that is asked for
};

/// What hides the needle. Every haystack is whole units (sentences, lines, key-value pairs); only
/// the last unit is cut, at a token. A needle goes between units, so that the tokens beside it are
/// the same wherever it lies.
class Haystack {
 public:
  virtual ~Haystack() = default;

  /// before.size() + after.size() == order.tokens. `before` ends at the unit boundary nearest to
  /// order.place (ties: the earlier). Random draws come from `random` at draw numbers >= 1000.
  /// Throws base::Error(Fault::input) naming the source when it is too short.
  virtual Straw cut(const HayOrder& order, const base::CounterRandom& random) const = 0;

  /// Tokens of one whole unit at the start of a run; 1 where units have no common size.
  virtual int64_t unit_tokens() const = 0;
};

/// One sentence over and over: `unit`, then `separator` + `unit`. A run after a needle starts anew
/// with `unit`. Tokenised twice in all: 200,000 tokens cost a copy.
std::unique_ptr<const Haystack> repeated_haystack(const Tokenizer& tokenizer, std::string unit,
                                                  std::string separator);

/// The form that published scripts use: the repeated text is cut at a character, so that words are
/// cut before the needle, and the second run starts at the first character again.
std::unique_ptr<const Haystack> sliced_haystack(const Tokenizer& tokenizer, std::string unit,
                                                std::string separator);

/// Lines `"1234567": "7654321",` of random fixed-width keys and values; all keys differ from one
/// another and from order.avoid. `tokenizer` must outlive the haystack.
std::unique_ptr<const Haystack> pair_haystack(const Tokenizer& tokenizer, int64_t digits);

/// Natural text: sentences of one document per trial (trial mod number of documents long enough),
/// from a random sentence on. Documents are never joined.
std::unique_ptr<const Haystack> text_haystack(const Tokenizer& tokenizer,
                                              const std::vector<CorpusDocument>& documents);

}  // namespace evals
