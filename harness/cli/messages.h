#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

/// Writes to stderr. What cannot be written there (a log on a full disk, a terminal that is gone)
/// is lost, and no work with it.
void write_to_stderr(std::string_view text);

template <typename... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  write_to_stderr(fmt::format(format, std::forward<Args>(args)...));
}

/// Says a line for each.
void warn(const std::vector<std::string>& warnings);

}  // namespace cli
