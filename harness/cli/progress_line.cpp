#include "harness/cli/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/cli/messages.h"

namespace cli {
namespace {

constexpr std::chrono::milliseconds between_draws{200};
constexpr std::chrono::seconds between_lines{15};
constexpr size_t bar_width = 24;

std::string bar(double share) {
  const auto filled = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * bar_width);
  std::string drawn(bar_width, '.');
  std::fill_n(drawn.begin(), filled, '#');
  return drawn;
}

/// That a line may fill: one that wraps is left behind when the next one is drawn.
int columns() {
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col - 1 : 79;
}

}  // namespace

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{} h {:02d} min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

std::string text_of(const sweep::SweepProgress& progress) {
  std::string text = fmt::format("{} of {} cells", progress.cells, progress.all_cells);
  if (progress.tokens > 0 && progress.seconds > 0) {
    text +=
        fmt::format(", {:.0f} tokens/s", static_cast<double>(progress.tokens) / progress.seconds);
  }
  if (progress.flops > 0 && progress.flops_ahead > 0) {
    text += fmt::format(", about {} left",
                        duration(progress.seconds * progress.flops_ahead / progress.flops));
  }
  if (!progress.doing.empty()) text += fmt::format(", {}", progress.doing);
  if (progress.fraction > 0 && progress.fraction < 1) {
    text += fmt::format(" {:.0f}%", 100 * progress.fraction);
  }
  return text;
}

ProgressLine::ProgressLine() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const sweep::SweepProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_ < (is_terminal_ ? between_draws : between_lines)) return;
  last_ = now;
  drawn_ = true;
  if (is_terminal_) {
    const double all = progress.flops + progress.flops_ahead;
    const double share = all > 0 ? progress.flops / all : 1;
    const std::string line = fmt::format("[{}] {}", bar(share), text_of(progress));
    say("\r\033[K{:.{}}", line, columns());
  } else {
    say("{}\n", text_of(progress));
  }
}

void ProgressLine::warn(const std::string& warning) {
  if (is_terminal_ && std::exchange(drawn_, false)) say("\r\033[K");
  cli::warn({warning});
}

ProgressLine::~ProgressLine() {
  if (is_terminal_ && drawn_) say("\n");
}

}  // namespace cli
