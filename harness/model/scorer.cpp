#include "harness/model/scorer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/roles.h"
#include "harness/model/forward.h"
#include "harness/model/head.h"
#include "harness/model/memory.h"

namespace model {
namespace {

at::ScalarType scalar_type(Compute compute) {
  return compute == Compute::float32 ? at::kFloat : at::kBFloat16;
}

AttentionShape attention_shape(const checkpoint::LlamaSpec& spec) {
  return {spec.heads, spec.kv_heads, spec.head_dim};
}

void check_vocabulary(const evals::Document& document, int64_t vocabulary) {
  const auto check = [&](const std::vector<evals::Token>& tokens, const std::string& place) {
    for (size_t index = 0; index < tokens.size(); ++index) {
      if (tokens[index] < 0 || tokens[index] >= vocabulary) {
        throw base::Error(base::Fault::input, "document",
                          {fmt::format("{}[{}]", place, index),
                           fmt::format("token {} is outside the model's vocabulary of {}",
                                       tokens[index], vocabulary),
                           "use the tokenizer that belongs to the checkpoint"});
      }
    }
  };
  check(document.trunk, "trunk");
  for (size_t branch = 0; branch < document.branches.size(); ++branch) {
    check(document.branches[branch].tokens, fmt::format("branches[{}]", branch));
  }
}

/// Of a pass among the snapshots of one method: by all that its rows are made of.
std::string snapshot_name(const DocumentRows& rows, const evals::Document& document) {
  return base::Sha256()
      .update(std::as_bytes(std::span(rows.tokens)))
      .update(std::as_bytes(std::span(rows.read)))
      .update(std::as_bytes(std::span(rows.parts)))
      .update(fmt::format("{} {}", rows.trunk_rows, document.trunk.size()))
      .hex();
}

}  // namespace

Scorer::Scorer(std::shared_ptr<const checkpoint::Weights> weights,
               std::shared_ptr<const scalings::Chain> chain, int64_t trained_length,
               Compute compute)
    : weights_(std::move(weights)),
      chain_(std::move(chain)),
      shape_{weights_->spec().head_dim, weights_->spec().rotary_dim, weights_->spec().rope_theta,
             trained_length},
      compute_(compute) {}

std::string Scorer::kernel() const {
  return name(best_kernel(scalar_type(compute_), attention_shape(weights_->spec())));
}

evals::Scores Scorer::score(const evals::Document& document, const evals::Progress& progress) {
  const checkpoint::LlamaSpec& spec = weights_->spec();
  evals::validate(document);
  check_vocabulary(document, spec.vocabulary);
  const at::ScalarType dtype = scalar_type(compute_);
  const Kernel kernel = best_kernel(dtype, attention_shape(spec));
  PathPlans plans(*chain_, shape_, spec.layers);
  std::vector<DocumentRows> passes;
  int64_t total = 0;
  for (const PathGroup& group : group_paths(document, plans)) {
    passes.push_back(lay_out(document, group.scores_trunk, group.branches));
    total += forward_work(spec, passes.back());
  }
  int64_t done = 0;
  int64_t restored = 0;
  const auto report = [&] {
    if (progress.report) progress.report(done, total, restored);
    if (progress.cancelled && progress.cancelled()) {
      throw base::Error(
          base::Fault::cancelled, "document",
          {"", fmt::format("stopped on request after {} of {} token-layers", done, total), ""});
    }
  };
  ForwardHooks hooks{.advance =
                         [&](int64_t rows) {
                           done += rows;
                           report();
                         },
                     .restored =
                         [&](int64_t rows) {
                           done += rows;
                           restored += rows;
                           report();
                         },
                     .snapshots = progress.snapshots,
                     .name = {}};
  evals::Scores scores;
  scores.branches.resize(document.branches.size());
  for (const DocumentRows& rows : passes) {
    if (rows.read.empty()) {
      continue;
    }
    if (progress.snapshots) hooks.name = snapshot_name(rows, document);
    const at::Tensor hidden =
        forward(*weights_, rows, document, plans, dtype, kernel, hooks);  // [read, hidden]
    if (weights_->is_converted(checkpoint::head_role(spec))) {  // its slices are made, not borrowed
      return_free_memory();
    }
    hand_out(score_targets(hidden, *weights_, rows.targets), rows, document, scores);
  }
  if (progress.snapshots) progress.snapshots->clear();
  return scores;
}

}  // namespace model
