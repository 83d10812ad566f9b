#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/checkpoint/directory.h"

namespace checkpoint {

/// A config.json of any architecture, as it stands: for describing, comparing and auditing. Nothing
/// is required of it but to be a JSON object; a value of the wrong type reads as absent. Duplicate
/// keys are kept as problems (the last one wins in json()).
class RawConfig {
 public:
  /// Throws base::Error(Fault::input) when `text` is not a JSON object. `file` names it.
  static RawConfig parse(std::string_view text, const std::string& file);
  static RawConfig read(const Directory& directory, std::string_view name = "config.json");

  const base::Json& json() const { return json_; }
  const std::string& file() const { return file_; }
  const std::vector<base::Problem>& problems() const { return problems_; }

  bool has(const std::string& key) const;  ///< present and not null
  std::optional<int64_t> integer(const std::string& key) const;
  std::optional<double> number(const std::string& key) const;
  std::optional<bool> boolean(const std::string& key) const;
  std::optional<std::string> text(const std::string& key) const;

  /// The RoPE dict: `rope_scaling`, or the `rope_parameters` of Transformers 5; null when absent.
  const base::Json& rope_scaling() const;
  /// Its rope_type, or the `type` of older files; nothing when absent.
  std::optional<std::string> rope_type() const;
  /// Base of RoPE: top-level, or inside `rope_parameters`.
  std::optional<double> rope_theta() const;

 private:
  base::Json json_;
  std::string file_;
  std::vector<base::Problem> problems_;
};

}  // namespace checkpoint
