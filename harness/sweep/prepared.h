#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "evals/corpus.h"
#include "evals/perplexity.h"
#include "evals/retrieval.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/pass.h"
#include "harness/sweep/subject.h"
#include "scalings/scaling.h"

namespace sweep {

struct PreparedMethod {
  std::string name;
  base::Json params;  ///< of the chain; what "as_configured" stands for is spelled out
  scalings::Chain chain;
};

/// An eval whose tokenizer-dependent parts and documents are ready.
struct PreparedEval {
  std::string protocol;  ///< id that results cite
  std::shared_ptr<const evals::Retrieval> retrieval;
  evals::PerplexitySettings settings;            ///< perplexity
  std::vector<evals::CorpusDocument> documents;  ///< perplexity
  std::string corpus_fingerprint;                ///< of hay or documents; empty without
};

/// An experiment about one subject, everything read and checked: what check prices and sweep runs.
class Prepared {
 public:
  /// Reads corpora, builds chains and protocols. Throws base::Error: a file that is no text, and
  /// all at once: lengths below a protocol's minimum or beyond every text, a method that cannot
  /// serve this model or its longest or shortest length, targets above trained / 4 ... Both
  /// arguments must outlive the object.
  Prepared(const Experiment& experiment, const Subject& subject);

  const Experiment& experiment() const { return experiment_; }
  const Subject& subject() const { return subject_; }
  const std::vector<PreparedMethod>& methods() const { return methods_; }
  const std::vector<PreparedEval>& evals() const { return evals_; }
  const PreparedMethod& method(const std::string& name) const;

  scalings::Context context(int64_t path_length) const;

  /// Fingerprint of a method's plan (layer 0) for a path; kept, since many cells ask for the same.
  const std::string& plan(const PreparedMethod& method, int64_t path_length) const;

  /// Tokens really scored by a per-length trial of a retrieval eval: the same for all its trials.
  int64_t path(size_t eval, int64_t length) const;

  /// The prompt of a retrieval trial: at one length or, in absolute placement, at all of them.
  evals::Prompt prompt(size_t eval, int64_t length, int64_t trial) const;

  /// Tokens that the prompt of a per-length trial has before its needle when all trials have the
  /// same there (repeated hay); 0 when they have nothing to share.
  int64_t shared_tokens(size_t eval, int64_t length, int64_t trial) const;

  /// The branches of the document that asks trials together, or one in absolute placement, in order
  /// of trial or length; kept, since every method gets the same.
  const std::vector<BranchShape>& branches(size_t eval, int64_t length,
                                           const std::vector<int64_t>& trials) const;

  /// Whether the plans for paths of these lengths agree on their first `tokens`, on every layer:
  /// the scorer then computes those tokens once.
  bool shares_trunk(const PreparedMethod& method, int64_t length, int64_t other_length,
                    int64_t tokens) const;

  /// What determines results: hashes of experiment, weights, tokenizer and corpora; the id of the
  /// token that every sequence begins with, null for none; what else the model computes by.
  base::Json identity() const;

  /// What a user should know before trusting results: a checkpoint's own scaling that is replaced,
  /// lengths beyond a method's own limit, two methods that do the same ...
  std::vector<std::string> warnings() const;

 private:
  void prepare_methods();
  void prepare_retrieval(const RetrievalEval& eval, PreparedEval& prepared) const;
  void prepare_perplexity(const PerplexityEval& eval, PreparedEval& prepared) const;
  /// Every length must be one that the eval's protocol can ask about.
  void require_lengths(size_t eval, base::Problems& problems) const;
  void require_plans(base::Problems& problems) const;
  std::set<int64_t> lengths_of(const PreparedMethod& method) const;
  std::vector<std::string> warnings_of_twins() const;
  bool same_plans(const PreparedMethod& one, const PreparedMethod& other,
                  const std::set<int64_t>& lengths) const;
  std::vector<evals::CorpusDocument> read(const std::vector<std::string>& names) const;

  const Experiment& experiment_;
  const Subject& subject_;
  std::vector<PreparedMethod> methods_;
  std::vector<PreparedEval> evals_;
  // Answers that many cells ask for again.
  mutable std::map<std::pair<std::string, int64_t>, std::string> plans_;
  mutable std::map<std::pair<size_t, int64_t>, int64_t> paths_;
  mutable std::map<std::tuple<size_t, int64_t, int64_t>, int64_t> shared_tokens_;
  mutable std::map<std::tuple<size_t, int64_t, std::vector<int64_t>>, std::vector<BranchShape>>
      branches_;
  mutable std::map<std::tuple<std::string, int64_t, int64_t, int64_t>, bool> shared_;
};

}  // namespace sweep
