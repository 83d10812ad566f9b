#pragma once

namespace cli {

/// From now on Ctrl-C, SIGTERM and the end of the terminal (SIGHUP, unless nohup has it ignored)
/// ask for a clean stop; the same signal again ends the process at once.
void stop_on_signals();

bool stop_requested();

}  // namespace cli
