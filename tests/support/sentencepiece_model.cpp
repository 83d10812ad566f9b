#include "tests/support/sentencepiece_model.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace tests {
namespace {

// Protocol buffers' wire format, as far as sentencepiece_model.proto needs it.

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

std::string number(int field, int64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(static_cast<uint64_t>(value));
}

std::string bytes(int field, const std::string& value) {
  return varint((static_cast<uint64_t>(field) << 3) | 2) + varint(value.size()) + value;
}

std::string real(int field, float value) {
  std::string out(4, '\0');
  std::memcpy(out.data(), &value, 4);
  return varint((static_cast<uint64_t>(field) << 3) | 5) + out;
}

enum PieceType { normal = 1, unknown = 2, control = 3, byte = 6 };

std::string piece(const std::string& text, float score, PieceType type) {
  return bytes(1, bytes(1, text) + real(2, score) + number(3, type));
}

}  // namespace

std::string sentencepiece_model(const std::vector<std::string>& pieces, bool bos) {
  std::string model = piece("<unk>", 0, unknown);
  if (bos) model += piece("<s>", 0, control);
  model += piece("</s>", 0, control);
  float score = 0;
  for (const std::string& text : pieces) model += piece(text, score -= 1, normal);
  for (int value = 0; value < 256; ++value)
    model += piece(fmt::format("<0x{:02X}>", value), 0, byte);
  constexpr int bpe = 2;
  model += bytes(2, number(3, bpe) + number(35, 1) + number(40, 0) + number(41, bos ? 1 : -1) +
                        number(42, bos ? 2 : 1) + number(43, -1));
  // Nothing is normalised: no dummy prefix, no white space removed.
  return model + bytes(3, bytes(1, "identity") + number(3, 0) + number(4, 0));
}

}  // namespace tests
