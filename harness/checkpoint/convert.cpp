#include "harness/checkpoint/convert.h"

#include <Eigen/Core>
#include <cstring>
#include <stdexcept>

#include "harness/checkpoint/safetensors_header.h"

namespace checkpoint {
namespace {

void require_same_count(size_t elements, DType dtype, size_t bytes) {
  if (elements * static_cast<size_t>(width(dtype)) != bytes) {
    throw std::logic_error("convert: the buffers hold different numbers of elements");
  }
}

template <typename Stored>
void load(const std::byte* bytes, std::span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes + i * sizeof(Stored), sizeof(Stored));
    out[i] = static_cast<float>(value);
  }
}

template <typename Stored>
void store(std::span<const float> in, std::byte* bytes) {
  for (size_t i = 0; i < in.size(); ++i) {
    const Stored value(in[i]);
    std::memcpy(bytes + i * sizeof(Stored), &value, sizeof(Stored));
  }
}

}  // namespace

void to_float(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  require_same_count(out.size(), dtype, bytes.size());
  switch (dtype) {
    case DType::f32:
      return load<float>(bytes.data(), out);
    case DType::f16:
      return load<Eigen::half>(bytes.data(), out);
    case DType::bf16:
      return load<Eigen::bfloat16>(bytes.data(), out);
  }
}

void from_float(std::span<const float> in, DType dtype, std::span<std::byte> bytes) {
  require_same_count(in.size(), dtype, bytes.size());
  switch (dtype) {
    case DType::f32:
      return store<float>(in, bytes.data());
    case DType::f16:
      return store<Eigen::half>(in, bytes.data());
    case DType::bf16:
      return store<Eigen::bfloat16>(in, bytes.data());
  }
}

}  // namespace checkpoint
