#pragma once

#include <chrono>
#include <string>

#include "harness/sweep/runner.h"

namespace cli {

/// Shows a sweep's progress on stderr: one line drawn over and over on a terminal, a plain line now
/// and then elsewhere.
class ProgressLine {
 public:
  ProgressLine();
  void show(const sweep::SweepProgress& progress);
  void end();

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
