#include "harness/checkpoint/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace checkpoint {
namespace {

/// Closes on every way out; the mapping outlives the descriptor.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  const int cause = errno;
  const bool is_input = cause == ENOENT || cause == ENOTDIR || cause == ELOOP;
  throw base::Error(
      is_input ? base::Fault::input : base::Fault::io, path.string(),
      base::Problem{"",
                    cause == ENOENT ? "no such file"
                                    : fmt::format("cannot {}: {}", action, std::strerror(cause)),
                    ""});
}

}  // namespace

MappedFile::MappedFile(std::filesystem::path path, std::span<const std::byte> bytes,
                       FileIdentity identity)
    : path_(std::move(path)), bytes_(bytes), identity_(identity) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string_view MappedFile::text() const {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

std::shared_ptr<const MappedFile> MappedFile::open_named(const std::filesystem::path& path) {
  std::error_code failure;
  const std::filesystem::path target = std::filesystem::canonical(path, failure);
  return open(failure ? path : target);
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
  const Descriptor file{
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
  if (file.value < 0) fail(path, "open");
  struct stat status {};
  if (::fstat(file.value, &status) != 0) fail(path, "read the size of");
  if (!S_ISREG(status.st_mode)) {
    throw base::Error(base::Fault::input, path.string(),
                      base::Problem{"", "is not a regular file", ""});
  }
  const FileIdentity identity{
      static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino),
      static_cast<int64_t>(status.st_size),
      static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
  std::span<const std::byte> bytes;
  if (identity.size > 0) {
    const auto size = static_cast<size_t>(identity.size);
    void* begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value, 0);
    if (begin == MAP_FAILED) fail(path, "map");
    bytes = {static_cast<const std::byte*>(begin), size};
  }
  std::shared_ptr<const MappedFile> mapped(new MappedFile(path, bytes, identity));
  if (mapped->text().starts_with("version https://git-lfs.github.com/spec/")) {
    base::reject(path.string(), "", "is a Git LFS pointer and not the file itself",
                 "run `git lfs pull` in its folder");
  }
  return mapped;
}

}  // namespace checkpoint
