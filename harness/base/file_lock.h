#pragma once

#include <filesystem>
#include <string>

namespace base {

/// Holds a file locked (flock) while it lives, and makes it where it is missing. The lock ends with
/// the process, however it ends; the file stays.
class FileLock {
 public:
  /// `work` in words, for the error: "this run directory". Throws Error(Fault::input) when another
  /// process holds the lock, with `when_held` as the next step; Error(Fault::io) when the file
  /// cannot be opened, or its file system has no locks.
  FileLock(const std::filesystem::path& file, const std::string& work,
           const std::string& when_held);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const int descriptor_;
};

}  // namespace base
