#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evals/snapshots.h"
#include "harness/base/file_lock.h"
#include "harness/base/json.h"
#include "harness/sweep/row.h"
#include "harness/sweep/storage.h"

namespace sweep {

/// schema_version of manifest.json. Runs of another version are neither resumed nor summarized.
inline constexpr int64_t manifest_version = 1;

/// The directory of one run, open for writing by one process.
///
///   experiment.json   the resolved experiment
///   manifest.json     identity (hashes of what determines results) and provenance (the processes
///                     that computed rows of it)
///   rows.jsonl        one line per trial, append-only; the later of two for a cell counts
///   starts.jsonl      one line per group begun, saved, finished, or given up on request: shows a
///                     group that died with its process (the OOM killer leaves no other trace)
///   timings.jsonl     seconds and tokens per group; no result depends on it
///   nll/<sha256>.npy  log-probabilities of one forward, in place before the row that names it
///   snapshots/        states of the group in work, so that it need not begin anew; may be removed
///                     while no process writes here
///   lock              held while a process writes here
///
/// Rows are durable once commit() has returned, and are reported done only then.
class RunDirectory {
 public:
  /// Creates the directory or opens it to resume: takes the lock, cuts a torn last line, reads what
  /// is there. A cell whose log-probabilities were removed has no row. Throws base::Error when
  /// another process holds it, when it belongs to another identity (naming the fields that differ),
  /// when it has an experiment.json that no run wrote, or when a line cannot be read.
  RunDirectory(std::filesystem::path folder, Storage& storage, const base::Json& experiment,
               const base::Json& identity, const base::Json& provenance);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  /// The row of every cell that has one, committed or not.
  const std::map<std::string, Row>& rows() const { return rows_; }

  /// How often a process died in a group since it last saved a state: begun, and neither finished
  /// nor given up on request.
  int64_t deaths(const std::string& group) const;

  /// Journals that a group begins. Survives the death of the process, not that of the machine: a
  /// sync per group would cost more than many groups do.
  void begin(const std::string& group);
  /// Journals that a group was stopped on request, so that the stop does not count as a death.
  void give_up(const std::string& group);
  /// Adds the rows of a finished group; they are committed with the next group commit.
  void finish(const std::string& group, const std::vector<Row>& rows, double seconds,
              int64_t tokens);

  /// Commits rows of the run in the folder `run`, with the log-probabilities that they name and the
  /// provenance of that run.
  void adopt(std::vector<Row> rows, const std::filesystem::path& run);

  /// States of a group that is computed with these numerics, `pause` apart at least. `refused` is
  /// called with a line for the user when one cannot be written. Valid as long as this directory.
  std::unique_ptr<evals::Snapshots> snapshots(const std::string& group, const std::string& numerics,
                                              std::chrono::duration<double> pause,
                                              std::function<void(const std::string&)> refused = {});

  /// Stores the log-probabilities of one forward and returns the name to put into rows. An existing
  /// file of that name is kept: the name says all that determines its contents.
  std::string store_nll(const std::string& sha256, const std::vector<float>& log_probs);
  bool has_nll(const std::string& sha256) const;
  std::filesystem::path nll_file(const std::string& sha256) const;

  /// Commits when `rows_a_commit` rows or `seconds_a_commit` have gathered; true when it did.
  bool commit_if_due();
  /// One write and one sync for everything that finish() has added.
  void commit();
  int64_t committed() const { return committed_; }

  const std::filesystem::path& folder() const { return folder_; }

  static constexpr int64_t rows_a_commit = 512;
  static constexpr std::chrono::milliseconds time_a_commit{500};

 private:
  /// What starts.jsonl says of a group, as it was when this directory was opened.
  struct Starts {
    int64_t deaths = 0;    ///< of processes before the last that began it
    bool is_open = false;  ///< that one left no word
  };
  void read_rows();
  void read_starts();
  void cut_torn_line(const std::filesystem::path& file);
  void journal(const char* event, const std::string& group);
  void add(const Row& row);
  void write_manifest();
  /// Names a process among those that computed the run, once.
  void credit(const base::Json& process);
  void write_pending();

  const std::filesystem::path folder_;
  Storage& storage_;
  const base::Json provenance_;  ///< of this process
  base::Json manifest_;
  std::optional<base::FileLock> lock_;
  std::map<std::string, Row> rows_;
  std::map<std::string, Starts> starts_;
  std::string begun_;  ///< the group in work; empty between groups
  std::unique_ptr<AppendFile> row_file_;
  std::unique_ptr<AppendFile> start_file_;
  std::unique_ptr<AppendFile> timing_file_;
  std::string pending_;
  std::string pending_timings_;
  int64_t pending_rows_ = 0;
  int64_t committed_ = 0;
  std::chrono::steady_clock::time_point last_commit_;
};

/// Throws base::Error when a folder holds no run.
void require_run(const std::filesystem::path& folder);

/// The next step where a folder is taken by another run.
inline constexpr const char* another_out = "give another --out";

/// Throws base::Error naming the fields that differ, and the next step, when `folder` holds a run
/// of another experiment, model, tokenizer or corpus. A folder that holds none yet may become any.
void require_same_run(const std::filesystem::path& folder, const base::Json& experiment,
                      const base::Json& identity, const std::string& next_step = another_out);

/// Whether all log-probabilities that a row of the run in `folder` names are there.
bool has_nll(const Row& row, const std::filesystem::path& folder);

/// By cell, the rows of a directory that need not be asked again, read only: not those whose
/// log-probabilities were removed; none where there is no such directory yet.
std::map<std::string, Row> standing_rows(const std::filesystem::path& folder);

/// Those of them that are answers: not missing.
std::map<std::string, Row> answers(const std::filesystem::path& folder);

/// NLL in nats of the scored tokens of a forward of the run in `folder`: [window.scored.size()].
/// Throws base::Error when its file holds fewer.
std::vector<float> read_nll(const Forward& forward, const std::filesystem::path& folder);

/// Rows of a finished or running directory, read only: the later of two lines for a cell counts, a
/// torn last line does not. In order of cells.
std::vector<Row> read_rows(const std::filesystem::path& folder);

}  // namespace sweep
