#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checkpoint/mapped_file.h"

namespace checkpoint {

/// Whether files that are symbolic links may be opened.
enum class Links {
  none,  ///< never: for looking at what nobody trusts
  hub,   ///< links that stay in the directory, and those of the Hugging Face cache, where
         ///< snapshots/<revision>/<file> points to ../../blobs/<hash>
};

/// The next step where a path is no checkpoint.
inline constexpr const char* what_to_name =
    "name a Hugging Face folder with config.json and *.safetensors, or a .gguf file itself";

/// A checkpoint's folder, and the only door to its files: no name taken from a file of the
/// checkpoint, and no symbolic link, leads outside.
class Directory {
 public:
  /// Throws base::Error(Fault::input) when `root` is not a folder.
  explicit Directory(std::filesystem::path root, Links links = Links::hub);

  const std::filesystem::path& root() const { return root_; }

  /// Names of all entries, sorted; folders and links among them.
  std::vector<std::string> names() const;

  /// Whether there is an entry of that name.
  bool has(std::string_view name) const;

  /// Why the entry must not be opened ("is a symbolic link that leads outside ..."), or nothing.
  std::string refusal(std::string_view name) const;

  /// Throws base::Error: Fault::input when the name is refused or is no regular file.
  std::shared_ptr<const MappedFile> map(std::string_view name) const;

  /// The whole of a small UTF-8 file. Also throws above `limit` bytes, and with the byte offset
  /// when it is not UTF-8.
  std::string read_text(std::string_view name, int64_t limit = int64_t{64} << 20) const;

 private:
  std::filesystem::path root_;
  Links links_;
};

/// Whether a file name found inside a checkpoint is a plain name: not empty, no '/', no '\', no
/// control character, not "." or "..".
bool is_plain_file_name(std::string_view name);

}  // namespace checkpoint
