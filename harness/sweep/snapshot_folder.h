#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "evals/snapshots.h"
#include "harness/sweep/storage.h"

namespace sweep {

/// Snapshots in a folder of their own, which exists while it holds one: the bytes as they lie in
/// memory, in files `<name>-<step>-<their SHA-256>.state`. A file that is not what its name says is
/// as good as none. Names are letters and digits.
class SnapshotFolder : public evals::Snapshots {
 public:
  /// Writes no two states within `pause`, the first not before it. `kept` is called after each that
  /// is durable, `refused`, unless it is empty, with a line for the user after each that could not
  /// be written.
  SnapshotFolder(std::filesystem::path folder, Storage& storage,
                 std::chrono::duration<double> pause, std::function<void()> kept,
                 std::function<void(const std::string&)> refused);

  /// Throws base::Error(Fault::io).
  std::optional<int64_t> load(const std::string& name, std::span<std::byte> state) override;
  /// A state that cannot be written is no error: the one before it stays. Throws what `kept`
  /// throws.
  void offer(const std::string& name, int64_t step, std::span<const std::byte> state) override;
  void clear() override;

 private:
  const std::filesystem::path folder_;
  Storage& storage_;
  const std::chrono::duration<double> pause_;
  const std::function<void()> kept_;
  const std::function<void(const std::string&)> refused_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace sweep
