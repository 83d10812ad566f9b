#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "tests/harness/sweep/run_directory_fixture.h"

namespace sweep {
namespace {

using base::Json;

/// Storage that forgets, like a machine that loses power: what was appended and not synced is gone,
/// after a given number of operations everything fails.
class FailingStorage : public Storage {
 public:
  FailingStorage(Storage& real, int64_t operations) : real_(real), left_(operations) {}

  std::unique_ptr<AppendFile> open_append(const fs::path& file) override {
    return std::make_unique<File>(*this, file);
  }
  void replace(const fs::path& file, std::string_view bytes) override {
    spend();
    real_.replace(file, bytes);
  }
  void truncate(const fs::path& file, uintmax_t size) override {
    spend();
    real_.truncate(file, size);
  }
  void spend() {
    if (left_-- <= 0) {
      throw base::Error(base::Fault::io, "disk", base::Problem{"", "power is gone", ""});
    }
  }

 private:
  class File : public AppendFile {
   public:
    File(FailingStorage& storage, fs::path file)
        : storage_(storage), name_(std::move(file)), file_(storage.real_.open_append(name_)) {}
    void append(std::string_view bytes) override {
      // The operation that fails has written half.
      try {
        storage_.spend();
      } catch (const base::Error&) {
        file_->append(bytes.substr(0, bytes.size() / 2));
        throw;
      }
      unsynced_ += bytes;
    }
    void sync() override {
      storage_.spend();
      file_->append(unsynced_);
      file_->sync();
      unsynced_.clear();
    }

   private:
    FailingStorage& storage_;
    const fs::path name_;
    const std::unique_ptr<AppendFile> file_;
    std::string unsynced_;
  };

  Storage& real_;
  int64_t left_;
};

TEST_F(RunDirectoryTest, WhatWasReportedDoneIsThereAfterPowerFailsAtAnyOperation) {
  for (int64_t operations = 0; operations < 46; ++operations) {
    fs::remove_all(folder_);
    int64_t reported = 0;
    bool failed = false;
    try {
      FailingStorage storage(*storage_, operations);
      RunDirectory run(folder_, storage, Json{{"seed", 1}}, Json{{"weights", "w"}}, Json{});
      for (int64_t i = 0; i < 6; ++i) {
        const std::string id = std::to_string(i);
        run.begin(id);
        run.store_nll(id, {1.0f});
        run.finish(id, {row("x" + id), row("y" + id)}, 1, 1);
        run.commit();
        reported = run.committed();
      }
    } catch (const base::Error&) {
      failed = true;
    }
    ASSERT_EQ(failed, operations < 39) << "the loop must cross every operation";
    const auto run = open();
    EXPECT_GE(static_cast<int64_t>(run->rows().size()), reported) << operations;
    for (const auto& [cell, found] : run->rows()) {
      EXPECT_TRUE(run->has_nll(cell.substr(1))) << "a row names a file that is not there";
    }
  }
}

}  // namespace
}  // namespace sweep
