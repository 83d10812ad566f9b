#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "harness/base/sha256.h"
#include "harness/checkpoint/directory.h"
#include "harness/checkpoint/safetensors_archive.h"
#include "tests/support/python.h"
#include "tests/support/random_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

/// What tests/harness/checkpoint/safetensors_peer.py prints.
std::string peer(const std::string& verb, const std::filesystem::path& file) {
  return tests::python("tests/harness/checkpoint/safetensors_peer.py", {verb, file});
}

std::string describe(const std::filesystem::path& folder) {
  const SafetensorsArchive archive{Directory(folder)};
  std::string out;
  for (const auto& [name, tensor] : archive.tensors()) {
    const std::string& dtype = tensor.entry.dtype;
    const std::string numpy = dtype == "U8" ? "uint8" : "float" + dtype.substr(1);
    out += fmt::format("{} {} [{}] {}\n", name, numpy, fmt::join(tensor.entry.shape, ", "),
                       base::sha256_hex(archive.bytes(tensor)));
  }
  return out;
}

TEST(SafetensorsPeer, ReadsWhatWeWrite) {
  for (const DType dtype : {DType::f32, DType::f16}) {
    const tests::TemporaryFolder folder;
    tests::write_random_checkpoint({.spec = tests::small_spec(), .dtype = dtype}, folder.path());
    const std::string ours = describe(folder.path());
    EXPECT_EQ(std::count(ours.begin(), ours.end(), '\n'), 3 + 2 * 9);
    EXPECT_EQ(peer("read", folder.path() / "model.safetensors"), ours);
  }
}

TEST(SafetensorsPeer, WritesWhatWeRead) {
  const tests::TemporaryFolder folder;
  const std::string theirs = peer("write", folder.path() / "model.safetensors");
  EXPECT_EQ(std::count(theirs.begin(), theirs.end(), '\n'), 6);
  EXPECT_EQ(describe(folder.path()), theirs);
}

}  // namespace
}  // namespace checkpoint
