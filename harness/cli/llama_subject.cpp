#include "harness/cli/llama_subject.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/rand.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "harness/base/printable.h"
#include "harness/checkpoint/open_tokenizer.h"
#include "harness/model/document_rows.h"
#include "harness/model/kernels/attend.h"
#include "harness/model/kernels/llama_ops.h"
#include "harness/model/memory.h"
#include "harness/model/scorer.h"
#include "scalings/catalog.h"
#include "scalings/from_hf.h"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
  work();  // the first run pays for caches and thread pools
  const auto start = Clock::now();
  int64_t runs = 0;
  do {
    work();
    ++runs;
  } while (Clock::now() - start < std::chrono::milliseconds(300));
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(runs);
}

/// LibTorch says that memory ran out in words; the runner wants std::bad_alloc.
class ScorerForRunner : public evals::LanguageModel {
 public:
  explicit ScorerForRunner(std::unique_ptr<model::Scorer> scorer) : scorer_(std::move(scorer)) {}

  evals::Scores score(const evals::Document& document, const evals::Progress& progress) override {
    try {
      return scorer_->score(document, progress);
    } catch (const c10::Error& error) {
      const std::string message = error.what_without_backtrace();
      if (message.find("can't allocate memory") != std::string::npos) throw std::bad_alloc();
      throw std::runtime_error(message);
    }
  }

 private:
  const std::unique_ptr<model::Scorer> scorer_;
};

/// The chain in the form that owns nothing: the runner keeps it alive.
std::shared_ptr<const scalings::Chain> borrowed(const scalings::Chain& chain) {
  return {std::shared_ptr<void>(), &chain};
}

}  // namespace

LlamaSubject::LlamaSubject(const sweep::Experiment& experiment)
    : is_bfloat16_(experiment.dtype == "bfloat16") {
  const std::filesystem::path path =
      sweep::locate(experiment.folder, experiment.model).value_or(experiment.model);
  checkpoint::Checkpoint opened = checkpoint::open(path);
  spec_ = opened.spec;
  weights_ = std::move(opened.weights);
  warnings_ = std::move(opened.warnings);
  if (!opened.unmatched.empty()) {
    warnings_.push_back(fmt::format("{}: {} tensors are not used, \"{}\" among them", path.string(),
                                    opened.unmatched.size(),
                                    base::printable(opened.unmatched.front())));
  }
  checkpoint::OpenedTokenizer tokenizer =
      checkpoint::open_tokenizer(path, checkpoint::bos_policy(experiment.bos), spec_.vocabulary);
  tokenizer_ = std::move(tokenizer.tokenizer);
  warnings_.insert(warnings_.end(), tokenizer.warnings.begin(), tokenizer.warnings.end());

  scalings::HfScaling configured = scalings::from_hf(opened.config, opened.config_file);
  configured_ = std::move(configured.chain);
  for (const std::string& warning : configured.warnings) warnings_.push_back(warning);
  const int64_t inferred = checkpoint::length_before_scaling(opened);
  if (!experiment.trained_length) {
    warnings_.push_back(
        fmt::format("trained_length is not given: taken as {} from the checkpoint's config, where "
                    "it is a claim "
                    "and two conventions exist; write \"trained_length\": {} into the experiment "
                    "if it is right",
                    inferred, inferred));
  }
  shape_ = {spec_.head_dim, spec_.rotary_dim, spec_.rope_theta,
            experiment.trained_length.value_or(inferred)};

  const auto dtype = is_bfloat16_ ? at::kBFloat16 : at::kFloat;
  const model::AttentionShape attention{spec_.heads, spec_.kv_heads, spec_.head_dim};
  numerics_ = fmt::format("{} {}, LibTorch {}, {}", experiment.dtype,
                          model::name(model::best_kernel(dtype, attention)), TORCH_VERSION,
                          at::get_cpu_capability());
}

std::string LlamaSubject::weights_fingerprint() const {
  if (fingerprint_.empty()) fingerprint_ = weights_->fingerprint();
  return fingerprint_;
}

base::Json LlamaSubject::computation() const {
  const auto& window = spec_.sliding_window;
  return {{"rms_norm_eps", spec_.rms_norm_eps},
          {"sliding_window", window ? base::Json(*window) : base::Json()}};
}

double LlamaSubject::linear_flops_a_token(bool is_read) const {
  const double hidden = static_cast<double>(spec_.hidden);
  const double keys_and_values = 2 * hidden * spec_.head_dim * spec_.kv_heads;
  const double queries_and_output = 2 * hidden * spec_.head_dim * spec_.heads;
  const double mlp = 3 * hidden * spec_.intermediate;
  const double layers = static_cast<double>(is_read ? spec_.layers : spec_.layers - 1);
  return 2 * (static_cast<double>(spec_.layers) * keys_and_values +
              layers * (queries_and_output + mlp));
}

double LlamaSubject::head_flops_a_token() const {
  return 2.0 * static_cast<double>(spec_.hidden) * spec_.vocabulary;
}

double LlamaSubject::attention_flops_a_pair() const {
  return 4.0 * static_cast<double>(spec_.heads) * spec_.head_dim;
}

int64_t LlamaSubject::peak_bytes(const scalings::LayerPlans& plans, const sweep::Pass& pass) const {
  int64_t rows = pass.branches.empty() ? pass.path - 1 : 0;
  for (const sweep::BranchShape& branch : pass.branches) rows = std::max(rows, branch.fork);
  for (const sweep::BranchShape& branch : pass.branches) {
    rows = model::first_row(branch.fork, rows) + branch.tokens - 1;
  }
  return model::peak_bytes(*weights_, plans,
                           {.compute = compute(),
                            .rows = rows,
                            .scored = pass.scored,
                            .threads = at::get_num_threads()});
}

model::Compute LlamaSubject::compute() const {
  return is_bfloat16_ ? model::Compute::bfloat16 : model::Compute::float32;
}

sweep::Rates LlamaSubject::measure_rates() const {
  const auto dtype = is_bfloat16_ ? at::kBFloat16 : at::kFloat;
  constexpr int64_t rows = 1024;
  constexpr int64_t tokens = 4096;
  const at::Tensor activations = at::rand({rows, spec_.hidden}, dtype);
  const at::Tensor weight = at::rand({spec_.intermediate, spec_.hidden}, dtype);
  const double linear = seconds_of([&] { model::linear(activations, weight, {}); });

  const model::AttentionShape shape{spec_.heads, spec_.kv_heads, spec_.head_dim};
  const at::Tensor query = at::rand({tokens, spec_.heads, spec_.head_dim}, dtype);
  const at::Tensor key = at::rand({tokens, spec_.kv_heads, spec_.head_dim}, dtype);
  const scalings::RotaryPlan plan = scalings::plain_plan({shape_, tokens, 0, 1});
  const model::Kernel kernel = model::best_kernel(dtype, shape);
  const double attention = seconds_of([&] { model::attend(plan, query, key, key, kernel); });
  const double pairs = 0.5 * static_cast<double>(tokens) * (tokens + 1);
  return {2.0 * rows * static_cast<double>(spec_.hidden) * spec_.intermediate / linear,
          4.0 * pairs * spec_.heads * spec_.head_dim / attention};
}

std::unique_ptr<evals::LanguageModel> LlamaSubject::under(const scalings::Chain& chain) const {
  return std::make_unique<ScorerForRunner>(
      std::make_unique<model::Scorer>(weights_, borrowed(chain), shape_.trained_length, compute()));
}

}  // namespace cli
