#include "harness/sweep/run_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/identity.h"
#include "harness/sweep/npy.h"
#include "harness/sweep/snapshot_folder.h"

namespace sweep {
namespace {

/// Calls `line` with every whole line and its place.
void each_line(const std::filesystem::path& file, const std::string& text,
               const std::function<void(std::string_view, const std::string&)>& line) {
  size_t begin = 0;
  int64_t number = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    line(std::string_view(text).substr(begin, end - begin),
         fmt::format("{}:{}", file.string(), ++number));
  }
}

std::string read_if_present(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? base::read_file(file) : std::string{};
}

/// The rows of a file; the later of two for a cell.
std::map<std::string, Row> by_cell(const std::filesystem::path& file, const std::string& text) {
  std::map<std::string, Row> rows;
  each_line(file, text, [&](std::string_view line, const std::string& place) {
    Row row = parse_row(line, place);
    rows.insert_or_assign(row.cell, std::move(row));
  });
  return rows;
}

void collect_differences(const base::Json& stored, const base::Json& wanted,
                         const std::string& path, const std::string& next_step,
                         base::Problems& problems) {
  if (stored.is_object() && wanted.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      collect_differences(stored.value(key, base::Json()), value, path + "/" + key, next_step,
                          problems);
    }
    for (const auto& [key, value] : stored.items()) {
      if (!wanted.contains(key)) {
        collect_differences(value, base::Json(), path + "/" + key, next_step, problems);
      }
    }
    return;
  }
  if (stored.is_array() && wanted.is_array() && stored.size() == wanted.size()) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      collect_differences(stored[i], wanted[i], fmt::format("{}/{}", path, i), next_step, problems);
    }
    return;
  }
  if (stored != wanted) {
    problems.add(path,
                 fmt::format("the directory holds results for {}, this run has {}", stored.dump(),
                             wanted.dump()),
                 next_step);
  }
}

std::string pretty(const base::Json& json) { return json.dump(2) + "\n"; }

/// Names the fields of the experiment that differ, rather than its hash.
void collect_experiment_differences(const std::filesystem::path& file, const base::Json& wanted,
                                    const std::string& next_step, base::Problems& problems) {
  if (!std::filesystem::exists(file)) return;
  const base::Json stored = base::parse_json(base::read_file(file), file.string());
  collect_differences(question_of(stored), question_of(wanted), "", next_step, problems);
}

/// A run directory writes its manifest first: an experiment beside none is a user's own.
void refuse_foreign_experiment(const std::filesystem::path& file, const base::Json& experiment) {
  if (!std::filesystem::exists(file) || base::read_file(file) == pretty(experiment)) return;
  base::reject(file.string(), "", "is of no run and would be written over", another_out);
}

/// The manifest in a folder, null where there is none; throws as require_same_run does.
base::Json manifest_of_same_run(const std::filesystem::path& folder, const base::Json& experiment,
                                const base::Json& identity, const std::string& next_step) {
  const std::filesystem::path file = folder / "manifest.json";
  if (!std::filesystem::exists(file)) {
    refuse_foreign_experiment(folder / "experiment.json", experiment);
    return nullptr;
  }
  base::Json stored = base::parse_json(base::read_file(file), file.string());
  if (!stored.is_object()) base::reject(file.string(), "", "is no manifest", next_step);
  base::Problems problems;
  if (stored.value("schema_version", int64_t{0}) != manifest_version) {
    problems.add("/schema_version", "is of another version of ropewalk", next_step);
  }
  const base::Json theirs = stored.value("identity", base::Json());
  collect_differences(theirs, comparable_with(theirs, identity), "/identity", next_step, problems);
  if (!problems.empty()) {
    collect_experiment_differences(folder / "experiment.json", experiment, next_step, problems);
  }
  problems.throw_if_any(file.string());
  return stored;
}

}  // namespace

