#pragma once

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace base {

/// What kind of answer an error is; harness/cli maps it to an exit code in one place.
enum class Fault {
  input,      ///< bad usage or bad input: exit code 2
  io,         ///< a read or a write was refused, or did not keep what was written: exit code 5
  cancelled,  ///< stopped on request at a block boundary: exit code 4
};

/// One thing that is wrong: where, what, and what to do about it.
struct Problem {
  std::string place;      ///< JSON path, byte offset, tensor name, flag ...; may be empty
  std::string cause;      ///< a full clause: "must be >= 1 (got 0.5)"
  std::string next_step;  ///< may be empty: "pass trained_length explicitly"
};

/// The only exception that Ropewalk throws on purpose. Anything else that escapes is a bug of ours.
/// what() is one line per problem, `file: place: cause; next step`, and printable
/// (base/printable.h): names from a hostile file can neither start a line nor speak to the
/// terminal.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, std::string file, std::vector<Problem> problems);
  Error(Fault fault, std::string file, Problem problem);

  Fault fault() const { return fault_; }
  const std::string& file() const { return file_; }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  Fault fault_;
  std::string file_;
  std::vector<Problem> problems_;
};

/// Throws Error(Fault::input) with this one problem.
[[noreturn]] void reject(std::string file, std::string place, std::string cause,
                         std::string next_step = {});

/// As many problems as are worth reading where one mistake can cause thousands.
inline constexpr size_t few_problems = 12;

/// Collects the problems of one input, so that a user sees all of them in one go.
class Problems {
 public:
  /// Keeps them all.
  Problems() = default;
  /// Keeps the first `most` of them, and says that there are more.
  explicit Problems(size_t most) : most_(most) {}

  void add(std::string place, std::string cause, std::string next_step = {});
  bool empty() const { return found_.empty(); }
  const std::vector<Problem>& found() const { return found_; }
  /// Throws Error(Fault::input, file, ...) when anything was added.
  void throw_if_any(const std::string& file) const;

 private:
  size_t most_ = std::numeric_limits<size_t>::max();
  std::vector<Problem> found_;
};

}  // namespace base
