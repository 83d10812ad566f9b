#include <cmath>

#include "harness/sweep/group.h"

namespace sweep {
namespace {

/// Tokens from the start at which the needle of an absolute trial is wanted: the middle of its
/// stratum of the shortest length.
int64_t needle_position(const evals::DepthDesign& design, int64_t trial, int64_t shortest) {
  const evals::Depth depth = design.of_trial(trial);
  return std::llround((depth.from + depth.width / 2) * static_cast<double>(shortest));
}

class RetrievalGroup : public Group {
 public:
  RetrievalGroup(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                 std::vector<int64_t> lengths, int64_t trial)
      : prepared_(prepared),
        method_(method),
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

  int64_t tokens() const override {
    if (asked_.placement == evals::Placement::per_length) return lengths_.front();
    const bool shared = prepared_.shares_trunk(method_, lengths_.front(), lengths_.back());
    int64_t sum = 0;
    for (const int64_t length : lengths_) sum += length;
    return shared ? lengths_.back() : sum;
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
    return retrieval_.prompt(evals::AbsoluteTrial{
        .seed = seed,
        .needle_position = needle_position(asked_.depths, trial_, lengths_.front()),
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
    result.prompt_sha256 = prompt.questions[question].prompt_sha256;
    result.hit = answer.hit;
    result.token_hits = answer.token_hits;
    result.argmax = answer.argmax;
    result.ranks = answer.ranks;
    result.log_probs = answer.log_probs;
  }

  const Prepared& prepared_;
  const PreparedMethod& method_;
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
