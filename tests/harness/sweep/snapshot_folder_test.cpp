#include "harness/sweep/snapshot_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/harness/sweep/full_disk.h"
#include "tests/support/temporary_folder.h"

// What becomes of a state that cannot be written.
namespace sweep {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class SnapshotFolderTest : public testing::Test {
 protected:
  SnapshotFolder open(std::chrono::duration<double> pause) {
    return SnapshotFolder(
        folder_, disk_, pause, [this] { ++kept_; },
        [this](const std::string& warning) { warnings_.push_back(warning); });
  }

  const tests::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path() / "group";
  FullDisk disk_;
  int64_t kept_ = 0;
  std::vector<std::string> warnings_;
  const std::vector<std::byte> first_{1200, std::byte{1}};
  const std::vector<std::byte> second_{1200, std::byte{2}};
};

TEST_F(SnapshotFolderTest, PassesOverAStateThatCannotBeWrittenAndLeavesNothingOfIt) {
  open(0s).offer("pass", 1, first_);
  EXPECT_EQ(kept_, 0);
  EXPECT_THAT(warnings_,
              ElementsAre(folder_.string() +
                          ": a state of 1,200 bytes is not saved: cannot write: no room; the sweep "
                          "goes on, but a forward that is stopped begins at an earlier state or "
                          "anew"));
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_F(SnapshotFolderTest, KeepsTheStateBeforeOneThatCannotBeWritten) {
  SnapshotFolder snapshots = open(0s);
  disk_.is_full = false;
  snapshots.offer("pass", 1, first_);
  disk_.is_full = true;
  snapshots.offer("pass", 2, second_);
  EXPECT_EQ(kept_, 1);
  EXPECT_EQ(warnings_.size(), 1u);
  std::vector<std::byte> found(1200);
  EXPECT_EQ(snapshots.load("pass", found), 1);
  EXPECT_EQ(found, first_);
  disk_.is_full = false;
  snapshots.offer("pass", 3, second_);
  EXPECT_EQ(snapshots.load("pass", found), 3) << "there is room again";
  EXPECT_EQ(found, second_);
}

TEST_F(SnapshotFolderTest, TriesNoStateAgainWithinThePause) {
  SnapshotFolder snapshots = open(500ms);
  std::this_thread::sleep_for(500ms);
  snapshots.offer("pass", 1, first_);
  snapshots.offer("pass", 2, second_);
  EXPECT_EQ(disk_.refusals, 1);
}

TEST_F(SnapshotFolderTest, IsSilentWhereNobodyListens) {
  SnapshotFolder(folder_, disk_, 0s, [] {}, {}).offer("pass", 1, first_);
  EXPECT_EQ(disk_.refusals, 1);
}

TEST_F(SnapshotFolderTest, ThrowsWhatIsNoFaultOfTheDisk) {
  disk_.fault = base::Fault::input;
  EXPECT_THROW(open(0s).offer("pass", 1, first_), base::Error);
  EXPECT_THAT(warnings_, ElementsAre());
}

}  // namespace
}  // namespace sweep
