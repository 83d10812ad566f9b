#include "harness/checkpoint/safetensors_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "harness/base/file.h"
#include "harness/base/json.h"

namespace checkpoint {
namespace {

constexpr int64_t alignment = 8;

void write_at(int descriptor, std::span<const std::byte> bytes, int64_t offset,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t step = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) base::refuse_io(path, "write");
    bytes = bytes.subspan(static_cast<size_t>(step));
    offset += step;
  }
}

/// Offsets relative to the data, and the header text that says them.
std::string lay_out(std::vector<TensorEntry>& entries,
                    const std::map<std::string, std::string>& metadata) {
  base::Json header = base::Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  for (const TensorEntry& entry : entries) {
    header[entry.name] = {
        {"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  return text;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<TensorPlan> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : path_(std::move(path)), temporary_(path_.string() + ".partial") {
  base::Problems problems;
  std::sort(tensors.begin(), tensors.end(), [](const TensorPlan& left, const TensorPlan& right) {
    const int64_t left_bits = safetensors_bits(left.dtype).value_or(0);
    const int64_t right_bits = safetensors_bits(right.dtype).value_or(0);
    return left_bits != right_bits ? left_bits > right_bits : left.name < right.name;
  });
  int64_t offset = 0;
  for (const TensorPlan& plan : tensors) {
    const std::string place = fmt::format("tensor \"{}\"", plan.name);
    const auto bits = safetensors_bits(plan.dtype);
    const int64_t bytes = tensor_bytes(plan.shape, bits.value_or(8)).value_or(-1);
    if (!bits) problems.add(place, fmt::format("unknown dtype \"{}\"", plan.dtype));
    if (bits && (bytes < 0 || __builtin_add_overflow(offset, bytes, &offset))) {
      problems.add(place, "its shape is no whole number of bytes below 2^63");
    }
    if (plan.name == "__metadata__" || !written_.try_emplace(plan.name, false).second) {
      problems.add(place, "is reserved, or planned twice");
    }
    tensors_.push_back(
        {plan.name, plan.dtype, plan.shape, offset - std::max<int64_t>(bytes, 0), offset});
  }
  problems.throw_if_any(path_.string());

  const std::string header = lay_out(tensors_, metadata);
  const auto data_begin = static_cast<int64_t>(8 + header.size());
  for (TensorEntry& entry : tensors_) {
    entry.begin += data_begin;
    entry.end += data_begin;
  }
  std::string beginning(8, '\0');
  for (size_t i = 0; i < beginning.size(); ++i) {
    beginning[i] = static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i));
  }
  beginning += header;
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) base::refuse_io(temporary_, "create");
  try {
    write_at(descriptor_, std::as_bytes(std::span(beginning)), 0, temporary_);
  } catch (...) {
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void SafetensorsWriter::write(const std::string& name, std::span<const std::byte> bytes) {
  const auto entry = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const TensorEntry& tensor) { return tensor.name == name; });
  if (entry == tensors_.end()) throw std::logic_error("tensor was not planned: " + name);
  if (std::ssize(bytes) != entry->bytes()) {
    throw std::logic_error(
        fmt::format("tensor {} takes {} bytes (got {})", name, entry->bytes(), bytes.size()));
  }
  if (written_.at(name)) throw std::logic_error("tensor is written twice: " + name);
  write_at(descriptor_, bytes, entry->begin, temporary_);
  written_.at(name) = true;
}

void SafetensorsWriter::finish() {
  for (const auto& [name, is_written] : written_) {
    if (!is_written) throw std::logic_error("tensor was never written: " + name);
  }
  if (::fsync(descriptor_) != 0) base::refuse_io(temporary_, "sync");
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) base::refuse_io(temporary_, "close");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) base::refuse_io(path_, "rename into place");
}

}  // namespace checkpoint
