#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/checkpoint/llama_spec.h"
#include "harness/model/training/adamw.h"
#include "scalings/scaling.h"

namespace training {

/// Where training sequences come from (mixture.h says what each kind builds).
struct SourceConfig {
  enum class Kind { text, copy, retrieval };
  Kind kind = Kind::text;
  // retrieval
  std::string protocol;        ///< of evals: "passkey/landmark"
  bool text_haystack = false;  ///< sentences of the corpus instead of the protocol's own hay
  // copy: a block of random ids, some text, the block again
  int64_t shortest_block = 6, longest_block = 48;  ///< ids
  std::vector<int64_t> pools = {32, 128, 2000};    ///< ids drawn for a block to be made of
  int64_t longest_gap = 200;                       ///< tokens of text between block and copy
  // weight of a target in the loss
  double filler_weight = 1.0;  ///< text; hay and fixed parts of a prompt; gaps
  double copy_weight = 1.0;    ///< what can be copied: second block, second naming of the key
  double answer_weight = 1.0;  ///< the answer of a prompt
};

struct Phase {
  int64_t length = 0;                     ///< tokens of a sequence
  int64_t tokens = 0;                     ///< targets seen in this phase, rounded up to batches
  int64_t batch_tokens = 0;               ///< targets of one optimizer step
  std::map<std::string, double> mixture;  ///< share of sequences by source
};

/// One training run, as configs/train/*.json says it.
struct TrainConfig {
  std::optional<checkpoint::LlamaSpec> model;  ///< absent: continue from a given model
  std::vector<std::filesystem::path> corpus;   ///< text files, sorted, folders expanded
  std::map<std::string, SourceConfig> sources;
  std::vector<Phase> phases;
  base::Json scaling = base::Json::array();  ///< a chain, active in every step
  int64_t seed = 1;
  bool bfloat16 = true;         ///< compute; masters are float32
  bool export_bfloat16 = true;  ///< the result's weights
  AdamWConfig optimizer;
  int64_t warmup_steps = 200;
  double final_fraction = 0.05;  ///< of the peak learning rate, at the end of the cosine
  int64_t shard_tokens = 4096;   ///< one thread's part of a batch
  double checkpoint_seconds = 180;
  int64_t log_every = 10;  ///< steps
  base::Json source;       ///< as it was read

  int64_t longest() const;       ///< longest phase
  int64_t total_tokens() const;  ///< over all phases, whole batches
};

/// Reads a config strictly: unknown keys, wrong values and inconsistent phases become one
/// base::Error with every problem's JSON path. Corpus paths are relative to the config's folder,
/// or to the working directory when they are not found there; a folder stands for its *.txt files.
TrainConfig read_train_config(const std::filesystem::path& path);

}  // namespace training
