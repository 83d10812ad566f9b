#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace tests {

/// What a command prints.
inline std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string out;
  char buffer[4096];
  while (const size_t read = fread(buffer, 1, sizeof buffer, pipe.get())) out.append(buffer, read);
  return out;
}

}  // namespace tests
