#include "harness/sweep/snapshot_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <system_error>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/base/with_commas.h"
#include "harness/checkpoint/mapped_file.h"

namespace sweep {
namespace {

/// A file name's parts: `<name>-<step>-<sha256>.state`.
struct Kept {
  int64_t step = 0;
  std::string sha256;
  std::filesystem::path file;
};

std::vector<Kept> kept_under(const std::string& name, const std::filesystem::path& folder) {
  const std::regex parts(name + "-([0-9]{1,18})-([0-9a-f]{64})[.]state");
  std::vector<Kept> found;
  std::error_code none;  // the folder exists while it holds something
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string file = entry.path().filename().string();
    std::smatch part;
    if (std::regex_match(file, part, parts)) {
      found.push_back({std::stoll(part[1]), part[2], entry.path()});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Kept& left, const Kept& right) { return left.step > right.step; });
  return found;
}

}  // namespace

SnapshotFolder::SnapshotFolder(std::filesystem::path folder, Storage& storage,
                               std::chrono::duration<double> pause, std::function<void()> kept,
                               std::function<void(const std::string&)> refused)
    : folder_(std::move(folder)),
      storage_(storage),
      pause_(pause),
      kept_(std::move(kept)),
      refused_(std::move(refused)),
      last_(std::chrono::steady_clock::now()) {}

std::optional<int64_t> SnapshotFolder::load(const std::string& name, std::span<std::byte> state) {
  for (const Kept& kept : kept_under(name, folder_)) {
    const auto file = checkpoint::MappedFile::open(kept.file);
    const std::span<const std::byte> bytes = file->bytes();
    if (bytes.size() != state.size() || base::sha256_hex(bytes) != kept.sha256) continue;
    std::copy(bytes.begin(), bytes.end(), state.begin());
    return kept.step;
  }
  return std::nullopt;
}

void SnapshotFolder::offer(const std::string& name, int64_t step,
                           std::span<const std::byte> state) {
  if (std::chrono::steady_clock::now() - last_ < pause_) return;
  const std::vector<Kept> before = kept_under(name, folder_);
  const std::filesystem::path file =
      folder_ / fmt::format("{}-{}-{}.state", name, step, base::sha256_hex(state));
  try {
    base::create_folder(folder_);
    storage_.replace(file, {reinterpret_cast<const char*>(state.data()), state.size()});
  } catch (const base::Error& error) {
    if (error.fault() != base::Fault::io) throw;
    last_ = std::chrono::steady_clock::now();
    std::error_code holds_more;  // a folder that holds an earlier state stays
    std::filesystem::remove(folder_, holds_more);
    if (refused_) {
      refused_(
          fmt::format("{}: a state of {} bytes is not saved: {}; the sweep goes on, but a forward "
                      "that is stopped begins at an earlier state or anew",
                      folder_.string(), base::with_commas(static_cast<int64_t>(state.size())),
                      error.problems().front().cause));
    }
    return;
  }
  for (const Kept& old : before) {
    std::error_code stays;  // a state too many costs room, not the forward
    if (old.file != file) std::filesystem::remove(old.file, stays);
  }
  last_ = std::chrono::steady_clock::now();
  kept_();
}

void SnapshotFolder::clear() {
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
}

}  // namespace sweep
