#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evals/language_model.h"
#include "evals/tokenizer.h"
#include "harness/base/json.h"
#include "harness/sweep/pass.h"
#include "scalings/layer_plans.h"

namespace sweep {

/// Floating-point operations a second.
struct Rates {
  double linear = 0;
  double attention = 0;
};

/// The model that an experiment is about, without a scaling: what the runner needs to know of it.
/// The real one is a LibTorch LLaMA, tests put an oracle in its place.
class Subject {
 public:
  virtual ~Subject() = default;

  virtual std::shared_ptr<const evals::Tokenizer> tokenizer() const = 0;
  virtual scalings::RopeShape shape() const = 0;  ///< trained_length resolved
  virtual int64_t layers() const = 0;

  /// The checkpoint's own rope_scaling as a chain for scalings::make_chain; [] when it has none.
  virtual base::Json configured_chain() const = 0;

  /// SHA-256 of all weights.
  virtual std::string weights_fingerprint() const = 0;

  /// What a config adds to the weights and to shape(): an object of `rms_norm_eps` and of
  /// `sliding_window`, tokens or null.
  virtual base::Json computation() const = 0;

  /// What the numbers depend on besides: "attend avx512-bf16 brgemm, bfloat16, LibTorch 2.13.0".
  virtual std::string numerics() const = 0;

  /// Floating-point operations of all linear layers for one token (2 per weight), without the head.
  /// Of a token whose logits are not read the last layer makes no more than its keys and values.
  virtual double linear_flops_a_token(bool is_read) const = 0;
  /// Of one token's logits.
  virtual double head_flops_a_token() const = 0;
  /// Of one layer, for one pair of query and key token.
  virtual double attention_flops_a_pair() const = 0;
  /// Peak anonymous memory of a pass in which the layers have these plans for the longest path;
  /// mapped weights come on top.
  virtual int64_t peak_bytes(const scalings::LayerPlans& plans, const Pass& pass) const = 0;
  /// What this machine reaches, measured now, in a second or so.
  virtual Rates measure_rates() const = 0;

  /// The model under a chain; the chain must outlive it. score() throws std::bad_alloc when memory
  /// runs out.
  virtual std::unique_ptr<evals::LanguageModel> under(const scalings::Chain& chain) const = 0;
};

}  // namespace sweep
