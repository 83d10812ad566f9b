#include "harness/checkpoint/gguf/gguf_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/gguf/gguf_cursor.h"

namespace checkpoint {
namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();
constexpr int64_t default_alignment = 32;
constexpr int64_t greatest_alignment = int64_t{1} << 20;  // a page or a block of a disk, with room
constexpr size_t longest_tensor_name = 63;                // GGML_MAX_NAME with its final 0
constexpr uint32_t most_dimensions = 4;                   // GGML_MAX_DIMS

/// Of all arrays together. The largest tokenizers have 10^6, merges and scores among them; in
/// memory an element takes up to 16 bytes, where the file may have one.
constexpr int64_t most_elements = int64_t{1} << 24;

constexpr uint32_t float_type = 6;
constexpr uint32_t boolean_type = 7;
constexpr uint32_t text_type = 8;
constexpr uint32_t array_type = 9;
constexpr uint32_t double_type = 12;

/// Bytes of a value of the metadata's types 0 to 12; the least of them for texts.
constexpr std::array<int64_t, 13> value_bytes{1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

int64_t read_unsigned(GgufCursor& cursor) {
  const int64_t begin = cursor.at();
  const auto value = cursor.number<uint64_t>("a value");
  if (value > static_cast<uint64_t>(most)) {
    cursor.fail(begin, fmt::format("{} is above 2^63 - 1, which is not supported", value));
  }
  return static_cast<int64_t>(value);
}

bool read_boolean(GgufCursor& cursor) {
  const int64_t begin = cursor.at();
  const auto value = cursor.number<uint8_t>("a value");
  if (value > 1) cursor.fail(begin, fmt::format("a boolean must be 0 or 1 (got {})", value));
  return value != 0;
}

/// A value that is neither a text nor an array.
std::variant<int64_t, double, bool> read_scalar(GgufCursor& cursor, uint32_t type) {
  const char* const what = "a value";
  switch (type) {
    case 0:
      return int64_t{cursor.number<uint8_t>(what)};
    case 1:
      return int64_t{cursor.number<int8_t>(what)};
    case 2:
      return int64_t{cursor.number<uint16_t>(what)};
    case 3:
      return int64_t{cursor.number<int16_t>(what)};
    case 4:
      return int64_t{cursor.number<uint32_t>(what)};
    case 5:
      return int64_t{cursor.number<int32_t>(what)};
    case float_type:
      return double{cursor.number<float>(what)};
    case boolean_type:
      return read_boolean(cursor);
    case 10:
      return read_unsigned(cursor);
    case 11:
      return cursor.number<int64_t>(what);
    default:
      return cursor.number<double>(what);
  }
}

uint32_t read_value_type(GgufCursor& cursor) {
  const int64_t begin = cursor.at();
  const auto type = cursor.number<uint32_t>("a type");
  if (type >= value_bytes.size()) {
    cursor.fail(begin, fmt::format("{} is not a type of metadata (0 to 12)", type));
  }
  return type;
}

/// A value of type array, of which no more than `elements_left` are made; it counts them down.
GgufArray read_array(GgufCursor& cursor, const std::string& key, int64_t& elements_left) {
  const int64_t begin = cursor.at();
  const uint32_t type = read_value_type(cursor);
  if (type == array_type) cursor.fail(begin, "an array of arrays is not supported");
  const int64_t count = cursor.count("the length of an array", value_bytes[type]);
  if (count > elements_left) {
    cursor.fail(begin, fmt::format("\"{}\" has {} elements, which makes more than the {} that are "
                                   "read of all arrays",
                                   key, count, most_elements));
  }
  elements_left -= count;
  GgufArray array;
  if (type == text_type) {
    array.texts.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) array.texts.push_back(cursor.text("a text"));
    return array;
  }
  const bool is_floating = type == float_type || type == double_type;
  array.numbers.reserve(is_floating ? static_cast<size_t>(count) : 0);
  array.integers.reserve(is_floating ? 0 : static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const auto value = read_scalar(cursor, type);
    if (const auto* number = std::get_if<double>(&value)) {
      array.numbers.push_back(*number);
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
      array.integers.push_back(*boolean ? 1 : 0);
    } else {
      array.integers.push_back(std::get<int64_t>(value));
    }
  }
  return array;
}

GgufValue read_value(GgufCursor& cursor, const std::string& key, int64_t& elements_left) {
  const uint32_t type = read_value_type(cursor);
  if (type == text_type) return cursor.text("a text");
  if (type == array_type) return read_array(cursor, key, elements_left);
  return std::visit([](auto value) -> GgufValue { return value; }, read_scalar(cursor, type));
}

/// A key or a tensor's name.
std::string read_name(GgufCursor& cursor, const char* what) {
  const int64_t begin = cursor.at();
  const std::string_view name = cursor.text(what);
  if (name.empty()) cursor.fail(begin, fmt::format("{} is empty", what));
  if (base::find_invalid_utf8(name) != std::string_view::npos) {
    cursor.fail(begin, fmt::format("{} is not valid UTF-8", what));
  }
  return std::string(name);
}

void read_metadata(GgufCursor& cursor, int64_t count, GgufHeader& header) {
  int64_t elements_left = most_elements;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = cursor.at();
    const std::string key = read_name(cursor, "a key");
    if (!header.metadata.emplace(key, read_value(cursor, key, elements_left)).second) {
      cursor.fail(begin, fmt::format("the key \"{}\" is there twice", key));
    }
  }
}

