#pragma once

#include <string>
#include <string_view>

#include "harness/base/json.h"
#include "scalings/from_hf.h"
#include "tests/support/error_text.h"

namespace scalings {

/// What from_hf makes of a config.json, given as its text.
inline HfScaling read(std::string_view config) {
  return from_hf(base::parse_json(config, "config.json"), "config.json");
}

/// The chain of it, as JSON text.
inline std::string chain_of(std::string_view config) { return read(config).chain.dump(); }

/// Why from_hf refuses it.
inline std::string refusal_of(std::string_view config) {
  return tests::error_text([&] { read(config); });
}

}  // namespace scalings
