#include "harness/sweep/snapshot_folder.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace sweep {
namespace {

constexpr std::string_view suffix = ".state";

/// The files kept under a name, by step.
std::map<int64_t, std::filesystem::path> kept_under(const std::string& name,
                                                    const std::filesystem::path& folder) {
  std::map<int64_t, std::filesystem::path> found;
  std::error_code none;  // the folder exists while it holds something
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(name + "-") || !file.ends_with(suffix)) continue;
    const char* begin = file.data() + name.size() + 1;
    const char* end = file.data() + file.size() - suffix.size();
    int64_t step = 0;
    if (std::from_chars(begin, end, step).ptr == end) found[step] = entry.path();
  }
  return found;
}

}  // namespace

SnapshotFolder::SnapshotFolder(std::filesystem::path folder, Storage& storage,
                               std::chrono::duration<double> pause, std::function<void()> kept)
    : folder_(std::move(folder)),
      storage_(storage),
      pause_(pause),
      kept_(std::move(kept)),
      last_(std::chrono::steady_clock::now()) {}

std::optional<int64_t> SnapshotFolder::load(const std::string& name, std::span<std::byte> state) {
  const auto found = kept_under(name, folder_);
  if (found.empty()) return std::nullopt;
  const auto& [step, file] = *found.rbegin();
  std::error_code error;
  if (std::filesystem::file_size(file, error) != state.size() || error) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(state.data()), static_cast<std::streamsize>(state.size()));
  if (!stream) {
    throw base::Error(base::Fault::io, file.string(),
                      {"", "cannot be read", "remove it: its group then begins anew"});
  }
  return step;
}

void SnapshotFolder::offer(const std::string& name, int64_t step,
                           std::span<const std::byte> state) {
  if (std::chrono::steady_clock::now() - last_ < pause_) return;
  const auto before = kept_under(name, folder_);
  base::create_folder(folder_);
  storage_.replace(folder_ / fmt::format("{}-{}{}", name, step, suffix),
                   {reinterpret_cast<const char*>(state.data()), state.size()});
  for (const auto& [old_step, file] : before) {
    if (old_step != step) std::filesystem::remove(file);
  }
  last_ = std::chrono::steady_clock::now();
  kept_();
}

void SnapshotFolder::clear() {
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
}

}  // namespace sweep