int64_t read_alignment(const GgufHeader& header, const std::string& name) {
  const auto found = header.metadata.find("general.alignment");
  if (found == header.metadata.end()) return default_alignment;
  const auto* value = std::get_if<int64_t>(&found->second);
  if (!value || *value < 1 || *value > greatest_alignment ||
      !std::has_single_bit(static_cast<uint64_t>(*value))) {
    throw base::Error(
        base::Fault::input, name,
        base::Problem{"general.alignment",
                      fmt::format("must be a power of two from 1 to {}", greatest_alignment), ""});
  }
  return *value;
}

/// a b, or nothing above 2^63 - 1; both >= 0.
std::optional<int64_t> product(int64_t a, int64_t b) {
  if (b != 0 && a > most / b) return {};
  return a * b;
}

/// The first multiple of `alignment` that is not below `bytes`, or nothing above 2^63 - 1.
std::optional<int64_t> padded(int64_t bytes, int64_t alignment) {
  if (bytes > most - (alignment - 1)) return {};
  return (bytes + (alignment - 1)) / alignment * alignment;
}

/// Reads everything but `begin`, and returns the offset that the file states.
uint64_t read_tensor(GgufCursor& cursor, GgufTensor& tensor) {
  const int64_t begin = cursor.at();
  tensor.name = read_name(cursor, "a tensor's name");
  const auto refuse = [&](const std::string& cause) {
    cursor.fail(begin, fmt::format("tensor \"{}\" {}", tensor.name, cause));
  };
  if (tensor.name.size() > longest_tensor_name) {
    refuse(fmt::format("has a name of more than {} bytes", longest_tensor_name));
  }
  const auto dimensions = cursor.number<uint32_t>("a number of dimensions");
  if (dimensions > most_dimensions) {
    refuse(fmt::format("has {} dimensions, more than {}", dimensions, most_dimensions));
  }
  for (uint32_t i = 0; i < dimensions; ++i) {
    const auto size = cursor.number<int64_t>("a dimension");
    if (size < 0) refuse(fmt::format("has a dimension of {}", size));
    tensor.shape.insert(tensor.shape.begin(), size);
  }
  const auto id = cursor.number<uint32_t>("a tensor's type");
  tensor.type = gguf_type(id);
  if (!tensor.type) refuse(fmt::format("has type {}, which GGML does not have", id));

  std::optional<int64_t> elements = 1;
  for (const int64_t size : tensor.shape) {
    if (elements) elements = product(*elements, size);
  }
  const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (row % tensor.type->elements != 0) {
    refuse(fmt::format("has rows of {}, no whole number of {} blocks of {}", row, tensor.type->name,
                       tensor.type->elements));
  }
  const auto bytes =
      elements ? product(*elements / tensor.type->elements, tensor.type->bytes) : std::nullopt;
  if (!bytes) {
    refuse(fmt::format("of shape [{}] has 2^63 bytes or more", fmt::join(tensor.shape, ", ")));
  }
  tensor.bytes = *bytes;
  return cursor.number<uint64_t>("a tensor's offset");
}

