#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace base {

/// The whole file. Throws Error(Fault::input) when it does not exist, Error(Fault::io) when it
/// cannot be read.
std::string read_file(const std::filesystem::path& path);

/// read_file, and throws Error(Fault::input) with the byte offset when it is not UTF-8.
std::string read_utf8_file(const std::filesystem::path& path);

/// Byte offset of the first byte that is not valid UTF-8 (RFC 3629: no surrogates, no overlong
/// forms), or std::string_view::npos.
size_t find_invalid_utf8(std::string_view text);

/// Throws Error(Fault::io), `cannot ACTION: errno in words`, with `when_full` as the next step if
/// there was no room left. Call it before anything else can set errno.
[[noreturn]] void refuse_io(const std::filesystem::path& path, std::string_view action,
                            const std::string& when_full = "free some space and run again");

/// Makes a folder and those above it, where they are missing. Throws Error(Fault::io).
void create_folder(const std::filesystem::path& folder);

/// Writes to a temporary name in the same folder (`path`.PID.partial), fsyncs, renames into place,
/// fsyncs the folder: a reader sees the old bytes or the new ones. Throws Error(Fault::io); the old
/// file then survives.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace base
