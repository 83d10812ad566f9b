#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace checkpoint {

/// Goes through the bytes of a GGUF header and never past their end. Little-endian, as the format
/// and every machine this runs on.
class GgufCursor {
 public:
  GgufCursor(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  /// `what` names the value in the error of a file that ends inside it.
  template <typename Number>
  Number number(const char* what) {
    Number value{};
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  /// A length of 64 bits and so many bytes.
  std::string_view text(const char* what);

  /// A count of things that take at least `least_bytes` each: more than fit into the rest of the
  /// file are refused before anything is made for them.
  int64_t count(const char* what, int64_t least_bytes);

  std::string_view take(uint64_t bytes, const char* what);

  int64_t at() const { return static_cast<int64_t>(at_); }
  uint64_t left() const { return file_.size() - at_; }

  /// Throws base::Error(Fault::input) for the value that begins at byte `at`.
  [[noreturn]] void fail(int64_t at, std::string cause, std::string next_step = {}) const;

 private:
  std::string_view file_;
  const std::string& name_;
  size_t at_ = 0;
};

}  // namespace checkpoint
