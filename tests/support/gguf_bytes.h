#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tests {

/// The bytes of a GGUF file, written field by field so that any of them can be wrong.
class GgufBytes {
 public:
  explicit GgufBytes(uint64_t tensors = 0, uint64_t keys = 0, uint32_t version = 3) {
    bytes_ = "GGUF";
    number(version).number(tensors).number(keys);
  }

  template <typename Number>
  GgufBytes& number(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  GgufBytes& text(std::string_view text) {
    number(uint64_t{text.size()});
    return raw(text);
  }
  GgufBytes& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  /// A key and the type of its value, which follows.
  GgufBytes& key(std::string_view name, uint32_t type) { return text(name).number(type); }
  GgufBytes& tensor(std::string_view name, std::initializer_list<int64_t> sizes, uint32_t type,
                    uint64_t offset) {
    text(name).number(static_cast<uint32_t>(sizes.size()));
    for (const int64_t size : sizes) number(size);
    return number(type).number(offset);
  }
  /// Zeros up to the alignment, then so many bytes of data.
  GgufBytes& data(size_t bytes, size_t alignment = 32) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    bytes_.append(bytes, 'x');
    return *this;
  }

  operator const std::string&() const { return bytes_; }
  operator std::string_view() const { return bytes_; }
  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace tests
