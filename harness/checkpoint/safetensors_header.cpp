#include "harness/checkpoint/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/base/file.h"
#include "harness/base/json.h"

namespace checkpoint {
namespace {

constexpr int64_t largest_header = 100'000'000;
constexpr int64_t length_bytes = 8;

constexpr std::array<std::pair<std::string_view, int64_t>, 22> dtype_bits{{
    {"BOOL", 8}, {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},   {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"I16", 16}, {"F8_E5M2FNUZ", 8}, {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32}, {"U32", 32},        {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64}, {"U64", 64},
}};

std::string quoted(const std::string& name) { return fmt::format("tensor \"{}\"", name); }

/// Length of the JSON text.
int64_t header_length(std::string_view beginning, int64_t file_size, const std::string& file) {
  if (file_size < length_bytes || std::ssize(beginning) < length_bytes) {
    base::reject(file, "byte 0",
                 fmt::format("has {} bytes, too few for a safetensors file", file_size),
                 "download it again");
  }
  uint64_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= uint64_t{static_cast<unsigned char>(beginning[i])} << (8 * i);
  }
  if (length > static_cast<uint64_t>(largest_header)) {
    const std::string_view magic = beginning.substr(0, 2);
    const bool is_pickle = magic == "PK" || magic.substr(0, 1) == "\x80";
    base::reject(file, "byte 0",
                 fmt::format("claims a header of {} bytes, above the format's limit of {}", length,
                             largest_header),
                 is_pickle ? "this looks like a PyTorch pickle file under another name: convert it"
                           : "this is not a safetensors file");
  }
  const auto signed_length = static_cast<int64_t>(length);
  if (signed_length > file_size - length_bytes || signed_length > std::ssize(beginning) - 8) {
    base::reject(file, "byte 0",
                 fmt::format("claims a header of {} bytes, but only {} follow", length,
                             file_size - length_bytes),
                 "the file is cut; download it again");
  }
  return signed_length;
}

TensorEntry read_entry(const std::string& name, const base::Json& value, int64_t data_begin,
                       base::Problems& problems) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  base::Problems found(base::few_problems);  // an object of unknown keys has one for each
  base::StrictObject object(value, "", found);
  TensorEntry entry{.name = name, .dtype = {}, .shape = {}, .begin = 0, .end = 0};
  entry.dtype = object.text("dtype");
  object.required("shape");
  entry.shape = object.integers("shape", 0, most, std::vector<int64_t>{});
  object.required("data_offsets");
  const auto offsets =
      object.integers("data_offsets", 0, most - data_begin, std::vector<int64_t>{});
  object.finish();
  const auto bits = safetensors_bits(entry.dtype);
  if (found.empty() && !bits) {
    found.add("/dtype", fmt::format("unknown dtype \"{}\"", entry.dtype));
  }
  if (found.empty() && offsets.size() != 2) {
    found.add("/data_offsets",
              fmt::format("must be [begin, end] (got {} numbers)", offsets.size()));
  }
  if (found.empty()) {
    entry.begin = data_begin + offsets[0];
    entry.end = data_begin + offsets[1];
    const auto needed = tensor_bytes(entry.shape, *bits);
    if (entry.end < entry.begin) {
      found.add("/data_offsets", fmt::format("end before begin: [{}, {}]", offsets[0], offsets[1]));
    } else if (!needed) {
      found.add("/shape", fmt::format("[{}] of {} is no whole number of bytes below 2^63",
                                      fmt::join(entry.shape, ", "), entry.dtype));
    } else if (*needed != entry.bytes()) {
      found.add("/data_offsets",
                fmt::format("[{}, {}] hold {} bytes, but {} [{}] takes {}", offsets[0], offsets[1],
                            entry.bytes(), entry.dtype, fmt::join(entry.shape, ", "), *needed));
    }
  }
  for (const base::Problem& problem : found.found()) {
    problems.add(quoted(name) + problem.place, problem.cause, problem.next_step);
  }
  return entry;
}

/// Every byte of the data belongs to exactly one tensor.
void check_contiguous(const std::vector<TensorEntry>& tensors, int64_t data_begin,
                      int64_t file_size, const std::string& file) {
  int64_t expected = data_begin;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != expected) {
      base::reject(
          file, quoted(tensor.name),
          fmt::format("begins at byte {}, but the data before it ends at byte {} ({})",
                      tensor.begin, expected, tensor.begin < expected ? "overlap" : "hole"));
    }
    expected = tensor.end;
  }
  if (expected > file_size) {
    base::reject(file, quoted(tensors.back().name),
                 fmt::format("ends at byte {}, but the file has {}", expected, file_size),
                 "the file is cut; download it again");
  }
  if (expected < file_size) {
    base::reject(file, fmt::format("byte {}", expected),
                 fmt::format("{} bytes follow that belong to no tensor", file_size - expected));
  }
}

}  // namespace

std::optional<int64_t> safetensors_bits(std::string_view dtype) {
  for (const auto& [name, bits] : dtype_bits) {
    if (name == dtype) return bits;
  }
  return {};
}

std::optional<int64_t> tensor_bytes(const std::vector<int64_t>& shape, int64_t bits) {
  int64_t total = bits;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(total, extent, &total)) return {};
  }
  if (total % 8 != 0) return {};
  return total / 8;
}

std::optional<DType> computable_dtype(std::string_view dtype) {
  for (const DType known : {DType::f32, DType::f16, DType::bf16}) {
    if (safetensors_name(known) == dtype) return known;
  }
  return {};
}

std::string_view safetensors_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "F32";
    case DType::f16:
      return "F16";
    case DType::bf16:
      return "BF16";
  }
  return "";
}

int64_t width(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

SafetensorsHeader parse_safetensors_header(std::string_view beginning, int64_t file_size,
                                           const std::string& file) {
  const int64_t length = header_length(beginning, file_size, file);
  const int64_t data_begin = length_bytes + length;
  const std::string_view text = beginning.substr(length_bytes, static_cast<size_t>(length));
  if (text.empty() || text.front() != '{')
    base::reject(file, "byte 8", "header does not begin with '{'");
  if (const size_t offset = base::find_invalid_utf8(text); offset != std::string_view::npos) {
    base::reject(file, fmt::format("byte {}", offset + length_bytes), "header is not valid UTF-8");
  }
  base::Problems duplicates(base::few_problems);
  const base::Json json = base::parse_json(text, file + ": header", duplicates);
  base::Problems problems(base::few_problems);  // a damaged writer breaks every tensor
  for (const base::Problem& problem : duplicates.found()) {
    problems.add("header " + problem.place, problem.cause, problem.next_step);
  }
  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name != "__metadata__") {
      header.tensors.push_back(read_entry(name, value, data_begin, problems));
      continue;
    }
    if (!value.is_object()) {
      problems.add("__metadata__", "must be an object");
      continue;
    }
    for (const auto& [key, member] : value.items()) {
      if (member.is_string()) {
        header.metadata[key] = member.get<std::string>();
      } else {
        problems.add("__metadata__/" + key, "must be a string");
      }
    }
  }
  problems.throw_if_any(file);
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const TensorEntry& left, const TensorEntry& right) {
              return std::tie(left.begin, left.end, left.name) <
                     std::tie(right.begin, right.end, right.name);
            });
  check_contiguous(header.tensors, data_begin, file_size, file);
  return header;
}

}  // namespace checkpoint
