#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "evals/perplexity_metrics.h"
#include "harness/base/sha256.h"
#include "harness/sweep/group.h"
#include "harness/sweep/npy.h"

namespace sweep {
namespace {

/// Tells of the forwards of a group, one after another, as of one computation: in tokens of their
/// paths, which is what timings count.
class GroupProgress {
 public:
  /// `tokens`: of all forwards.
  GroupProgress(const evals::Progress& group, int64_t tokens) : group_(group), tokens_(tokens) {}

  /// The next forward, of `path` tokens, is stored.
  void pass_over(int64_t path) { advance(path, path); }

  /// The next forward, of `path` tokens, is what `compute` does and reports in a unit of its own.
  void follow(int64_t path, const std::function<void(const evals::Progress&)>& compute) {
    int64_t saved = 0;
    compute({.report =
                 [&](int64_t done, int64_t total, int64_t restored) {
                   const int64_t all = std::max<int64_t>(1, total);
                   saved = path * restored / all;
                   report(path * done / all, saved);
                 },
             .cancelled = group_.cancelled,
             .snapshots = group_.snapshots});
    advance(path, saved);
  }

 private:
  void advance(int64_t path, int64_t restored) {
    done_ += path;
    restored_ += restored;
    report(0, 0);
  }

  /// `done`, `restored`: of the forward in work.
  void report(int64_t done, int64_t restored) const {
    if (group_.report) group_.report(done_ + done, tokens_, restored_ + restored);
  }

  const evals::Progress& group_;
  const int64_t tokens_;
  int64_t done_ = 0;      ///< of the forwards before the one in work
  int64_t restored_ = 0;  ///< of these
};

class PerplexityGroup : public Group {
 public:
  PerplexityGroup(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                  std::vector<int64_t> lengths, size_t document)
      : prepared_(prepared),
        method_(method),
        asked_(prepared.evals()[eval]),
        document_(asked_.documents[document]),
        lengths_(std::move(lengths)) {
    for (const int64_t length : lengths_) {
      Row row;
      row.cell =
          cell_id(prepared, method, eval, {{"length", length}, {"document", document_.sha256}});
      row.method = method.name;
      row.protocol = asked_.protocol;
      row.length = length;
      row.kernel = prepared.subject().numerics();
      row.perplexity.emplace();
      row.perplexity->document = document_.name;
      row.perplexity->document_sha256 = document_.sha256;
      if (const auto reason =
              evals::too_short(document_, evals::tokens_needed(asked_.settings, length))) {
        row.status = Status::skipped;
        row.reason = *reason;
      }
      cells_.push_back(std::move(row));
    }
  }

  const std::vector<Row>& cells() const override { return cells_; }

  std::vector<Pass> passes() const override {
    std::vector<Pass> passes;
    for (const Need& need : needs()) {
      if (!need.serves_itself) continue;
      const int64_t path = path_of(need.window);
      passes.push_back({path, path, need.window.scored.size()});
    }
    return passes;
  }

  std::vector<Row> run(evals::LanguageModel& model, RunDirectory& directory,
                       const evals::Progress& progress) const override {
    std::vector<Row> rows = cells_;
    const std::vector<Need> needs = this->needs();
    int64_t tokens = 0;
    for (const Need& need : needs) tokens += need.serves_itself ? path_of(need.window) : 0;
    GroupProgress group(progress, tokens);
    // Longest first: a shorter cell may read the beginning of a longer one's forward.
    for (const Need& need : needs) {
      if (need.serves_itself) score(need, model, directory, group);
      rows[need.cell].perplexity->forwards.push_back({"nll/" + need.sha256 + ".npy", need.window});
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].status == Status::skipped) continue;
      rows[i].plan = prepared_.plan(method_, path_of(i));
      summarize(rows[i], directory);
    }
    return rows;
  }

 private:
  /// One forward that a cell reads. `source` is the window that was really run: the cell's own, or
  /// a longer one that begins with it under an equal plan.
  struct Need {
    size_t cell;
    evals::Window window;
    evals::Window source;
    std::string sha256;
    bool serves_itself;
  };

