#pragma once

#include <chrono>
#include <string>

#include "harness/sweep/runner.h"

namespace cli {

/// Shows a sweep's progress on stderr: on a terminal one line, drawn over and over and ended when
/// this is destroyed; elsewhere a plain line now and then.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const sweep::SweepProgress& progress);
  /// Says a warning on a line of its own.
  void warn(const std::string& warning);

 private:
  const bool is_terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

/// "2 h 05 min", "3 min 20 s", "45 s".
std::string duration(double seconds);

/// The text of a progress line, without the bar.
std::string text_of(const sweep::SweepProgress& progress);

}  // namespace cli
