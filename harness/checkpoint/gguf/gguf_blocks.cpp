#include "harness/checkpoint/gguf/gguf_blocks.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include "harness/checkpoint/convert.h"

namespace checkpoint {
namespace {

float half_at(const std::byte* bytes) {
  float value = 0;
  to_float(DType::f16, {bytes, 2}, {&value, 1});
  return value;
}

unsigned byte_at(const std::byte* bytes, size_t i) { return std::to_integer<unsigned>(bytes[i]); }

uint32_t word_at(const std::byte* bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// Element i of 32 that stand in 16 bytes: the first half in the low nibbles, the second in the
/// high ones.
int nibble(const std::byte* quants, size_t i) {
  const unsigned byte = byte_at(quants, i % 16);
  return static_cast<int>(i < 16 ? byte & 0xF : byte >> 4);
}

void q4_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  for (size_t i = 0; i < 32; ++i) out[i] = d * static_cast<float>(nibble(block + 2, i) - 8);
}

void q4_1(const std::byte* block, float* out) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  for (size_t i = 0; i < 32; ++i) out[i] = d * static_cast<float>(nibble(block + 4, i)) + m;
}

/// The fifth bits of 32 elements stand in one word, element 0 lowest.
int five_bits(const std::byte* quants, uint32_t high, size_t i) {
  return nibble(quants, i) | static_cast<int>((high >> i & 1) << 4);
}

void q5_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  const uint32_t high = word_at(block + 2);
  for (size_t i = 0; i < 32; ++i) {
    out[i] = d * static_cast<float>(five_bits(block + 6, high, i) - 16);
  }
}

void q5_1(const std::byte* block, float* out) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  const uint32_t high = word_at(block + 4);
  for (size_t i = 0; i < 32; ++i) {
    out[i] = d * static_cast<float>(five_bits(block + 8, high, i)) + m;
  }
}

void q8_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  for (size_t i = 0; i < 32; ++i) {
    out[i] = d * static_cast<float>(static_cast<int8_t>(byte_at(block + 2, i)));
  }
}

/// Scale and minimum of group g of 8, 6 bits each, in 12 bytes: groups 0-3 in the low bits of bytes
/// 0-3 and 4-7; groups 4-7 have 4 bits in bytes 8-11 and their upper 2 on top of those.
struct GroupScale {
  float scale = 0;
  float minimum = 0;
};
GroupScale group_scale(const std::byte* packed, size_t g) {
  const size_t j = g % 4;
  const unsigned a = byte_at(packed, j);
  const unsigned b = byte_at(packed, 4 + j);
  if (g < 4) return {static_cast<float>(a & 0x3F), static_cast<float>(b & 0x3F)};
  const unsigned c = byte_at(packed, 8 + j);
  return {static_cast<float>((c & 0xF) | (a >> 2 & 0x30)),
          static_cast<float>((c >> 4) | (b >> 2 & 0x30))};
}

/// Q4_K and Q5_K. `high` holds bit g of its byte i as the fifth bit of element i of group g.
void k_groups(const std::byte* block, const std::byte* high, const std::byte* quants, float* out) {
  const float d = half_at(block);
  const float dmin = half_at(block + 2);
  for (size_t g = 0; g < 8; ++g) {
    const GroupScale packed = group_scale(block + 4, g);
    const float scale = d * packed.scale;
    const float minimum = dmin * packed.minimum;
    for (size_t i = 0; i < 32; ++i) {
      const unsigned byte = byte_at(quants, g / 2 * 32 + i);
      unsigned q = g % 2 == 0 ? byte & 0xF : byte >> 4;
      if (high) q |= (byte_at(high, i) >> g & 1) << 4;
      out[g * 32 + i] = scale * static_cast<float>(q) - minimum;
    }
  }
}

void q4_k(const std::byte* block, float* out) { k_groups(block, nullptr, block + 16, out); }

void q5_k(const std::byte* block, float* out) { k_groups(block, block + 16, block + 48, out); }

/// 128 bytes of low nibbles, 64 of upper bit pairs, 16 scales, d. Each half of 128 elements takes
/// 64 of the first and 32 of the second.
void q6_k(const std::byte* block, float* out) {
  const float d = half_at(block + 208);
  for (size_t i = 0; i < 256; ++i) {
    const size_t half = i / 128;
    const size_t quarter = i % 128 / 32;
    const unsigned low = byte_at(block, half * 64 + quarter % 2 * 32 + i % 32);
    const unsigned high = byte_at(block, 128 + half * 32 + i % 32) >> (2 * quarter) & 3;
    const int q = static_cast<int>((quarter < 2 ? low & 0xF : low >> 4) | high << 4) - 32;
    const auto scale = static_cast<float>(static_cast<int8_t>(byte_at(block, 192 + i / 16)));
    out[i] = d * scale * static_cast<float>(q);
  }
}

using Decode = void (*)(const std::byte*, float*);

Decode decoder(std::string_view name) {
  if (name == "Q4_0") return q4_0;
  if (name == "Q4_1") return q4_1;
  if (name == "Q5_0") return q5_0;
  if (name == "Q5_1") return q5_1;
  if (name == "Q8_0") return q8_0;
  if (name == "Q4_K") return q4_k;
  if (name == "Q5_K") return q5_k;
  if (name == "Q6_K") return q6_k;
  return nullptr;
}

}  // namespace

void dequantize(const GgufType& type, std::span<const std::byte> blocks, std::span<float> out) {
  if (type.name == "F32") return to_float(DType::f32, blocks, out);
  if (type.name == "F16") return to_float(DType::f16, blocks, out);
  if (type.name == "BF16") return to_float(DType::bf16, blocks, out);
  const Decode decode = decoder(type.name);
  if (!decode) throw std::logic_error("dequantize: " + std::string(type.name));
  const auto elements = static_cast<size_t>(type.elements);
  const auto bytes = static_cast<size_t>(type.bytes);
  for (size_t i = 0; i < out.size() / elements; ++i) {
    decode(blocks.data() + i * bytes, out.data() + i * elements);
  }
}

}  // namespace checkpoint
