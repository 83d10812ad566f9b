#include "harness/sweep/prepared.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "evals/haystack.h"
#include "evals/joined_document.h"
#include "harness/base/sha256.h"
#include "scalings/catalog.h"
#include "scalings/layer_plans.h"

namespace sweep {
namespace {

/// Puts what `check` finds wrong among the problems of the experiment, under `place`.
template <typename Check>
void collect(base::Problems& problems, const std::string& place, Check check) {
  try {
    check();
  } catch (const base::Error& error) {
    if (error.fault() != base::Fault::input) throw;
    for (const base::Problem& problem : error.problems()) {
      problems.add(place, fmt::format("{}: {}", problem.place, problem.cause), problem.next_step);
    }
  }
}

}  // namespace

Prepared::Prepared(const Experiment& experiment, const Subject& subject)
    : experiment_(experiment), subject_(subject) {
  prepare_methods();
  base::Problems problems;
  for (size_t i = 0; i < experiment_.evals.size(); ++i) {
    const Eval& eval = experiment_.evals[i];
    PreparedEval prepared;
    if (eval.retrieval) {
      prepare_retrieval(*eval.retrieval, prepared);
    } else {
      prepare_perplexity(*eval.perplexity, prepared);
    }
    evals_.push_back(std::move(prepared));
    require_lengths(i, problems);
  }
  require_plans(problems);
  problems.throw_if_any(experiment_.file);
}

void Prepared::require_lengths(size_t eval, base::Problems& problems) const {
  const Eval& whole = experiment_.evals[eval];
  const PreparedEval& prepared = evals_[eval];
  const std::string place = fmt::format("/evals/{}", eval);
  if (whole.perplexity) {
    const size_t before = problems.found().size();
    collect(problems, place, [&] { evals::validate(prepared.settings); });
    if (problems.found().size() > before) return;
    for (const int64_t length : whole.lengths) {
      collect(problems, place, [&] { evals::tokens_needed(prepared.settings, length); });
    }
    return;
  }
  const bool is_absolute = whole.retrieval->placement == evals::Placement::absolute;
  const int64_t minimum = prepared.retrieval->minimum_length();
  for (const int64_t length : whole.lengths) {
    if (length < minimum) {
      problems.add(place,
                   fmt::format("{} needs at least {} tokens (got length {})",
                               prepared.retrieval->protocol().name, minimum, length),
                   "leave that length out of this eval with \"lengths\"");
      continue;
    }
    if (is_absolute) {  // one prompt for all lengths
      collect(problems, place, [&] { prompt(eval, length, 0); });
      return;
    }
    collect(problems, place, [&] { path(eval, length); });
  }
}

void Prepared::require_plans(base::Problems& problems) const {
  for (const PreparedMethod& method : methods_) {
    const std::set<int64_t> lengths = lengths_of(method);
    if (lengths.empty()) continue;
    collect(problems, "/methods/" + method.name, [&] {
      scalings::make_plan(method.chain, context(*lengths.rbegin()));
      scalings::Context shortest = context(*lengths.begin());
      for (shortest.layer = 0; shortest.layer < shortest.layers; ++shortest.layer) {
        scalings::make_plan(method.chain, shortest);
      }
    });
  }
}

void Prepared::prepare_methods() {
  for (const Method& method : experiment_.methods) {
    const base::Json params =
        method.chain == "as_configured" ? subject_.configured_chain() : method.chain;
    PreparedMethod prepared{method.name, base::Json(), scalings::make_chain(params, method.name)};
    prepared.params = scalings::params(prepared.chain);
    methods_.push_back(std::move(prepared));
  }
}

std::vector<evals::CorpusDocument> Prepared::read(const std::vector<std::string>& names) const {
  std::vector<std::filesystem::path> paths;
  for (const std::string& name : names) {
    paths.push_back(locate(experiment_.folder, name).value_or(name));
  }
  std::vector<evals::CorpusDocument> documents = evals::read_corpus(paths, *subject_.tokenizer());
  // Rows cite a document as the experiment does: where the repository lies is no part of a result.
  for (size_t i = 0; i < documents.size(); ++i) documents[i].name = names[i];
  return documents;
}

void Prepared::prepare_retrieval(const RetrievalEval& eval, PreparedEval& prepared) const {
  const evals::RetrievalProtocol& protocol = *evals::find_retrieval_protocol(eval.protocol);
  std::shared_ptr<const evals::Haystack> hay;  // of the user's own corpus
  if (!eval.hay.empty()) {
    const auto documents = read(eval.hay);
    prepared.corpus_fingerprint = evals::fingerprint(documents);
    hay = evals::text_haystack(*subject_.tokenizer(), documents);
  }
  prepared.retrieval = std::make_shared<evals::Retrieval>(protocol, subject_.tokenizer(), hay);
  prepared.protocol = evals::protocol_id(protocol, eval.placement, eval.absent);
}

void Prepared::prepare_perplexity(const PerplexityEval& eval, PreparedEval& prepared) const {
  prepared.settings.protocol = evals::find_perplexity_protocol(eval.protocol);
  prepared.settings.trained_length = subject_.shape().trained_length;
  prepared.settings.targets = eval.targets;
  prepared.settings.stride = eval.stride;
  prepared.settings.bos = subject_.tokenizer()->bos();
  prepared.protocol = evals::protocol_id(prepared.settings);
  prepared.documents = read(eval.corpus);
  prepared.corpus_fingerprint = evals::fingerprint(prepared.documents);
}

const PreparedMethod& Prepared::method(const std::string& name) const {
  for (const PreparedMethod& method : methods_) {
    if (method.name == name) return method;
  }
  throw std::out_of_range("no method " + name);
}

scalings::Context Prepared::context(int64_t path_length) const {
  return {subject_.shape(), path_length, 0, subject_.layers()};
}

const std::string& Prepared::plan(const PreparedMethod& method, int64_t path_length) const {
  std::string& known = plans_[{method.name, path_length}];
  if (known.empty()) {
    known = scalings::fingerprint(scalings::make_plan(method.chain, context(path_length)));
  }
  return known;
}

evals::Prompt Prepared::prompt(size_t eval, int64_t length, int64_t trial) const {
  const Eval& whole = experiment_.evals[eval];
  const RetrievalEval& asked = *whole.retrieval;
  const evals::Retrieval& retrieval = *evals_[eval].retrieval;
  evals::Trial one{.seed = experiment_.seed,
                   .length = length,
                   .depth = asked.depths.of_trial(trial),
                   .trial = trial,
                   .absent = asked.absent};
  if (asked.placement == evals::Placement::per_length) return retrieval.prompt(one);
  // The needle stands where a trial of the shortest length would have it.
  one.length = whole.lengths.front();
  one.absent = false;
  return retrieval.prompt(
      evals::AbsoluteTrial{.seed = experiment_.seed,
                           .needle_position = retrieval.prompt(one).needle.begin,
                           .lengths = whole.lengths,
                           .trial = trial,
                           .absent = asked.absent});
}

int64_t Prepared::path(size_t eval, int64_t length) const {
  int64_t& known = paths_[{eval, length}];
  if (known == 0) known = prompt(eval, length, 0).questions.front().path;
  return known;
}

int64_t Prepared::shared_tokens(size_t eval, int64_t length, int64_t trial) const {
  const RetrievalEval& asked = *experiment_.evals[eval].retrieval;
  const evals::Hay hay = evals_[eval].retrieval->protocol().hay;
  const bool is_repeated = hay == evals::Hay::repeated || hay == evals::Hay::sliced;
  if (asked.placement == evals::Placement::absolute || !is_repeated || !asked.hay.empty()) return 0;
  const auto [known, is_new] = shared_tokens_.try_emplace({eval, length, trial});
  if (is_new) known->second = prompt(eval, length, trial).needle.begin;
  return known->second;
}

const std::vector<BranchShape>& Prepared::branches(size_t eval, int64_t length,
                                                   const std::vector<int64_t>& trials) const {
  const auto [known, is_new] = branches_.try_emplace({eval, length, trials});
  if (is_new) {
    std::vector<evals::Document> documents;
    for (const int64_t trial : trials) {
      documents.push_back(prompt(eval, length, trial).document);
    }
    for (const evals::Branch& branch : evals::join(documents).branches) {
      const auto tokens = static_cast<int64_t>(branch.tokens.size());
      known->second.push_back({branch.fork, tokens, tokens - branch.scored_from});
    }
  }
  return known->second;
}

bool Prepared::shares_trunk(const PreparedMethod& method, int64_t length, int64_t other_length,
                            int64_t tokens) const {
  if (length == other_length) return true;
  const auto [known, is_new] = shared_.try_emplace({method.name, length, other_length, tokens});
  if (is_new) {
    known->second = scalings::share_trunk(
        scalings::make_layer_plans(method.chain, context(length)),
        scalings::make_layer_plans(method.chain, context(other_length)), tokens);
  }
  return known->second;
}

base::Json Prepared::identity() const {
  base::Json corpora = base::Json::object();
  for (size_t i = 0; i < evals_.size(); ++i) {
    if (!evals_[i].corpus_fingerprint.empty()) {
      corpora[std::to_string(i)] = evals_[i].corpus_fingerprint;
    }
  }
  const std::optional<evals::Token> bos = subject_.tokenizer()->bos();
  return {{"experiment", fingerprint(experiment_)},
          {"weights", subject_.weights_fingerprint()},
          {"computation", subject_.computation()},
          {"tokenizer", subject_.tokenizer()->fingerprint()},
          {"bos", bos ? base::Json(*bos) : base::Json()},
          {"trained_length", subject_.shape().trained_length},
          {"shape",
           {{"head_dim", subject_.shape().head_dim},
            {"rotary_dim", subject_.shape().rotary_dim},
            {"theta", subject_.shape().theta}}},
          {"configured", subject_.configured_chain()},
          {"corpora", corpora}};
}

std::vector<std::string> Prepared::warnings() const {
  std::vector<std::string> warnings;
  const base::Json configured = subject_.configured_chain();
  // With every default spelled out, as the methods have theirs.
  const base::Json own = scalings::params(scalings::make_chain(configured, "as_configured"));
  for (const PreparedMethod& method : methods_) {
    if (!own.empty() && method.params != own) {
      warnings.push_back(fmt::format("{}: replaces the checkpoint's own rope_scaling {}",
                                     method.name, configured.dump()));
    }
    const auto limit = scalings::stated_limit(method.chain, subject_.shape());
    if (!limit) continue;
    std::vector<int64_t> beyond;
    for (const int64_t length : lengths_of(method)) {
      if (length > *limit) beyond.push_back(length);
    }
    if (!beyond.empty()) {
      warnings.push_back(fmt::format("{}: its own rule ends at {} tokens; beyond it: {}",
                                     method.name, *limit, fmt::join(beyond, ", ")));
    }
  }
  for (const Eval& eval : experiment_.evals) {
    if (!eval.retrieval || eval.retrieval->hay.empty()) continue;
    const auto texts = static_cast<int64_t>(eval.retrieval->hay.size());
    int64_t most = 0;
    for (const auto& [length, trials] : eval.retrieval->trials) most = std::max(most, trials);
    if (most <= texts) continue;
    warnings.push_back(fmt::format(
        "{}: {} trials over {} texts share them, so that no length with more trials than "
        "texts can be certified; name one text per trial",
        eval.retrieval->protocol, most, texts));
  }
  const std::vector<std::string> twins = warnings_of_twins();
  warnings.insert(warnings.end(), twins.begin(), twins.end());
  return warnings;
}

std::set<int64_t> Prepared::lengths_of(const PreparedMethod& method) const {
  std::set<int64_t> lengths;
  for (const Eval& eval : experiment_.evals) {
    if (std::find(eval.methods.begin(), eval.methods.end(), method.name) != eval.methods.end()) {
      lengths.insert(eval.lengths.begin(), eval.lengths.end());
    }
  }
  return lengths;
}

std::vector<std::string> Prepared::warnings_of_twins() const {
  std::vector<std::string> warnings;
  for (auto one = methods_.begin(); one != methods_.end(); ++one) {
    const std::set<int64_t> lengths = lengths_of(*one);
    for (auto other = std::next(one); other != methods_.end(); ++other) {
      // Equal chains share their cells.
      if (one->params == other->params || lengths != lengths_of(*other)) continue;
      if (!same_plans(*one, *other, lengths)) continue;
      warnings.push_back(
          fmt::format("{} and {} are the same at every length: one of them is work "
                      "done twice",
                      one->name, other->name));
    }
  }
  return warnings;
}

bool Prepared::same_plans(const PreparedMethod& one, const PreparedMethod& other,
                          const std::set<int64_t>& lengths) const {
  for (const int64_t length : lengths) {
    if (plan(one, length) != plan(other, length)) return false;
  }
  // Layer 0 is compared; few methods tell layers apart.
  for (const int64_t length : lengths) {
    scalings::Context context = this->context(length);
    for (context.layer = 1; context.layer < context.layers; ++context.layer) {
      if (scalings::fingerprint(scalings::make_plan(one.chain, context)) !=
          scalings::fingerprint(scalings::make_plan(other.chain, context))) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace sweep
