#include "harness/sweep/summary/perplexity_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "harness/base/error.h"

namespace sweep {
namespace {

/// Rows of one protocol, by (method that has the cells, length, document hash).
using Scored = std::map<std::string, std::map<int64_t, std::map<std::string, const Row*>>>;

[[noreturn]] void refuse(const std::string& protocol, const std::string& cause,
                         const std::string& next_step) {
  base::reject("rows.jsonl", protocol, cause, next_step);
}

Scored scored_of(const Runs& runs, const std::string& protocol) {
  Scored scored;
  for (const Row& row : runs.rows) {
    if (row.protocol != protocol || !row.perplexity) continue;
    const std::string& owner = runs.design.method(row.method).rows_of;
    const std::string& hash = row.perplexity->document_sha256;
    if (!scored[owner][row.length].emplace(hash, &row).second) {
      refuse(protocol,
             fmt::format("{} at length {} has two cells for {}", row.method, row.length,
                         row.perplexity->document),
             "put evals of one protocol with different targets into experiments of their own");
    }
  }
  return scored;
}

bool same_windows(const Row& one, const Row& other) {
  const auto& a = one.perplexity->forwards;
  const auto& b = other.perplexity->forwards;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Forward& x, const Forward& y) { return x.window == y.window; });
}

/// Methods must have scored the same tokens of the same texts, each length for itself.
void require_equal_documents(const Scored& scored, const std::string& protocol) {
  std::map<std::string, std::string> hashes;
  std::map<std::pair<int64_t, std::string>, const Row*> first;
  for (const auto& [method, lengths] : scored) {
    for (const auto& [length, documents] : lengths) {
      for (const auto& [hash, row] : documents) {
        const std::string& name = row->perplexity->document;
        if (hashes.emplace(name, hash).first->second != hash) {
          refuse(protocol, fmt::format("{} stands for two different texts", name),
                 "methods are compared on identical documents only");
        }
        if (is_missing(row->status)) continue;
        const Row* other = first.emplace(std::pair(length, hash), row).first->second;
        if (!same_windows(*row, *other)) {
          refuse(protocol,
                 fmt::format("length {}, {}: {} and {} scored different windows", length, name,
                             other->method, row->method),
                 "methods are compared on identical tokens only; run both from one version");
        }
      }
    }
  }
}

/// Hashes of the documents that any cell of the protocol names.
std::set<std::string> seen_in(const Scored& scored) {
  std::set<std::string> seen;
  for (const auto& [method, lengths] : scored) {
    for (const auto& [length, documents] : lengths) {
      for (const auto& [hash, row] : documents) seen.insert(hash);
    }
  }
  return seen;
}

/// Those of `seen` that are long enough for a length: all but the ones skipped at it or at a
/// shorter one, which every method skips alike. One that is only not scored yet is among them.
std::set<std::string> reaching(const Scored& scored, const std::set<std::string>& seen,
                               int64_t length) {
  std::set<std::string> documents = seen;
  for (const auto& [method, lengths] : scored) {
    for (const auto& [at, rows] : lengths) {
      if (at > length) break;
      for (const auto& [hash, row] : rows) {
        if (row->status == Status::skipped) documents.erase(hash);
      }
    }
  }
  return documents;
}

bool is_begun(const Scored& scored, int64_t length) {
  return std::any_of(scored.begin(), scored.end(),
                     [&](const auto& method) { return method.second.contains(length); });
}

std::set<std::string> intersection(const std::set<std::string>& one,
                                   const std::set<std::string>& other) {
  std::set<std::string> both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                        std::inserter(both, both.end()));
  return both;
}

DocumentCell cell_of(const Scored& scored, const std::string& owner, int64_t length,
                     const std::vector<std::string>& common, int64_t unseen) {
  DocumentCell cell;
  cell.missing = unseen;
  for (const std::string& hash : common) {
    const Row* row = nullptr;
    if (const auto method = scored.find(owner); method != scored.end()) {
      if (const auto at = method->second.find(length); at != method->second.end()) {
        if (const auto found = at->second.find(hash); found != at->second.end()) {
          row = found->second;
        }
      }
    }
    if (!row || is_missing(row->status)) {
      ++cell.missing;
      continue;
    }
    cell.diverged += row->status == Status::diverged;
    cell.scored.emplace(hash, row);
  }
  return cell;
}

evals::CitedPerplexity cited_in(const std::string& protocol) {
  if (const auto cited = evals::read_protocol_id(protocol)) return *cited;
  refuse(protocol, "is no perplexity protocol of this program",
         "use the version of ropewalk that wrote it");
}

struct Plan {
  std::map<std::string, std::set<int64_t>> asked;  ///< lengths by method
  std::set<int64_t> lengths;
  std::set<std::string> corpus;
};

