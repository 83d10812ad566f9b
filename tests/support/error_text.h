#pragma once

#include <string>

#include "harness/base/error.h"

namespace tests {

/// What a call says when it fails with base::Error; "no error" when it does not.
template <typename Call>
std::string error_text(Call&& call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tests