RunDirectory::RunDirectory(std::filesystem::path folder, Storage& storage,
                           const base::Json& experiment, const base::Json& identity,
                           const base::Json& provenance)
    : folder_(std::move(folder)),
      storage_(storage),
      provenance_(provenance),
      last_commit_(std::chrono::steady_clock::now()) {
  base::create_folder(folder_);
  lock_.emplace(folder_ / "lock", "this run directory",
                "wait for it, or split the experiment with --shard i/n into directories of their "
                "own");
  base::create_folder(folder_ / "nll");

  manifest_ = {{"schema_version", manifest_version},
               {"identity", identity},
               {"provenance", base::Json::array()}};
  const base::Json stored = manifest_of_same_run(folder_, experiment, identity, another_out);
  if (!stored.is_null()) {
    manifest_["provenance"] = stored.value("provenance", base::Json::array());
  }
  write_manifest();
  storage_.replace(folder_ / "experiment.json", pretty(experiment));

  read_rows();
  read_starts();
  cut_torn_line(folder_ / "timings.jsonl");
  row_file_ = storage_.open_append(folder_ / "rows.jsonl");
  start_file_ = storage_.open_append(folder_ / "starts.jsonl");
  timing_file_ = storage_.open_append(folder_ / "timings.jsonl");
}

RunDirectory::~RunDirectory() = default;

void RunDirectory::read_rows() {
  cut_torn_line(folder_ / "rows.jsonl");
  rows_ = standing_rows(folder_);
  committed_ = static_cast<int64_t>(rows_.size());
}

void RunDirectory::read_starts() {
  const std::filesystem::path file = folder_ / "starts.jsonl";
  cut_torn_line(file);
  each_line(file, read_if_present(file), [&](std::string_view line, const std::string& place) {
    try {
      const base::Json entry = base::Json::parse(line);
      Starts& starts = starts_[entry.at("group").get<std::string>()];
      const auto event = entry.at("event").get<std::string>();
      const bool begins = event == "begin";
      if (begins && starts.is_open) ++starts.deaths;
      if (event == "saved") starts.deaths = 0;
      starts.is_open = begins;
    } catch (const base::Json::exception& error) {
      throw base::Error(
          base::Fault::input, place,
          base::Problem{"", fmt::format("not a start: {}", error.what()), "remove this line"});
    }
  });
}

void RunDirectory::cut_torn_line(const std::filesystem::path& file) {
  const std::string text = read_if_present(file);
  const size_t whole = text.rfind('\n') + 1;  // npos + 1: no line is whole
  if (whole < text.size()) storage_.truncate(file, whole);
}

int64_t RunDirectory::deaths(const std::string& group) const {
  const auto found = starts_.find(group);
  return found == starts_.end() ? 0 : found->second.deaths + found->second.is_open;
}

void RunDirectory::journal(const char* event, const std::string& group) {
  start_file_->append(base::Json({{"event", event}, {"group", group}}).dump() + "\n");
}

void RunDirectory::begin(const std::string& group) {
  journal("begin", group);
  begun_ = group;
}

void RunDirectory::give_up(const std::string& group) {
  journal("given up", group);
  begun_.clear();
}

void RunDirectory::finish(const std::string& group, const std::vector<Row>& rows, double seconds,
                          int64_t tokens) {
  if (begun_ == group) journal("finished", group);
  begun_.clear();
  for (const Row& row : rows) add(row);
  pending_timings_ +=
      base::Json({{"group", group}, {"seconds", seconds}, {"tokens", tokens}}).dump() + "\n";
}

void RunDirectory::write_manifest() {
  storage_.replace(folder_ / "manifest.json", pretty(manifest_));
}

void RunDirectory::credit(const base::Json& process) {
  base::Json& credited = manifest_["provenance"];
  if (std::find(credited.begin(), credited.end(), process) != credited.end()) return;
  credited.push_back(process);
  write_manifest();
}

void RunDirectory::add(const Row& row) {
  pending_ += to_line(row) + "\n";
  rows_.insert_or_assign(row.cell, row);
  ++pending_rows_;
}

