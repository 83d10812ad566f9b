#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/file.h"
#include "tests/support/temporary_folder.h"

namespace tests {

/// How a program ended, and what it wrote.
struct Ended {
  int exit_code;  ///< -1: ended by a signal
  std::string out;
  std::string errors;
};

/// Runs a script, named from the top of the source tree. No shell reads the words: clones and
/// temporary folders may have spaces in their names.
inline Ended run_python(const std::string& script, const std::vector<std::string>& words) {
  // -B: a test leaves no __pycache__ in the source tree.
  std::vector<std::string> command = {ROPEWALK_PYTHON, "-B",
                                      std::string(ROPEWALK_SOURCE_DIR) + "/" + script};
  command.insert(command.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  // Files, not pipes: of two pipes one may fill up while the other is read.
  const TemporaryFolder folder;
  const std::string out = folder.path() / "out";
  const std::string errors = folder.path() / "errors";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_CREAT | O_WRONLY, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_CREAT | O_WRONLY,
                                   0600);
  pid_t process = 0;
  const int refusal =
      posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (refusal != 0 || waitpid(process, &status, 0) != process) {
    throw std::runtime_error(command[0] + ": cannot be run");
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, base::read_file(out),
          base::read_file(errors)};
}

/// What a script prints; it must succeed.
inline std::string python(const std::string& script, const std::vector<std::string>& words) {
  Ended ended = run_python(script, words);
  EXPECT_EQ(ended.exit_code, 0) << script << ": " << ended.errors;
  return std::move(ended.out);
}

}  // namespace tests
