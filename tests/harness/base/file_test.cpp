#include "harness/base/file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/base/error.h"
#include "tests/support/temporary_folder.h"

namespace base {
namespace {

class File : public testing::Test {
 protected:
  const tests::TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
};

TEST_F(File, WritesWholeAndLeavesNoTemporaryBehind) {
  write_file_atomically(folder_ / "a", "one");
  write_file_atomically(folder_ / "a", "two");
  EXPECT_EQ(read_file(folder_ / "a"), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(File, KeepsTheOldBytesWhenAWriteFails) {
  write_file_atomically(folder_ / "a", "old");
  // The temporary cannot be created.
  std::filesystem::create_directory(folder_ / fmt::format("a.{}.partial", ::getpid()));
  EXPECT_THROW(write_file_atomically(folder_ / "a", "new"), Error);
  EXPECT_EQ(read_file(folder_ / "a"), "old");
}

TEST_F(File, ThatCannotBeReadIsAnErrorOfTheSystem) {
  try {
    read_file("/proc/self/mem");  // read() answers EIO
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_STREQ(error.what(), "/proc/self/mem: cannot read: Input/output error");
  }
}

TEST_F(File, SaysWhichByteIsNotUtf8) {
  std::ofstream(folder_ / "latin1.txt", std::ios::binary) << "caf\xe9 au lait";
  try {
    read_utf8_file(folder_ / "latin1.txt");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    EXPECT_EQ(std::string(error.what()),
              (folder_ / "latin1.txt").string() +
                  ": byte 3: is not valid UTF-8; convert the file, e.g. with iconv");
  }
}

TEST_F(File, MissingFileIsBadInput) {
  try {
    read_file(folder_ / "none");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndCutSequences) {
  constexpr auto valid = std::string_view::npos;
  EXPECT_EQ(find_invalid_utf8("a\u00e9\u20ac\U0001F600"), valid);
  EXPECT_EQ(find_invalid_utf8("a\xc0\x80"), 1u);         // overlong NUL
  EXPECT_EQ(find_invalid_utf8("ab\xed\xa0\x80"), 2u);    // surrogate
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(find_invalid_utf8("abc\xe2\x82"), 3u);       // cut
  EXPECT_EQ(find_invalid_utf8("\x80"), 0u);              // lone continuation
}

}  // namespace
}  // namespace base
