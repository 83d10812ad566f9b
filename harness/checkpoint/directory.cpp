#include "harness/checkpoint/directory.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace checkpoint {
namespace fs = std::filesystem;

bool is_plain_file_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

Directory::Directory(fs::path root, Links links) : root_(std::move(root)), links_(links) {
  std::error_code ignored;
  if (fs::is_directory(root_, ignored)) return;
  const bool exists = fs::exists(root_, ignored);
  throw base::Error(base::Fault::input, root_.string(),
                    base::Problem{"", exists ? "is not a folder" : "no such folder", what_to_name});
}

std::vector<std::string> Directory::names() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(root_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    names.push_back(entry->path().filename().string());
  }
  if (failure) {
    throw base::Error(base::Fault::io, root_.string(),
                      base::Problem{"", "cannot list the folder: " + failure.message(), ""});
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Directory::has(std::string_view name) const {
  std::error_code ignored;
  return is_plain_file_name(name) &&
         fs::symlink_status(root_ / name, ignored).type() != fs::file_type::not_found;
}

std::string Directory::refusal(std::string_view name) const {
  if (!is_plain_file_name(name)) return "is not a plain file name";
  std::error_code failure;
  if (!fs::is_symlink(root_ / name, failure)) return {};
  if (links_ == Links::none) return "is a symbolic link, which is not followed";
  const fs::path target = fs::canonical(root_ / name, failure);
  if (failure) return "is a symbolic link that leads nowhere";
  const fs::path home = fs::canonical(root_, failure);
  if (target.parent_path() == home) return {};
  const bool is_hub_snapshot = home.parent_path().filename() == "snapshots";
  if (is_hub_snapshot && target.parent_path() == home.parent_path().parent_path() / "blobs") {
    return {};
  }
  return "is a symbolic link that leads outside the checkpoint's folder";
}

std::shared_ptr<const MappedFile> Directory::map(std::string_view name) const {
  const fs::path path = root_ / name;
  if (const std::string reason = refusal(name); !reason.empty()) {
    throw base::Error(base::Fault::input, path.string(),
                      base::Problem{"", reason, "copy the file into the folder if you trust it"});
  }
  std::error_code failure;
  return MappedFile::open(fs::is_symlink(path, failure) ? fs::canonical(path) : path);
}

std::string Directory::read_text(std::string_view name, int64_t limit) const {
  const auto file = map(name);
  const std::string path = (root_ / name).string();
  if (file->identity().size > limit) {
    throw base::Error(base::Fault::input, path,
                      base::Problem{"",
                                    fmt::format("has {} bytes, more than the {} expected of it",
                                                file->identity().size, limit),
                                    ""});
  }
  if (const size_t offset = base::find_invalid_utf8(file->text()); offset != std::string::npos) {
    throw base::Error(base::Fault::input, path,
                      base::Problem{fmt::format("byte {}", offset), "is not valid UTF-8", ""});
  }
  return std::string(file->text());
}

}  // namespace checkpoint
