#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/error.h"
#include "harness/checkpoint/gguf/gguf_file.h"

namespace checkpoint {

/// Typed access to the metadata of a GGUF header. What has another type than asked for becomes a
/// problem that names the key, and reads as absent.
class GgufMetadata {
 public:
  GgufMetadata(const GgufHeader& header, base::Problems& problems)
      : header_(header), problems_(problems) {}

  bool has(std::string_view key) const { return header_.metadata.contains(key); }
  std::optional<int64_t> integer(std::string_view key) const;
  /// Floats and integers alike; NaN and infinities are a problem, for no JSON can say them.
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> text(std::string_view key) const;
  /// nullptr when absent. The caller looks into the member that it expects.
  const GgufArray* array(std::string_view key) const;

  base::Problems& problems() const { return problems_; }

 private:
  template <typename Value>
  const Value* find(std::string_view key, const char* expected) const;

  const GgufHeader& header_;
  base::Problems& problems_;
};

}  // namespace checkpoint
