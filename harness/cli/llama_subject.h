#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/checkpoint/checkpoint.h"
#include "harness/model/scorer.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/subject.h"

namespace cli {

/// A checkpoint as the subject of an experiment: a LibTorch LLaMA behind sweep::Subject.
class LlamaSubject : public sweep::Subject {
 public:
  /// Opens model and tokenizer of an experiment. Throws base::Error.
  explicit LlamaSubject(const sweep::Experiment& experiment);

  std::shared_ptr<const evals::Tokenizer> tokenizer() const override { return tokenizer_; }
  scalings::RopeShape shape() const override { return shape_; }
  int64_t layers() const override { return spec_.layers; }
  base::Json configured_chain() const override { return configured_; }
  std::string weights_fingerprint() const override;
  base::Json computation() const override;
  std::string numerics() const override { return numerics_; }
  double linear_flops_a_token(bool is_read) const override;
  double head_flops_a_token() const override;
  double attention_flops_a_pair() const override;
  int64_t peak_bytes(const scalings::LayerPlans& plans, const sweep::Pass& pass) const override;
  sweep::Rates measure_rates() const override;
  std::unique_ptr<evals::LanguageModel> under(const scalings::Chain& chain) const override;

  /// Defaults taken, keys ignored, a trained length that had to be inferred ...
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  model::Compute compute() const;

  checkpoint::LlamaSpec spec_;
  std::shared_ptr<const checkpoint::Weights> weights_;
  std::shared_ptr<const evals::Tokenizer> tokenizer_;
  scalings::RopeShape shape_;
  base::Json configured_;
  bool is_bfloat16_ = false;
  std::string numerics_;
  mutable std::string fingerprint_;
  std::vector<std::string> warnings_;
};

}  // namespace cli