void RunDirectory::adopt(std::vector<Row> rows, const std::filesystem::path& run) {
  for (Row& row : rows) {
    if (row.perplexity) {
      for (Forward& forward : row.perplexity->forwards) {
        const std::filesystem::path file = run / forward.nll_file;
        forward.nll_file = store_nll(file.stem().string(), read_npy(file));
      }
    }
    add(row);
  }
  if (pending_rows_ == 0) return;
  const std::filesystem::path manifest = run / "manifest.json";
  for (const base::Json& process : base::parse_json(base::read_file(manifest), manifest.string())
                                       .value("provenance", base::Json::array())) {
    credit(process);
  }
  write_pending();
}

std::unique_ptr<evals::Snapshots> RunDirectory::snapshots(
    const std::string& group, const std::string& numerics, std::chrono::duration<double> pause,
    std::function<void(const std::string&)> refused) {
  return std::make_unique<SnapshotFolder>(
      folder_ / "snapshots" / base::sha256_hex(fmt::format("{} {}", group, numerics)), storage_,
      pause, [this, group] { journal("saved", group); }, std::move(refused));
}

std::filesystem::path RunDirectory::nll_file(const std::string& sha256) const {
  return folder_ / "nll" / (sha256 + ".npy");
}

bool RunDirectory::has_nll(const std::string& sha256) const {
  return std::filesystem::exists(nll_file(sha256));
}

std::string RunDirectory::store_nll(const std::string& sha256,
                                    const std::vector<float>& log_probs) {
  if (!has_nll(sha256)) storage_.replace(nll_file(sha256), to_npy(log_probs));
  return "nll/" + sha256 + ".npy";
}

bool RunDirectory::commit_if_due() {
  if (pending_rows_ == 0) return false;
  if (pending_rows_ < rows_a_commit &&
      std::chrono::steady_clock::now() - last_commit_ < time_a_commit) {
    return false;
  }
  commit();
  return true;
}

void RunDirectory::commit() {
  if (pending_rows_ > 0) credit(provenance_);
  write_pending();
}

void RunDirectory::write_pending() {
  last_commit_ = std::chrono::steady_clock::now();
  if (pending_rows_ == 0) return;
  row_file_->append(pending_);
  row_file_->sync();
  timing_file_->append(pending_timings_);
  committed_ += pending_rows_;
  pending_rows_ = 0;
  pending_.clear();
  pending_timings_.clear();
}

void require_run(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "rows.jsonl")) return;
  base::reject(folder.string(), "", "is no run directory: rows.jsonl is not there",
               "name a folder that ropewalk sweep wrote");
}

void require_same_run(const std::filesystem::path& folder, const base::Json& experiment,
                      const base::Json& identity, const std::string& next_step) {
  manifest_of_same_run(folder, experiment, identity, next_step);
}

bool has_nll(const Row& row, const std::filesystem::path& folder) {
  return !row.perplexity ||
         std::all_of(row.perplexity->forwards.begin(), row.perplexity->forwards.end(),
                     [&](const Forward& forward) {
                       return std::filesystem::exists(folder / forward.nll_file);
                     });
}

std::map<std::string, Row> standing_rows(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "rows.jsonl";
  std::map<std::string, Row> rows = by_cell(file, read_if_present(file));
  std::erase_if(rows, [&](const auto& cell) { return !has_nll(cell.second, folder); });
  return rows;
}

std::map<std::string, Row> answers(const std::filesystem::path& folder) {
  std::map<std::string, Row> rows = standing_rows(folder);
  std::erase_if(rows, [](const auto& cell) { return is_missing(cell.second.status); });
  return rows;
}

std::vector<float> read_nll(const Forward& forward, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / forward.nll_file;
  std::vector<float> values = read_npy(file);
  const auto scored = static_cast<size_t>(forward.window.scored.size());
  if (values.size() < scored) {
    base::reject(file.string(), "",
                 fmt::format("holds {} values, its row reads {}", values.size(), scored),
                 "remove the file and sweep again to score it anew");
  }
  values.resize(scored);
  return values;
}

std::vector<Row> read_rows(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "rows.jsonl";
  std::vector<Row> rows;
  for (auto& [cell, row] : by_cell(file, base::read_file(file))) rows.push_back(std::move(row));
  return rows;
}

}  // namespace sweep
