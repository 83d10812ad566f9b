#include "harness/checkpoint/mapped_file.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

TEST(MappedFile, NamesAGitLfsPointerForWhatItIs) {
  const tests::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "model.safetensors";
  base::write_file_atomically(file,
                              "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"
                              "size 12345\n");
  EXPECT_EQ(tests::error_text([&] { MappedFile::open(file); }),
            file.string() +
                ": is a Git LFS pointer and not the file itself; run `git lfs pull` in its folder");
}

}  // namespace
}  // namespace checkpoint
