#include "harness/base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace base {

FileLock::FileLock(const std::filesystem::path& file, const std::string& work,
                   const std::string& when_held)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) {
    throw Error(Fault::io, file.string(),
                Problem{"", fmt::format("cannot open: {}", std::strerror(errno)),
                        "is the folder writable?"});
  }
  int locked = 0;
  do {
    locked = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (locked != 0 && errno == EINTR);
  if (locked == 0) return;
  const int cause = errno;
  ::close(descriptor_);
  if (cause == EWOULDBLOCK) {
    throw Error(Fault::input, file.parent_path().string(),
                Problem{"", "another process is writing " + work, when_held});
  }
  throw Error(Fault::io, file.string(),
              Problem{"", fmt::format("cannot lock: {}", std::strerror(cause)),
                      "name an --out on a file system that has locks"});
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace base
