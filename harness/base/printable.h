#pragma once

#include <string>
#include <string_view>

namespace base {

/// Text from a file that nobody vouches for, made fit for a terminal and for one line: control
/// characters, marks that turn the direction of writing, and bytes that are not UTF-8 are spelled
/// out as \x1b or \u202e.
std::string printable(std::string_view text);

}  // namespace base
