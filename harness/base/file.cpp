#include "harness/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace base {
namespace {

constexpr size_t read_step = 1 << 20;

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) refuse_io(folder, "open the folder");
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!synced) refuse_io(folder, "sync the folder");
}

}  // namespace

void refuse_io(const std::filesystem::path& path, std::string_view action,
               const std::string& when_full) {
  const int cause = errno;
  const bool is_full = cause == ENOSPC || cause == EFBIG;
  throw Error(Fault::io, path.string(),
              Problem{"", fmt::format("cannot {}: {}", action, std::strerror(cause)),
                      is_full ? when_full : ""});
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(Fault::input, path.string(), Problem{"", "no such file", ""});
  }
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(Fault::input, path.string(), Problem{"", "is a folder, not a file", ""});
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) refuse_io(path, "read");
  std::string bytes;
  size_t whole = 0;
  ssize_t step = 0;
  do {
    bytes.resize(whole + read_step);
    step = ::read(descriptor, bytes.data() + whole, read_step);
    if (step > 0) whole += static_cast<size_t>(step);
  } while (step > 0 || (step < 0 && errno == EINTR));
  const int cause = errno;
  ::close(descriptor);
  errno = cause;
  if (step < 0) refuse_io(path, "read");
  bytes.resize(whole);
  return bytes;
}

std::string read_utf8_file(const std::filesystem::path& path) {
  std::string text = read_file(path);
  if (const size_t offset = find_invalid_utf8(text); offset != std::string_view::npos) {
    throw Error(Fault::input, path.string(),
                Problem{fmt::format("byte {}", offset), "is not valid UTF-8",
                        "convert the file, e.g. with iconv"});
  }
  return text;
}

size_t find_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    size_t length = 1;
    uint32_t smallest = 0;
    if (lead < 0x80) {
      ++at;
      continue;
    }
    uint32_t code = 0;
    if ((lead & 0xE0) == 0xC0) {
      length = 2, smallest = 0x80, code = lead & 0x1F;
    } else if ((lead & 0xF0) == 0xE0) {
      length = 3, smallest = 0x800, code = lead & 0x0F;
    } else if ((lead & 0xF8) == 0xF0) {
      length = 4, smallest = 0x10000, code = lead & 0x07;
    } else {
      return at;
    }
    if (at + length > text.size()) return at;
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return at;
      code = (code << 6) | (next & 0x3F);
    }
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < smallest || code > 0x10FFFF || is_surrogate) return at;
    at += length;
  }
  return std::string_view::npos;
}

void create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return;
  errno = error.value();
  refuse_io(folder, "create the folder");
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  // Two processes may write one file at once: each renames a temporary of its own.
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.partial", ::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) refuse_io(temporary, "create");
  try {
    for (size_t written = 0; written < bytes.size();) {
      const ssize_t step = ::write(descriptor, bytes.data() + written, bytes.size() - written);
      if (step < 0 && errno == EINTR) continue;
      if (step < 0) refuse_io(temporary, "write");
      written += static_cast<size_t>(step);
    }
    if (::fsync(descriptor) != 0) refuse_io(temporary, "sync");
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int cause = errno;
    ::unlink(temporary.c_str());
    errno = cause;
    refuse_io(path, "rename into place");
  }
  sync_folder(path.parent_path());
}

}  // namespace base
