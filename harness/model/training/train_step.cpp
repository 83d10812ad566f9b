#include "harness/model/training/train_step.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>

#include "harness/model/training/llama_graph.h"
#include "harness/model/training/loss.h"

// at::parallel_for is an inline header: without -fopenmp it silently runs serially.
#ifndef _OPENMP
#error "compile this file with -fopenmp"
#endif

namespace training {
namespace {

struct Shard {
  LossResult loss;
  std::vector<at::Tensor> gradients;
};

Shard run_shard(const TrainableLlama& model, const Batch& batch,
                const std::vector<RotaryTables>& tables, int64_t begin, int64_t end,
                double total_weight) {
  const at::Tensor tokens = batch.tokens.slice(0, begin, end);
  const int64_t length = tokens.size(1) - 1;
  LlamaGraph graph(model);
  const at::Tensor hidden = graph.forward(tokens.slice(1, 0, length).contiguous(), tables);
  Shard shard;
  shard.loss = weighted_cross_entropy(hidden, model.parameters()[model.head()].compute,
                                      tokens.slice(1, 1).flatten(),
                                      batch.weights.slice(0, begin, end).flatten(), total_weight);
  shard.gradients = graph.backward(shard.loss.d_hidden, shard.loss.d_embedding);
  return shard;
}

}  // namespace

BatchGradient batch_gradient(const TrainableLlama& model, const Batch& batch,
                             const std::vector<RotaryTables>& tables, int64_t shard_tokens) {
  const int64_t sequences = batch.weights.size(0);
  const int64_t length = batch.weights.size(1);
  const double total_weight = batch.weights.sum(at::kDouble).item<double>();
  if (!(total_weight > 0)) throw std::invalid_argument("a batch without a weighted target");
  const int64_t per_shard = std::clamp<int64_t>(shard_tokens / length, 1, sequences);
  const int64_t shards = (sequences + per_shard - 1) / per_shard;

  std::vector<std::optional<Shard>> done(static_cast<size_t>(shards));
  std::atomic<int64_t> next{0};
  // Every thread enters even for one shard: inside the region LibTorch's own loops stay serial, so
  // that their reductions do not depend on the number of threads.
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread) {
      for (int64_t shard = next++; shard < shards; shard = next++) {
        done[static_cast<size_t>(shard)] =
            run_shard(model, batch, tables, shard * per_shard,
                      std::min(sequences, (shard + 1) * per_shard), total_weight);
      }
    }
  });

  BatchGradient result;
  std::vector<at::Tensor> nll;
  for (std::optional<Shard>& shard : done) {
    result.loss += shard->loss.loss;
    nll.push_back(shard->loss.nll);
    if (result.gradients.empty()) {
      result.gradients = std::move(shard->gradients);
    } else {
      for (size_t i = 0; i < result.gradients.size(); ++i) {
        result.gradients[i].add_(shard->gradients[i]);
      }
    }
  }
  result.nll = at::cat(nll).view({sequences, length});
  return result;
}

}  // namespace training