void read_tensors(GgufCursor& cursor, int64_t count, const std::string& name, GgufHeader& header) {
  const auto refuse = [&](const GgufTensor& tensor, std::string cause, std::string next = {}) {
    throw base::Error(base::Fault::input, name,
                      base::Problem{fmt::format("tensor \"{}\"", tensor.name), std::move(cause),
                                    std::move(next)});
  };
  const int64_t alignment = read_alignment(header, name);
  std::set<std::string> names;
  int64_t end = 0;  // of the tensors so far, padded, from the start of the data
  for (int64_t i = 0; i < count; ++i) {
    GgufTensor tensor;
    const uint64_t offset = read_tensor(cursor, tensor);
    if (!names.insert(tensor.name).second) refuse(tensor, "is there twice");
    if (offset != static_cast<uint64_t>(end)) {
      refuse(tensor,
             fmt::format("begins at offset {}, but the one before it ends at {}", offset, end));
    }
    tensor.begin = end;
    const auto behind =
        tensor.bytes > most - end ? std::nullopt : padded(end + tensor.bytes, alignment);
    if (!behind) refuse(tensor, "ends at 2^63 bytes or more");
    end = *behind;
    header.tensors.push_back(std::move(tensor));
  }
  if (header.tensors.empty()) return;
  const int64_t data = *padded(cursor.at(), alignment);
  const int64_t size = cursor.at() + static_cast<int64_t>(cursor.left());
  for (GgufTensor& tensor : header.tensors) {
    if (data > size || tensor.begin > size - data || tensor.bytes > size - data - tensor.begin) {
      refuse(tensor, fmt::format("ends beyond the file, which has {} bytes", size),
             "the file is cut; download it again");
    }
    tensor.begin += data;
  }
}

}  // namespace

int64_t GgufTensor::elements() const {
  int64_t elements = 1;
  for (const int64_t size : shape) elements *= size;
  return elements;
}

GgufHeader parse_gguf(std::string_view file, const std::string& name) {
  GgufCursor cursor(file, name);
  if (!file.starts_with("GGUF")) cursor.fail(0, "does not begin with GGUF: this is no GGUF file");
  cursor.take(4, "the magic");
  GgufHeader header;
  header.version = cursor.number<uint32_t>("the version");
  if ((header.version & 0xFFFF) == 0 && header.version != 0) {
    cursor.fail(4, "is big-endian, which is not supported", "convert it to little-endian");
  }
  if (header.version != 2 && header.version != 3) {
    cursor.fail(4, fmt::format("is GGUF version {}; versions 2 and 3 can be read", header.version),
                "convert it with a current llama.cpp");
  }
  // The least a tensor takes: an empty name, no dimension, a type and an offset. A key: a name, a
  // type and one byte.
  const int64_t tensors = cursor.count("the number of tensors", 8 + 4 + 4 + 8);
  const int64_t keys = cursor.count("the number of keys", 8 + 4 + 1);
  read_metadata(cursor, keys, header);
  read_tensors(cursor, tensors, name, header);
  return header;
}

}  // namespace checkpoint
