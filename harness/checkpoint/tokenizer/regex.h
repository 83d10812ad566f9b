#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/error.h"

namespace checkpoint {

/// A regular expression of a tokenizer.json, with the meaning that the tokenizers library gives it
/// (Oniguruma, Unicode 16). Only constructs that mean the same to PCRE2 are read: literals,
/// classes, groups without capture, lookaround, (?i:...), alternatives, quantifiers, \s \S \d \D \r
/// \n \t, \x{...} and the general categories \p{L}, \p{Nd} ...
class Regex {
 public:
  /// Nothing, and a problem at `place`, for a pattern that is not well-formed, uses anything else,
  /// or may match nothing.
  static std::shared_ptr<const Regex> compile(std::string_view pattern, const std::string& place,
                                              base::Problems& problems);
  /// A pattern of this program's own, in which there is nothing to report.
  static std::shared_ptr<const Regex> built_in(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// Calls with begin and end of every match, from left to right, none overlapping. `utf8` is
  /// valid UTF-8. Safe from several threads at a time. Throws base::Error(Fault::input), without a
  /// file, where PCRE2 gives up on a match.
  void for_each_match(std::string_view utf8, const std::function<void(size_t, size_t)>& call) const;

 private:
  struct Program;
  explicit Regex(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace checkpoint