Plan plan_of(const Design& design, const std::string& protocol) {
  Plan plan;
  for (const Design::Asked& asked : design.evals) {
    if (asked.is_retrieval || !asked.is_answered_by(protocol)) continue;
    for (const std::string& method : asked.methods) {
      plan.asked[method].insert(asked.lengths.begin(), asked.lengths.end());
    }
    plan.lengths.insert(asked.lengths.begin(), asked.lengths.end());
    plan.corpus.insert(asked.corpus.begin(), asked.corpus.end());
  }
  return plan;
}

std::vector<evals::WindowNll> forwards_of(const Runs& runs, const Row& row,
                                          std::vector<std::vector<float>>& storage) {
  storage.clear();
  for (const Forward& forward : row.perplexity->forwards) storage.push_back(runs.nll(forward));
  std::vector<evals::WindowNll> forwards;
  for (size_t i = 0; i < storage.size(); ++i) {
    forwards.push_back({row.perplexity->forwards[i].window, storage[i]});
  }
  return forwards;
}

}  // namespace

const DocumentCell& PerplexitySheet::cell(const std::string& method, int64_t length) const {
  return cells_.at({method, length});
}

bool PerplexitySheet::has(const std::string& method, int64_t length) const {
  return cells_.count({method, length}) > 0;
}

std::vector<PerplexitySheet> perplexity_sheets(const Runs& runs) {
  std::set<std::string> protocols;
  for (const Row& row : runs.rows) {
    if (row.perplexity) protocols.insert(row.protocol);
  }
  std::vector<PerplexitySheet> sheets;
  for (const std::string& protocol : protocols) {
    const evals::CitedPerplexity cited = cited_in(protocol);
    const Scored scored = scored_of(runs, protocol);
    require_equal_documents(scored, protocol);
    const Plan plan = plan_of(runs.design, protocol);
    PerplexitySheet sheet;
    sheet.protocol = protocol;
    sheet.fixed_target = cited.protocol->windows == evals::Windows::fixed_target;
    sheet.by_windows = cited.protocol->averaging == evals::Averaging::windows;
    sheet.overlaps = cited.protocol->windows == evals::Windows::full_window;
    sheet.bos = cited.bos;
    sheet.documents = static_cast<int64_t>(plan.corpus.size());

    const std::set<std::string> seen = seen_in(scored);
    std::set<std::string> common = seen;
    for (const int64_t length : plan.lengths) {
      const std::set<std::string> documents = reaching(scored, seen, length);
      if (documents.empty()) {
        sheet.unreached.push_back(length);
        continue;
      }
      sheet.planned.push_back(length);
      if (is_begun(scored, length)) {
        sheet.lengths.push_back(length);
        common = intersection(common, documents);
      } else {
        sheet.not_run.push_back(length);
      }
    }
    if (!sheet.lengths.empty()) sheet.common.assign(common.begin(), common.end());
    // A document that no cell has met yet would have to be scored everywhere.
    const int64_t unseen =
        std::max<int64_t>(0, sheet.documents - static_cast<int64_t>(seen.size()));
    for (const Design::Method& method : runs.design.methods) {
      const auto asked = plan.asked.find(method.name);
      if (asked == plan.asked.end()) continue;
      sheet.methods.push_back(method.name);
      for (const int64_t length : asked->second) {
        sheet.cells_.emplace(std::pair(method.name, length),
                             cell_of(scored, method.rows_of, length, sheet.common, unseen));
      }
    }
    sheets.push_back(std::move(sheet));
  }
  return sheets;
}

std::vector<double> values_of(const Runs& runs, const PerplexitySheet& sheet, const Row& row) {
  std::vector<std::vector<float>> storage;
  const std::vector<evals::WindowNll> forwards = forwards_of(runs, row, storage);
  if (sheet.by_windows) return {evals::window_mean(forwards)};
  std::vector<double> values;
  for (const evals::WindowNll& forward : forwards) {
    values.insert(values.end(), forward.nll.begin(), forward.nll.end());
  }
  return values;
}

std::vector<evals::NllBucket> buckets_of(const Runs& runs, const PerplexitySheet& sheet,
                                         const DocumentCell& cell, int64_t width) {
  std::map<int64_t, evals::NllBucket> merged;
  for (const auto& [hash, row] : cell.scored) {
    std::vector<std::vector<float>> storage;
    for (const evals::NllBucket& bucket :
         evals::position_buckets(forwards_of(runs, *row, storage), width, sheet.bos)) {
      evals::NllBucket& sum = merged[bucket.positions.begin];
      sum.positions = bucket.positions;
      sum.total.sum += bucket.total.sum;
      sum.total.tokens += bucket.total.tokens;
      sum.total.diverged = sum.total.diverged || bucket.total.diverged;
    }
  }
  std::vector<evals::NllBucket> buckets;
  for (const auto& [begin, bucket] : merged) buckets.push_back(bucket);
  return buckets;
}

}  // namespace sweep
