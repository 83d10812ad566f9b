#pragma once

#include <functional>
#include <memory>
#include <string>

#include "evals/oracle_model.h"
#include "harness/sweep/subject.h"
#include "tests/support/byte_tokenizer.h"

namespace sweep {

/// An oracle as the subject of an experiment, and a place to make it fail.
class OracleSubject : public Subject {
 public:
  evals::OracleTruth truth;
  base::Json configured = base::Json::array();
  double norm_eps = 1e-5;
  /// Called before every score; may throw in the model's place.
  std::function<void(const evals::Document&)> before;
  mutable int64_t documents = 0;
  mutable int64_t tokens = 0;  ///< of trunks and branches

  std::shared_ptr<const evals::Tokenizer> tokenizer() const override { return tokenizer_; }
  scalings::RopeShape shape() const override { return {64, 64, 10000, 512}; }
  int64_t layers() const override { return 2; }
  base::Json configured_chain() const override { return configured; }
  std::string weights_fingerprint() const override { return "oracle"; }
  base::Json computation() const override {
    return {{"rms_norm_eps", norm_eps}, {"sliding_window", nullptr}};
  }
  std::string numerics() const override { return "oracle"; }
  double linear_flops_a_token(bool is_read) const override { return is_read ? 100 : 60; }
  double head_flops_a_token() const override { return 10; }
  double attention_flops_a_pair() const override { return 1; }
  int64_t peak_bytes(const scalings::LayerPlans&, const Pass& pass) const override {
    return 1000 * pass.tokens;
  }
  Rates measure_rates() const override { return {1e6, 1e6}; }

  std::unique_ptr<evals::LanguageModel> under(const scalings::Chain&) const override {
    return std::make_unique<Model>(*this);
  }

 private:
  class Model : public evals::LanguageModel {
   public:
    explicit Model(const OracleSubject& subject) : subject_(subject), oracle_(subject.truth) {}
    evals::Scores score(const evals::Document& document, const evals::Progress& progress) override {
      if (subject_.before) subject_.before(document);
      ++subject_.documents;
      subject_.tokens += static_cast<int64_t>(document.trunk.size());
      for (const evals::Branch& branch : document.branches) {
        subject_.tokens += static_cast<int64_t>(branch.tokens.size());
      }
      return oracle_.score(document, progress);
    }

   private:
    const OracleSubject& subject_;
    evals::OracleModel oracle_;
  };

  const std::shared_ptr<const evals::Tokenizer> tokenizer_ =
      std::make_shared<tests::ByteTokenizer>();
};

}  // namespace sweep
