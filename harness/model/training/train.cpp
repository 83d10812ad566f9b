#include "harness/model/training/train.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/file_lock.h"
#include "harness/base/sha256.h"
#include "harness/checkpoint/checkpoint.h"
#include "harness/checkpoint/sentencepiece_tokenizer.h"
#include "harness/model/training/mixture.h"
#include "harness/model/training/model_card.h"
#include "harness/model/training/model_export.h"
#include "harness/model/training/tokenizer_trainer.h"
#include "harness/model/training/train_folder.h"
#include "harness/model/training/train_log.h"
#include "harness/model/training/train_schedule.h"
#include "harness/model/training/train_state.h"
#include "scalings/catalog.h"

namespace training {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A loss this far above its running mean, for this many steps, will not come back by itself.
constexpr double kSpikeNats = 3.0;
constexpr int64_t kSpikeSteps = 20;
constexpr double kSmoothing = 0.98;

scalings::Chain chain_of(const TrainConfig& config) {
  return scalings::make_chain(config.scaling, "scaling");
}

class Run {
 public:
  Run(const TrainConfig& config, const std::optional<std::filesystem::path>& from,
      const std::filesystem::path& out, const TrainHooks& hooks)
      : config_(config), out_(out), hooks_(hooks), log_(out / "log.jsonl") {
    if (from) {
      take_model(*from);
    } else {
      describe_model();
    }
    const bool resumes = std::filesystem::exists(state_path(out));
    if (from || resumes) {
      read_material(from.value_or(out));
      if (resumes) resume();  // of another run's checkpoint refused, before anything is written
      claim_folder(from);
    } else {
      claim_folder(from);
      note("training the tokenizer");
      train_tokenizer(config.corpus, spec_.vocabulary, config.longest(), out);
      read_material(out);
    }
  }

  void train() {
    const scalings::Chain chain = chain_of(config_);
    std::set<int64_t> lengths;
    for (const Phase& phase : config_.phases) lengths.insert(phase.length);
    const HfRope rope = hf_rope(chain, shape_, spec_.layers, lengths);
    const Mixture mixture(config_, material_);
    log_.keep_until(state_.step);
    const int64_t steps = steps_of(config_);
    last_save_ = Clock::now();
    while (state_.step < steps) {
      step(chain, mixture, steps);
      const bool is_cancelled = hooks_.cancelled && hooks_.cancelled();
      if (is_cancelled || seconds_since(last_save_) >= config_.checkpoint_seconds) save();
      if (is_cancelled && state_.step < steps) {
        throw base::Error(base::Fault::cancelled, out_.string(),
                          {"", fmt::format("stopped on request at step {}", state_.step),
                           "run the same command again to go on"});
      }
    }
    export_model(*model_, config_, rope, *material_.tokenizer, out_);
    write_model_card({config_, spec_, material_, state_.seconds}, out_);
    std::filesystem::remove(state_path(out_));
  }

 private:
  /// Shape and weights of the model to continue from.
  void take_model(const std::filesystem::path& from) {
    const checkpoint::Checkpoint opened = checkpoint::open(from);
    spec_ = opened.spec;
    identity_.update(opened.weights->fingerprint());
    if (!spec_.rope_scaling.is_null()) {
      note(fmt::format("{} has rope_scaling {}: replaced by the config's scaling {}", from.string(),
                       spec_.rope_scaling.dump(), config_.scaling.dump()));
    }
    const int64_t trained = checkpoint::length_before_scaling(opened);
    if (trained != spec_.max_position_embeddings) {
      note(fmt::format(
          "{} was trained on {} tokens and then stretched to {}: scaled from the former",
          from.string(), trained, spec_.max_position_embeddings));
      // Of no other run: what the identity of theirs was, it still is.
      identity_.update(fmt::format("trained on {}", trained));
    }
    make_model(trained);
    import_weights(*opened.weights, *model_);
  }

  void describe_model() {
    spec_ = *config_.model;
    spec_.max_position_embeddings = config_.longest();
    make_model(config_.longest());
  }

  void make_model(int64_t trained_length) {
    model_ = std::make_unique<TrainableLlama>(spec_, config_.bfloat16 ? at::kBFloat16 : at::kFloat,
                                              config_.seed);
    shape_ = {spec_.head_dim, spec_.rotary_dim, spec_.rope_theta, trained_length};
  }

  /// The corpus, by the tokenizer in `folder`.
  void read_material(const std::filesystem::path& folder) {
    material_.seed = config_.seed;
    material_.tokenizer = std::make_shared<checkpoint::SentencePieceTokenizer>(
        folder, checkpoint::BosPolicy::automatic, spec_.vocabulary);
    material_.documents = evals::read_corpus(config_.corpus, *material_.tokenizer);
    identity_.update(base::canonical_json(run_json()))
        .update(evals::fingerprint(material_.documents))
        .update(material_.tokenizer->fingerprint());
    identity_hex_ = identity_.hex();
    int64_t tokens = 0;
    for (const evals::CorpusDocument& document : material_.documents) tokens += document.length();
    note(fmt::format("corpus: {} documents, {} tokens", material_.documents.size(), tokens));
  }

  void resume() {
    state_ = load_state(state_path(out_), *model_, identity_hex_).value();
    note(fmt::format("resumed at step {}", state_.step));
  }

