#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evals/tokenizer.h"

namespace checkpoint {

/// A token that is found in the text before anything else is done to it.
struct AddedToken {
  evals::Token id = 0;
  std::string content;
  bool strips_left = false;    ///< takes white space before it along
  bool strips_right = false;   ///< takes white space after it along
  bool is_normalized = false;  ///< is looked for in normalized text, in its own normalized form
  bool is_special = false;     ///< decodes to nothing
};

/// Finds added tokens in a text: the leftmost first, of several at one place the longest.
class AddedTokenMatcher {
 public:
  /// `forms[i]` is the text that stands for `tokens[i]`; an empty one is never found.
  AddedTokenMatcher(std::vector<AddedToken> tokens, const std::vector<std::string>& forms);

  /// Goes through the text once: stretches without a token (nullptr), none of them empty, and
  /// tokens with the text they take.
  void for_each(std::string_view text,
                const std::function<void(std::string_view, const AddedToken*)>& call) const;

 private:
  /// The token whose form begins at `at`, and how many bytes it has.
  const AddedToken* find(std::string_view text, size_t at, size_t& bytes) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, size_t> index_of_;
  std::array<std::vector<size_t>, 256> lengths_;  ///< of forms, by first byte, longest first
};

}  // namespace checkpoint
