#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace checkpoint {

/// What tells one state of a file from another without reading it.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;                  ///< bytes
  int64_t modified_nanoseconds = 0;  ///< since 1970

  bool operator==(const FileIdentity&) const = default;
};

/// A regular file mapped read-only: pages come from disk when they are touched, and the system may
/// drop them again, so that weights cost no anonymous memory. Truncating the file while it is
/// mapped kills the process (SIGBUS): nobody may write a checkpoint that is in use.
class MappedFile {
 public:
  /// Does not follow a symbolic link in the last component, and never blocks on a pipe or a device.
  /// Throws base::Error: Fault::input when there is no such regular file, Fault::io when the system
  /// refuses.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  /// The same of a path that the user has given: a link there is the user's own, and followed.
  static std::shared_ptr<const MappedFile> open_named(const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const;
  const std::filesystem::path& path() const { return path_; }
  const FileIdentity& identity() const { return identity_; }

 private:
  MappedFile(std::filesystem::path path, std::span<const std::byte> bytes, FileIdentity identity);

  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
  FileIdentity identity_;
};

}  // namespace checkpoint
