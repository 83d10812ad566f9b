#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace evals {

/// Keeps states of a long computation, so that one that was stopped, or died, goes on from there
/// when it is asked for again.
class Snapshots {
 public:
  virtual ~Snapshots() = default;

  /// Fills `state` with what was kept last under that name and returns its step; nothing, and
  /// leaves `state` alone, when there is none of its size.
  virtual std::optional<int64_t> load(const std::string& name, std::span<std::byte> state) = 0;
  /// Keeps this state in place of an earlier one of that name, or passes it over: when the last
  /// one, of any name, is recent, or when it cannot be kept.
  virtual void offer(const std::string& name, int64_t step, std::span<const std::byte> state) = 0;
  /// Forgets all of them: the computation is at its end.
  virtual void clear() = 0;
};

}  // namespace evals
