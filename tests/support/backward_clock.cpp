// Loaded before a program (LD_PRELOAD): its wall clock loses a day with every look at it. The
// monotonic clock is left alone, as an administrator who sets the time leaves it.
#include <dlfcn.h>
#include <time.h>

#include <atomic>

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(dlsym(RTLD_NEXT, "clock_gettime"));
  static std::atomic<time_t> looks{0};
  const int status = real(clock, now);
  if (status == 0 && clock == CLOCK_REALTIME) now->tv_sec -= 86400 * ++looks;
  return status;
}
