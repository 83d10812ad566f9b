#pragma once

#include <gtest/gtest.h>

#include <string>

#include "harness/base/error.h"

namespace evals {

/// what() of the base::Error(Fault::input) that `action` throws, the temporary folder left out.
template <class Action>
std::string message_of(Action action, const std::string& folder = {}) {
  try {
    action();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.fault(), base::Fault::input);
    std::string text = error.what();
    for (size_t at = text.find(folder + "/"); !folder.empty() && at != std::string::npos;
         at = text.find(folder + "/")) {
      text.erase(at, folder.size() + 1);
    }
    return text;
  }
  return "nothing was thrown";
}

}  // namespace evals
