#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/file.h"
#include "harness/checkpoint/audit/report.h"
#include "tests/support/temporary_folder.h"

namespace audit {

using Lines = std::vector<std::string>;

/// Folders that nobody vouches for: always a report, never an exception, never a crash.
class Hostile : public testing::Test {
 protected:
  Hostile() { std::filesystem::create_directories(home_); }
  void put(const std::string& name, const std::string& bytes) {
    base::write_file_atomically(home_ / name, bytes);
  }
  Report report(checkpoint::Links links = checkpoint::Links::none) {
    Options options;
    options.links = links;
    options.stated = 200'000;
    Report made = make_report(home_, options);
    to_json(made).dump(2, ' ', false, base::Json::error_handler_t::replace);
    to_text(made);
    return made;
  }
  /// "severity id: file: key: value" of every finding of that id.
  std::vector<std::string> found(const Report& made, const std::string& id) {
    std::vector<std::string> lines;
    for (const Finding& finding : made.findings) {
      if (finding.id != id) continue;
      std::string file = finding.file;
      if (file.starts_with(home_.string())) file = file.substr(home_.string().size() + 1);
      lines.push_back(fmt::format("{} {}: {}: {}", name_of(finding.severity), file, finding.key,
                                  finding.value));
    }
    return lines;
  }

  const tests::TemporaryFolder folder_;
  const std::filesystem::path home_ = folder_.path() / "home";
};

}  // namespace audit
