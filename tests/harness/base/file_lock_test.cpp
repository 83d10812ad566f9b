#include "harness/base/file_lock.h"

#include <gtest/gtest.h>

#include <optional>

#include "harness/base/error.h"
#include "tests/support/temporary_folder.h"

namespace base {
namespace {

TEST(FileLock, IsHeldByOneAtATime) {
  const tests::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "lock";
  std::optional<FileLock> first(std::in_place, file, "this rope", "wait for it");
  try {
    const FileLock second(file, "this rope", "wait for it");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    EXPECT_EQ(error.what(),
              folder.path().string() + ": another process is writing this rope; wait for it");
  }
  first.reset();
  EXPECT_NO_THROW(FileLock(file, "this rope", "wait for it"));
}

TEST(FileLock, WhereNoneCanBeMadeIsAnErrorOfTheSystem) {
  const tests::TemporaryFolder folder;
  try {
    const FileLock lock(folder.path() / "none" / "lock", "this rope", "wait for it");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
  }
}

}  // namespace
}  // namespace base
