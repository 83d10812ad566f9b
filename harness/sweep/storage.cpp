#include "harness/sweep/storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace sweep {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* action) {
  base::refuse_io(file, action, "free some space and run the same command again: it resumes");
}

class PosixAppendFile : public AppendFile {
 public:
  explicit PosixAppendFile(std::filesystem::path file)
      : file_(std::move(file)),
        descriptor_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) fail(file_, "open for appending");
  }
  ~PosixAppendFile() override { ::close(descriptor_); }
  PosixAppendFile(const PosixAppendFile&) = delete;
  PosixAppendFile& operator=(const PosixAppendFile&) = delete;

  void append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(file_, "append");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  void sync() override {
    if (::fsync(descriptor_) != 0) fail(file_, "sync");
  }

 private:
  const std::filesystem::path file_;
  const int descriptor_;
};

class PosixStorage : public Storage {
 public:
  std::unique_ptr<AppendFile> open_append(const std::filesystem::path& file) override {
    return std::make_unique<PosixAppendFile>(file);
  }

  void replace(const std::filesystem::path& file, std::string_view bytes) override {
    base::write_file_atomically(file, bytes);
  }

  void truncate(const std::filesystem::path& file, uintmax_t size) override {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) fail(file, "open for cutting");
    const bool done =
        ::ftruncate(descriptor, static_cast<off_t>(size)) == 0 && ::fsync(descriptor) == 0;
    const int cause = errno;
    ::close(descriptor);
    errno = cause;
    if (!done) fail(file, "cut its torn end");
  }
};

}  // namespace

std::unique_ptr<Storage> posix_storage() { return std::make_unique<PosixStorage>(); }

}  // namespace sweep
