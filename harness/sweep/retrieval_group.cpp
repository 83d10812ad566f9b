#include <algorithm>

#include "harness/sweep/group.h"

namespace sweep {
namespace {

/// Answer tokens and the terminator's place, nearly: the price of a few logits does not matter.
constexpr int64_t scored_a_question = 8;

class RetrievalGroup : public Group {
 public:
  RetrievalGroup(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                 std::vector<int64_t> lengths, int64_t trial)
      : prepared_(prepared),
        method_(method),
        eval_(eval),
        asked_(*prepared.experiment().evals[eval].retrieval),
        retrieval_(*prepared.evals()[eval].retrieval),
        lengths_(std::move(lengths)),
        trial_(trial) {
    const evals::Depth depth = asked_.depths.of_trial(trial);
    for (const int64_t length : lengths_) {
      Row row;
      row.cell = cell_id(prepared, method, eval,
                         {{"seed", prepared.experiment().seed},
                          {"length", length},
                          {"shortest", lengths_.front()},
                          {"depth", {depth.from, depth.width}},
                          {"trial", trial}});
      row.method = method.name;
      row.protocol = prepared.evals()[eval].protocol;
      row.length = length;
      row.kernel = prepared.subject().numerics();
      row.retrieval.emplace();
      row.retrieval->depth = depth.from;
      row.retrieval->depth_index = trial % asked_.depths.depths;
      row.retrieval->trial = trial;
      cells_.push_back(std::move(row));
    }
  }

  const std::vector<Row>& cells() const override { return cells_; }

  std::vector<Pass> passes() const override {
    if (asked_.placement == evals::Placement::per_length) {
      const int64_t path = prepared_.path(eval_, lengths_.front());
      return {{path, path, scored_a_question}};
    }
    const evals::Prompt prompt = make_prompt();
    std::vector<Pass> passes;
    // Branches that may share a trunk make one pass: the trunk up to the last fork, and their own
    // tokens.
    std::vector<int64_t> trunks;
    for (const evals::Branch& branch : prompt.document.branches) {
      const auto own = static_cast<int64_t>(branch.tokens.size());
      const int64_t scored = own - branch.scored_from;
      const bool shares =
          !passes.empty() && prepared_.shares_trunk(method_, passes.back().path, branch.length());
      if (!shares) {
        passes.push_back({0, 0, 0});
        trunks.push_back(0);
      }
      Pass& pass = passes.back();
      pass.tokens += own + std::max<int64_t>(0, branch.fork - trunks.back());
      trunks.back() = std::max(trunks.back(), branch.fork);
      pass.path = std::max(pass.path, branch.length());
      pass.scored += scored;
    }
    return passes;
  }

  std::vector<Row> run(evals::LanguageModel& model, RunDirectory&,
                       const evals::Progress& progress) const override {
    const evals::Prompt prompt = make_prompt();
    const std::vector<evals::Answer> answers =
        retrieval_.judge(prompt, model.score(prompt.document, progress));
    std::vector<Row> rows = cells_;
    for (size_t i = 0; i < rows.size(); ++i) fill(rows[i], prompt, i, answers[i]);
    return rows;
  }

 private:
  evals::Prompt make_prompt() const {
    const int64_t seed = prepared_.experiment().seed;
    if (asked_.placement == evals::Placement::per_length) {
      return retrieval_.prompt(evals::Trial{.seed = seed,
                                            .length = lengths_.front(),
                                            .depth = asked_.depths.of_trial(trial_),
                                            .trial = trial_,
                                            .absent = asked_.absent});
    }
    // The needle stands where a trial of the shortest length would have it.
    const evals::Prompt shortest =
        retrieval_.prompt(evals::Trial{.seed = seed,
                                       .length = lengths_.front(),
                                       .depth = asked_.depths.of_trial(trial_),
                                       .trial = trial_,
                                       .absent = false});
    return retrieval_.prompt(evals::AbsoluteTrial{.seed = seed,
                                                  .needle_position = shortest.needle.begin,
                                                  .lengths = lengths_,
                                                  .trial = trial_,
                                                  .absent = asked_.absent});
  }

  void fill(Row& row, const evals::Prompt& prompt, size_t question,
            const evals::Answer& answer) const {
    row.status = answer.diverged ? Status::diverged : Status::ok;
    if (answer.diverged) row.reason = "a score is not finite";
    row.plan = prepared_.plan(method_, prompt.questions[question].path);
    RetrievalResult& result = *row.retrieval;
    result.depth = prompt.depth;
    result.source = prompt.source;
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
  const int64_t trial_;
  std::vector<Row> cells_;
};

}  // namespace

std::unique_ptr<Group> retrieval_group(const Prepared& prepared, const PreparedMethod& method,
                                       size_t eval, int64_t length, int64_t trial) {
  const Eval& asked = prepared.experiment().evals[eval];
  const bool is_absolute = asked.retrieval->placement == evals::Placement::absolute;
  return std::make_unique<RetrievalGroup>(
      prepared, method, eval, is_absolute ? asked.lengths : std::vector<int64_t>{length}, trial);
}

}  // namespace sweep
