#include "harness/checkpoint/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "harness/base/file.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

namespace fs = std::filesystem;
using tests::error_text;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    fs::create_directories(home_);
    base::write_file_atomically(folder_.path() / "secret", "outside");
    base::write_file_atomically(home_ / "file", "inside");
  }

  const tests::TemporaryFolder folder_;
  const fs::path home_ = folder_.path() / "home";
};

TEST_F(DirectoryTest, OpensItsOwnFiles) {
  EXPECT_EQ(Directory(home_).read_text("file"), "inside");
  EXPECT_EQ(Directory(home_).names(), std::vector<std::string>{"file"});
}

TEST_F(DirectoryTest, FollowsALinkOnlyInsideItself) {
  fs::create_symlink("file", home_ / "inner");
  fs::create_symlink("../secret", home_ / "outer");
  fs::create_symlink(folder_.path() / "secret", home_ / "absolute");
  fs::create_symlink("nothing", home_ / "dangling");
  const Directory directory(home_);
  EXPECT_EQ(directory.read_text("inner"), "inside");
  for (const char* name : {"outer", "absolute"}) {
    EXPECT_EQ(error_text([&] { directory.map(name); }),
              (home_ / name).string() +
                  ": is a symbolic link that leads outside the checkpoint's folder; copy the file "
                  "into the folder if you trust it");
  }
  EXPECT_EQ(directory.refusal("dangling"), "is a symbolic link that leads nowhere");
  EXPECT_TRUE(directory.has("dangling"));
}

TEST_F(DirectoryTest, FollowsTheLinksOfTheHuggingFaceCache) {
  const fs::path snapshot = folder_.path() / "models--a--b/snapshots/0123";
  const fs::path blobs = folder_.path() / "models--a--b/blobs";
  fs::create_directories(snapshot);
  fs::create_directories(blobs);
  base::write_file_atomically(blobs / "89ab", "blob");
  fs::create_symlink("../../blobs/89ab", snapshot / "config.json");
  fs::create_symlink("../../../secret", snapshot / "outer");
  EXPECT_EQ(Directory(snapshot).read_text("config.json"), "blob");
  EXPECT_EQ(Directory(snapshot).refusal("outer"),
            "is a symbolic link that leads outside the checkpoint's folder");
}

TEST_F(DirectoryTest, FollowsNoLinkAtAllWhenNobodyIsTrusted) {
  fs::create_symlink("file", home_ / "inner");
  EXPECT_EQ(Directory(home_, Links::none).refusal("inner"),
            "is a symbolic link, which is not followed");
  EXPECT_EQ(Directory(home_, Links::none).refusal("file"), "");
}

TEST_F(DirectoryTest, RefusesNamesThatArePaths) {
  const Directory directory(home_);
  for (const char* name : {"", ".", "..", "../secret", "/etc/passwd", "a/b", "a\\b", "a\nb"}) {
    EXPECT_EQ(directory.refusal(name), "is not a plain file name") << name;
    EXPECT_FALSE(directory.has(name)) << name;
  }
  EXPECT_EQ(directory.refusal("..."), "");
}

TEST_F(DirectoryTest, NeverWaitsForAPipe) {
  ASSERT_EQ(mkfifo((home_ / "pipe").c_str(), 0600), 0);
  fs::create_directory(home_ / "folder");
  for (const char* name : {"pipe", "folder"}) {
    EXPECT_EQ(error_text([&] { Directory(home_).map(name); }),
              (home_ / name).string() + ": is not a regular file");
  }
}

TEST_F(DirectoryTest, SaysWhatIsMissing) {
  EXPECT_EQ(error_text([&] { Directory(home_).map("none"); }),
            (home_ / "none").string() + ": no such file");
  EXPECT_EQ(error_text([&] { Directory(home_ / "none"); }),
            (home_ / "none").string() +
                ": no such folder; name a Hugging Face folder with config.json and *.safetensors, "
                "or a .gguf file itself");
  EXPECT_EQ(error_text([&] { Directory(home_ / "file"); }),
            (home_ / "file").string() +
                ": is not a folder; name a Hugging Face folder with config.json and *.safetensors, "
                "or a .gguf file itself");
}

TEST_F(DirectoryTest, ReadsNoTextBeyondItsLimitNorOutsideUtf8) {
  EXPECT_EQ(error_text([&] { Directory(home_).read_text("file", 5); }),
            (home_ / "file").string() + ": has 6 bytes, more than the 5 expected of it");
  base::write_file_atomically(home_ / "latin1", "caf\xe9");
  EXPECT_EQ(error_text([&] { Directory(home_).read_text("latin1"); }),
            (home_ / "latin1").string() + ": byte 3: is not valid UTF-8");
}

}  // namespace
}  // namespace checkpoint
