#include "harness/sweep/prepared.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "evals/haystack.h"
#include "harness/base/sha256.h"
#include "scalings/catalog.h"

namespace sweep {

Prepared::Prepared(const Experiment& experiment, const Subject& subject)
    : experiment_(experiment), subject_(subject) {
  prepare_methods();
  base::Problems problems;
  for (size_t i = 0; i < experiment_.evals.size(); ++i) {
    const Eval& eval = experiment_.evals[i];
    PreparedEval prepared;
    if (eval.retrieval) {
      prepare_retrieval(*eval.retrieval, eval, fmt::format("/evals/{}", i), prepared, problems);
    } else {
      prepare_perplexity(*eval.perplexity, prepared);
    }
    evals_.push_back(std::move(prepared));
  }
  problems.throw_if_any("");
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

void Prepared::prepare_retrieval(const RetrievalEval& eval, const Eval& whole,
                                 const std::string& place, PreparedEval& prepared,
                                 base::Problems& problems) const {
  const evals::RetrievalProtocol& protocol = *evals::find_retrieval_protocol(eval.protocol);
  if (!eval.hay.empty()) {
    const auto documents = read(eval.hay);
    prepared.corpus_fingerprint = evals::fingerprint(documents);
    prepared.hay = evals::text_haystack(*subject_.tokenizer(), documents);
  }
  prepared.retrieval =
      std::make_shared<evals::Retrieval>(protocol, subject_.tokenizer(), prepared.hay);
  prepared.protocol = evals::protocol_id(protocol, eval.placement, eval.absent);
  const int64_t minimum = prepared.retrieval->minimum_length();
  for (const int64_t length : whole.lengths) {
    if (length < minimum) {
      problems.add(place,
                   fmt::format("{} needs at least {} tokens (got length {})", protocol.name,
                               minimum, length),
                   "leave that length out of this eval with \"lengths\"");
    }
  }
}

void Prepared::prepare_perplexity(const PerplexityEval& eval, PreparedEval& prepared) const {
  prepared.settings.protocol = evals::find_perplexity_protocol(eval.protocol);
  prepared.settings.trained_length = subject_.shape().trained_length;
  prepared.settings.targets = eval.targets;
  prepared.settings.stride = eval.stride;
  prepared.settings.bos = subject_.tokenizer()->bos();
  evals::validate(prepared.settings);
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

int64_t Prepared::path(size_t eval, int64_t length) const {
  int64_t& known = paths_[{eval, length}];
  if (known == 0) {
    const RetrievalEval& asked = *experiment_.evals[eval].retrieval;
    const evals::Trial trial{.seed = experiment_.seed,
                             .length = length,
                             .depth = asked.depths.of_trial(0),
                             .trial = 0,
                             .absent = asked.absent};
    known = evals_[eval].retrieval->prompt(trial).questions.front().path;
  }
  return known;
}

bool Prepared::shares_trunk(const PreparedMethod& method, int64_t shorter, int64_t longer) const {
  const auto [known, is_new] = shared_.try_emplace({method.name, shorter, longer}, true);
  if (!is_new) return known->second;
  scalings::Context small = context(shorter);
  scalings::Context large = context(longer);
  for (int64_t layer = 0; layer < subject_.layers() && known->second; ++layer) {
    small.layer = large.layer = layer;
    known->second = scalings::prefix_equal(scalings::make_plan(method.chain, large),
                                           scalings::make_plan(method.chain, small));
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
  return {{"experiment", fingerprint(experiment_)},
          {"weights", subject_.weights_fingerprint()},
          {"tokenizer", subject_.tokenizer()->fingerprint()},
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
  for (const PreparedMethod& method : methods_) {
    if (!configured.empty() && method.params != configured) {
      warnings.push_back(fmt::format("{}: replaces the checkpoint's own rope_scaling {}",
                                     method.name, configured.dump()));
    }
    const auto limit = scalings::stated_limit(method.chain, subject_.shape());
    if (!limit) continue;
    std::vector<int64_t> beyond;
    for (const Eval& eval : experiment_.evals) {
      const bool takes_part =
          std::find(eval.methods.begin(), eval.methods.end(), method.name) != eval.methods.end();
      for (const int64_t length : eval.lengths) {
        if (takes_part && length > *limit) beyond.push_back(length);
      }
    }
    std::sort(beyond.begin(), beyond.end());
    beyond.erase(std::unique(beyond.begin(), beyond.end()), beyond.end());
    if (!beyond.empty()) {
      warnings.push_back(fmt::format("{}: its own rule ends at {} tokens; beyond it: {}",
                                     method.name, *limit, fmt::join(beyond, ", ")));
    }
  }
  return warnings;
}

}  // namespace sweep
