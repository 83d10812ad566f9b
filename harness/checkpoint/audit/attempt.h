#pragma once

#include "harness/base/error.h"
#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// Runs one step of the reading; what it throws becomes findings.
template <typename Step>
void attempt(Subject& subject, Step&& step) {
  try {
    step();
  } catch (const base::Error& error) {
    for (const base::Problem& problem : error.problems()) {
      subject.findings.push_back({"unreadable", Severity::error, error.file(), problem.place,
                                  problem.cause, "the file cannot be used as it is",
                                  problem.next_step});
    }
  }
}

}  // namespace audit