  std::vector<Need> needs() const {
    std::vector<Need> needs;
    for (size_t i = cells_.size(); i-- > 0;) {
      if (cells_[i].status == Status::skipped) continue;
      for (const evals::Window& window : windows(i)) {
        const Need* longer = nullptr;
        for (const Need& other : needs) {
          if (other.serves_itself && begins(other.source, window)) longer = &other;
        }
        const evals::Window source = longer ? longer->source : window;
        needs.push_back({i, window, source, longer ? longer->sha256 : forward_id(window), !longer});
      }
    }
    return needs;
  }

  std::vector<evals::Window> windows(size_t cell) const {
    return evals::plan_windows(asked_.settings, document_.length(), lengths_[cell]);
  }

  int64_t path_of(size_t cell) const { return path_of(windows(cell).front()); }

  int64_t path_of(const evals::Window& window) const {
    return evals::path_length(window, asked_.settings.bos);
  }

  bool begins(const evals::Window& longer, const evals::Window& window) const {
    if (longer == window) return true;
    return longer.tokens.begin == window.tokens.begin &&
           longer.scored.begin == window.scored.begin && longer.scored.end >= window.scored.end &&
           prepared_.shares_trunk(method_, path_of(longer), path_of(window), path_of(window));
  }

  std::string forward_id(const evals::Window& window) const {
    const evals::Document document =
        evals::make_document(window, document_.tokens, asked_.settings.bos);
    const auto tokens = std::as_bytes(std::span(document.trunk));
    const base::Json identity = {{"weights", prepared_.subject().weights_fingerprint()},
                                 {"dtype", prepared_.experiment().dtype},
                                 {"plan", prepared_.plan(method_, path_of(window))},
                                 {"chain", method_.params},
                                 {"tokens", base::sha256_hex(tokens)},
                                 {"scored", {document.scored.begin, document.scored.end}}};
    return base::sha256_hex(base::canonical_json(identity));
  }

  void score(const Need& need, evals::LanguageModel& model, RunDirectory& directory,
             GroupProgress& group) const {
    const int64_t path = path_of(need.window);
    if (directory.has_nll(need.sha256)) return group.pass_over(path);
    const evals::Document document =
        evals::make_document(need.window, document_.tokens, asked_.settings.bos);
    group.follow(path, [&](const evals::Progress& progress) {
      directory.store_nll(need.sha256, evals::nll_of(model.score(document, progress)));
    });
  }

  void summarize(Row& row, const RunDirectory& directory) const {
    std::vector<std::vector<float>> values;
    std::vector<evals::WindowNll> forwards;
    row.perplexity->bytes = 0;  // of a token that several windows score: in each, as its NLL
    for (const Forward& forward : row.perplexity->forwards) {
      values.push_back(read_npy(directory.folder() / forward.nll_file));
      const evals::Window& window = forward.window;
      forwards.push_back({window, std::span(values.back()).first(window.scored.size())});
      row.perplexity->bytes +=
          evals::text_bytes(document_, window.scored, *prepared_.subject().tokenizer());
    }
    row.perplexity->nll = evals::mean_nll(*asked_.settings.protocol, forwards);
    if (!std::isfinite(row.perplexity->nll)) {
      row.status = Status::diverged;
      row.reason = "a score is not finite";
    }
  }

  const Prepared& prepared_;
  const PreparedMethod& method_;
  const PreparedEval& asked_;
  const evals::CorpusDocument& document_;
  const std::vector<int64_t> lengths_;
  std::vector<Row> cells_;
};

}  // namespace

std::unique_ptr<Group> perplexity_group(const Prepared& prepared, const PreparedMethod& method,
                                        size_t eval, const std::vector<int64_t>& lengths,
                                        size_t document) {
  return std::make_unique<PerplexityGroup>(prepared, method, eval, lengths, document);
}

}  // namespace sweep
