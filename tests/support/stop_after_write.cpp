// Loaded before a program (LD_PRELOAD): the program stops itself (SIGSTOP) as soon as it has
// written the text of STOP_AFTER_WRITE for the STOP_AFTER_TIMES-th time. A test then does what it
// has to do at a moment that no machine is fast enough to miss.
#include <dlfcn.h>
#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

extern "C" ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto real =
      reinterpret_cast<ssize_t (*)(int, const void*, size_t)>(dlsym(RTLD_NEXT, "write"));
  static const std::string_view text = std::getenv("STOP_AFTER_WRITE");
  static std::atomic<int> ahead{std::atoi(std::getenv("STOP_AFTER_TIMES"))};
  const ssize_t written = real(descriptor, bytes, size);
  const std::string_view all(static_cast<const char*>(bytes), size);
  if (all.find(text) != std::string_view::npos && --ahead == 0) raise(SIGSTOP);
  return written;
}
