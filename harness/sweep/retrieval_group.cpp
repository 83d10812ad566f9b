#include <algorithm>

#include "evals/joined_document.h"
#include "harness/sweep/group.h"

namespace sweep {
namespace {

/// Answer tokens and the terminator's place, nearly: the price of a few logits does not matter.
constexpr int64_t scored_a_question = 8;

class RetrievalGroup : public Group {
 public:
  RetrievalGroup(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                 std::vector<int64_t> lengths, std::vector<int64_t> trials)
      : prepared_(prepared),
        method_(method),
        eval_(eval),
        asked_(*prepared.experiment().evals[eval].retrieval),
        retrieval_(*prepared.evals()[eval].retrieval),
        lengths_(std::move(lengths)),
        trials_(std::move(trials)) {
    for (const int64_t trial : trials_) {
      for (const int64_t length : lengths_) cells_.push_back(cell(length, trial));
    }
  }

  const std::vector<Row>& cells() const override { return cells_; }

  std::vector<Pass> passes() const override {
    if (asked_.placement == evals::Placement::per_length && trials_.size() == 1) {
      const int64_t path = prepared_.path(eval_, lengths_.front());
      return {{path, path, scored_a_question}};
    }
    // As the scorer does it: a branch joins the first pass whose trunk it may share.
    struct Shared {
      Pass pass;
      int64_t trunk = 0;
      std::vector<int64_t> paths;
    };
    std::vector<Shared> found;
    for (const BranchShape& branch : prepared_.branches(eval_, lengths_.front(), trials_)) {
      const auto joins = std::find_if(found.begin(), found.end(), [&](const Shared& shared) {
        return std::all_of(shared.paths.begin(), shared.paths.end(), [&](int64_t path) {
          return prepared_.shares_trunk(method_, branch.path(), path, branch.fork);
        });
      });
      Shared& shared = joins == found.end() ? found.emplace_back() : *joins;
      shared.pass.tokens += branch.tokens + std::max<int64_t>(0, branch.fork - shared.trunk);
      shared.pass.path = std::max(shared.pass.path, branch.path());
      shared.pass.scored += branch.scored;
      shared.pass.branches.push_back(branch);
      shared.trunk = std::max(shared.trunk, branch.fork);
      shared.paths.push_back(branch.path());
    }
    std::vector<Pass> passes;
    for (const Shared& shared : found) passes.push_back(shared.pass);
    return passes;
  }

  std::vector<std::unique_ptr<Group>> parts() const override {
    std::vector<std::unique_ptr<Group>> parts;
    if (trials_.size() == 1) return parts;
    for (const int64_t trial : trials_) {
      parts.push_back(retrieval_group(prepared_, method_, eval_, lengths_.front(), {trial}));
    }
    return parts;
  }

  std::vector<Row> run(evals::LanguageModel& model, RunDirectory&,
                       const evals::Progress& progress) const override {
    std::vector<evals::Prompt> prompts;
    std::vector<evals::Document> documents;
    for (const int64_t trial : trials_) {
      prompts.push_back(prepared_.prompt(eval_, lengths_.front(), trial));
      documents.push_back(prompts.back().document);
    }
    const std::vector<evals::Scores> scores =
        evals::part(model.score(evals::join(documents), progress), documents.size());
    std::vector<Row> rows = cells_;
    auto row = rows.begin();
    for (size_t i = 0; i < prompts.size(); ++i) {
      const std::vector<evals::Answer> answers = retrieval_.judge(prompts[i], scores[i]);
      for (size_t question = 0; question < answers.size(); ++question) {
        fill(*row++, prompts[i], question, answers[question]);
      }
    }
    return rows;
  }

 private:
  Row cell(int64_t length, int64_t trial) const {
    const evals::Depth depth = asked_.depths.of_trial(trial);
    Row row;
    row.cell = cell_id(prepared_, method_, eval_,
                       {{"seed", prepared_.experiment().seed},
                        {"length", length},
                        {"shortest", lengths_.front()},
                        {"depth", {depth.from, depth.width}},
                        {"trial", trial}});
    row.method = method_.name;
    row.protocol = prepared_.evals()[eval_].protocol;
    row.length = length;
    row.kernel = prepared_.subject().numerics();
    row.retrieval.emplace();
    row.retrieval->depth = depth.from;
    row.retrieval->depth_index = trial % asked_.depths.depths;
    row.retrieval->trial = trial;
    return row;
  }

  void fill(Row& row, const evals::Prompt& prompt, size_t question,
            const evals::Answer& answer) const {
    row.status = answer.diverged ? Status::diverged : Status::ok;
    if (answer.diverged) row.reason = "a score is not finite";
    row.plan = prepared_.plan(method_, prompt.questions[question].path);
    RetrievalResult& result = *row.retrieval;
    result.depth = prompt.depth;
    result.source = prompt.source;
    if (asked_.placement == evals::Placement::absolute && !asked_.absent) {
      result.distance = prompt.questions[question].distance;
    }
    result.prompt_sha256 = prompt.questions[question].prompt_sha256;
    result.hit = answer.hit;
    result.token_hits = answer.token_hits;
    result.argmax = answer.argmax;
    result.ranks = answer.ranks;
    result.log_probs = answer.log_probs;
  }

  const Prepared& prepared_;
  const PreparedMethod& method_;
  const size_t eval_;
  const RetrievalEval& asked_;
  const evals::Retrieval& retrieval_;
  const std::vector<int64_t> lengths_;
  const std::vector<int64_t> trials_;
  std::vector<Row> cells_;
};

}  // namespace

std::unique_ptr<Group> retrieval_group(const Prepared& prepared, const PreparedMethod& method,
                                       size_t eval, int64_t length,
                                       const std::vector<int64_t>& trials) {
  const Eval& asked = prepared.experiment().evals[eval];
  const bool is_absolute = asked.retrieval->placement == evals::Placement::absolute;
  return std::make_unique<RetrievalGroup>(
      prepared, method, eval, is_absolute ? asked.lengths : std::vector<int64_t>{length}, trials);
}

}  // namespace sweep
