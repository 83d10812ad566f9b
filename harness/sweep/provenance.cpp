#include "harness/sweep/provenance.h"

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>

namespace sweep {
namespace {

#ifdef __clang__
constexpr const char* compiler = __VERSION__;  // "Clang 16.0.6 ..."
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

base::Json provenance(const std::string& program, const std::string& revision, int64_t threads,
                      const std::vector<std::string>& arguments) {
  return {{"program", program},   {"revision", revision},  {"compiler", compiler},
          {"host", host_name()},  {"cpu", cpu_model()},    {"threads", threads},
          {"started", utc_now()}, {"arguments", arguments}};
}

}  // namespace sweep
