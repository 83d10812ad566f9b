#include "harness/cli/stop_request.h"

#include <atomic>
#include <csignal>

namespace cli {
namespace {

std::atomic<bool> requested{false};

extern "C" void request_stop(int signal) {
  requested = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void stop_on_signals() {
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  if (std::signal(SIGHUP, request_stop) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

bool stop_requested() { return requested; }

}  // namespace cli
