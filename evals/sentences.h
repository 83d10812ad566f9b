#pragma once

#include <string_view>
#include <vector>

namespace evals {

/// Cuts text into sentences that join to the same text. A sentence ends behind `.`, `!` or `?` (and
/// closing quotes or brackets) before white space, behind their full-width forms, and before an
/// empty line; white space belongs to the sentence behind it. One longer than 2,000 bytes is cut at
/// its last white space before that, or between two characters.
std::vector<std::string_view> sentences(std::string_view text);

}  // namespace evals
