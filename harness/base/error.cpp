#include "harness/base/error.h"

#include "harness/base/printable.h"

namespace base {
namespace {

std::string line(const std::string& file, const Problem& problem) {
  std::string text;
  for (const std::string* part : {&file, &problem.place}) {
    if (!part->empty()) text += *part + ": ";
  }
  text += problem.cause;
  if (!problem.next_step.empty()) text += "; " + problem.next_step;
  return text;
}

std::string lines(const std::string& file, const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += printable(line(file, problem));
  }
  return text;
}

}  // namespace

Error::Error(Fault fault, std::string file, std::vector<Problem> problems)
    : std::runtime_error(lines(file, problems)),
      fault_(fault),
      file_(std::move(file)),
      problems_(std::move(problems)) {}

Error::Error(Fault fault, std::string file, Problem problem)
    : Error(fault, std::move(file), std::vector<Problem>{std::move(problem)}) {}

void reject(std::string file, std::string place, std::string cause, std::string next_step) {
  throw Error(Fault::input, std::move(file),
              Problem{std::move(place), std::move(cause), std::move(next_step)});
}

void Problems::add(std::string place, std::string cause, std::string next_step) {
  if (found_.size() > most_) return;
  if (found_.size() == most_) {
    found_.push_back({"", "and more of the same kind", ""});
    return;
  }
  found_.push_back({std::move(place), std::move(cause), std::move(next_step)});
}

void Problems::throw_if_any(const std::string& file) const {
  if (!found_.empty()) throw Error(Fault::input, file, found_);
}

}  // namespace base
