#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace sweep {

/// A file that only grows.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Appends all bytes or throws base::Error(Fault::io); after a throw the end of the file is torn.
  virtual void append(std::string_view bytes) = 0;
  /// Returns once everything appended is durable.
  virtual void sync() = 0;
};

/// The operations on which durability rests, and nothing else: what a fault-injecting test
/// replaces. All throw base::Error(Fault::io) naming the file.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::unique_ptr<AppendFile> open_append(const std::filesystem::path& file) = 0;
  /// Old bytes or new ones, never a mixture: temporary file, sync, rename, sync of the folder.
  virtual void replace(const std::filesystem::path& file, std::string_view bytes) = 0;
  /// Cuts a file to its first `size` bytes, durably.
  virtual void truncate(const std::filesystem::path& file, uintmax_t size) = 0;
};

/// The real file system.
std::unique_ptr<Storage> posix_storage();

}  // namespace sweep
