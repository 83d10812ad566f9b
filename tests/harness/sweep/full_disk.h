#pragma once

#include "harness/base/error.h"
#include "harness/sweep/storage.h"

namespace sweep {

/// The real file system, with room for everything but states while it is full.
class FullDisk : public Storage {
 public:
  bool is_full = true;
  base::Fault fault = base::Fault::io;  ///< what a refusal is thrown as
  int64_t refusals = 0;

  std::unique_ptr<AppendFile> open_append(const std::filesystem::path& file) override {
    return real_->open_append(file);
  }
  void replace(const std::filesystem::path& file, std::string_view bytes) override {
    if (is_full && file.extension() == ".state") {
      ++refusals;
      throw base::Error(fault, file.string(), base::Problem{"", "cannot write: no room", ""});
    }
    real_->replace(file, bytes);
  }
  void truncate(const std::filesystem::path& file, uintmax_t size) override {
    real_->truncate(file, size);
  }

 private:
  const std::unique_ptr<Storage> real_ = posix_storage();
};

}  // namespace sweep
