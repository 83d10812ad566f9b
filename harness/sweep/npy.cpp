#include "harness/sweep/npy.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace sweep {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy files are written little-endian");

constexpr std::string_view magic{"\x93NUMPY\x01\x00", 8};
constexpr size_t alignment = 64;  // of the data, as the format asks

std::string header(size_t count) {
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", count);
  const size_t unpadded = magic.size() + 2 + text.size() + 1;
  text.append((alignment - unpadded % alignment) % alignment, ' ');
  text += '\n';
  const auto size = static_cast<uint16_t>(text.size());
  return std::string(magic) + static_cast<char>(size & 0xFF) + static_cast<char>(size >> 8) + text;
}

}  // namespace

std::string to_npy(const std::vector<float>& values) {
  std::string bytes = header(values.size());
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

std::vector<float> read_npy(const std::filesystem::path& file) {
  const std::string bytes = base::read_file(file);
  const auto refuse = [&](const std::string& cause) {
    throw base::Error(base::Fault::io, file.string(),
                      base::Problem{"", cause, "remove it and sweep again to score it anew"});
  };
  if (bytes.size() < magic.size() + 2 || bytes.compare(0, magic.size(), magic) != 0) {
    refuse("is not a NumPy file of version 1.0");
  }
  const size_t header_size = static_cast<unsigned char>(bytes[8]) |
                             (static_cast<size_t>(static_cast<unsigned char>(bytes[9])) << 8);
  const size_t start = magic.size() + 2 + header_size;
  if (bytes.size() < start || (bytes.size() - start) % sizeof(float) != 0) refuse("is cut short");
  std::vector<float> values((bytes.size() - start) / sizeof(float));
  if (bytes.compare(0, start, header(values.size())) != 0) {
    refuse("does not hold one row of float32 as its header says");
  }
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(float));
  return values;
}

}  // namespace sweep