  /// From here on the folder is this run's.
  void claim_folder(const std::optional<std::filesystem::path>& from) {
    lock_.emplace(out_ / "lock", "this model", "wait for it, or name another --out");
    base::write_file_atomically(out_ / "train_config.json", config_.source.dump(1) + "\n");
    if (from) copy_tokenizer(*from, out_);
  }

  /// What determines the result: all of the config but how often it saves and logs, and where the
  /// corpus lies.
  base::Json run_json() const {
    base::Json json = config_.source;
    for (const char* key : {"checkpoint_seconds", "log_every", "corpus"}) json.erase(key);
    return json;
  }

  void note(const std::string& line) const {
    if (hooks_.note) hooks_.note(line);
  }

  void save() {
    save_state(state_path(out_), *model_, state_, identity_hex_);
    last_save_ = Clock::now();
    note(fmt::format("saved step {}", state_.step));
  }

  /// One table per layer; layers of equal plans share it.
  const std::vector<RotaryTables>& tables(const scalings::Chain& chain, int64_t length) {
    std::vector<RotaryTables>& tables = tables_[length];
    std::optional<scalings::RotaryPlan> last;
    while (std::ssize(tables) < spec_.layers) {
      const scalings::Context context{shape_, length, std::ssize(tables), spec_.layers};
      const scalings::RotaryPlan plan = scalings::make_plan(chain, context);
      tables.push_back(last && plan == *last ? tables.back() : rotary_tables(plan, shape_));
      last = plan;
    }
    return tables;
  }

  void step(const scalings::Chain& chain, const Mixture& mixture, int64_t steps) {
    const Clock::time_point start = Clock::now();
    const StepPlace place = place_of(config_, state_.step);
    const Phase& phase = config_.phases[place.phase];
    const MixedBatch mixed = mixture.batch(phase, state_.step);
    const BatchGradient result =
        batch_gradient(*model_, mixed.batch, tables(chain, phase.length), config_.shard_tokens);
    const double norm = gradient_norm(result.gradients);
    watch(result.loss, norm);
    const double rate = learning_rate(config_, state_.step, place.tokens_before);
    ++state_.step;
    adamw_step(config_.optimizer, rate, state_.step, result.gradients, norm, model_->parameters());
    model_->refresh();
    const double seconds = seconds_since(start);
    state_.seconds += seconds;
    interval_seconds_ += seconds;
    interval_tokens_ += tokens_per_step(phase);
    if (state_.step % config_.log_every != 0 && state_.step != steps) return;
    TrainProgress progress;
    progress.step = state_.step;
    progress.steps = steps;
    progress.tokens = place.tokens_before + tokens_per_step(phase);
    progress.total_tokens = config_.total_tokens();
    progress.length = phase.length;
    progress.loss = result.loss;
    progress.nll = nll_by_source(mixed, result.nll);
    progress.learning_rate = rate;
    progress.gradient_norm = norm;
    progress.tokens_per_second = static_cast<double>(interval_tokens_) / interval_seconds_;
    progress.eta_seconds =
        static_cast<double>(progress.total_tokens - progress.tokens) / progress.tokens_per_second;
    interval_seconds_ = 0;
    interval_tokens_ = 0;
    log_.append(progress);
    if (hooks_.report) hooks_.report(progress);
  }

  /// Refuses to apply a step that is not finite, or to go on in a spike that does not end.
  void watch(double loss, double norm) {
    const auto stop = [&](const std::string& cause) {
      throw base::Error(
          base::Fault::cancelled, out_.string(),
          {fmt::format("step {}", state_.step), cause,
           "the last good checkpoint is kept; lower optimizer/learning_rate or change the seed"});
    };
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
      stop(fmt::format("loss {} and gradient norm {} are not finite", loss, norm));
    }
    const bool is_warm = state_.step > config_.warmup_steps;
    if (is_warm && loss > state_.smoothed_loss + kSpikeNats) {
      if (++state_.steps_in_spike >= kSpikeSteps) {
        stop(fmt::format("loss {:.3f} has been {} nats above its mean for {} steps", loss,
                         kSpikeNats, kSpikeSteps));
      }
      return;
    }
    state_.steps_in_spike = 0;
    state_.smoothed_loss =
        state_.step == 0 ? loss : kSmoothing * state_.smoothed_loss + (1.0 - kSmoothing) * loss;
  }

  const TrainConfig& config_;
  std::filesystem::path out_;
  std::optional<base::FileLock> lock_;
  const TrainHooks& hooks_;
  TrainLog log_;
  checkpoint::LlamaSpec spec_;
  scalings::RopeShape shape_;
  std::unique_ptr<TrainableLlama> model_;
  SourceMaterial material_;
  base::Sha256 identity_;
  std::string identity_hex_;
  TrainState state_;
  std::map<int64_t, std::vector<RotaryTables>> tables_;  ///< by length
  Clock::time_point last_save_;
  double interval_seconds_ = 0;
  int64_t interval_tokens_ = 0;
};

}  // namespace

void train(const TrainConfig& config, const std::optional<std::filesystem::path>& from,
           const std::filesystem::path& out, const TrainHooks& hooks) {
  if (from.has_value() == config.model.has_value()) {
    throw base::Error(
        base::Fault::input, "model",
        {"/model",
         from ? "a run that continues from a model takes its shape from there" : "missing",
         from ? "remove it from the config" : "give it, or continue from a model"});
  }
  if (from) require_sentencepiece(*from);
  require_own(out);
  base::create_folder(out);
  Run(config, from, out, hooks).train();
}

}  // namespace training
