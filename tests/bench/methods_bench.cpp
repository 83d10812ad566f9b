// What methods that change the spans cost: one layer of 3 heads of 64, from the chain to the answer
// (plan, tables, rotation and packing of keys, attention). To hold: grouped and chunked methods at
// 65,536 tokens <= 1.5x plain, bands at 131,072 tokens <= 2.3x themselves at 65,536.
//   methods_bench --benchmark_repetitions=3 --benchmark_enable_random_interleaving=true

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <numeric>

#include "harness/model/kernels/attend.h"
#include "scalings/catalog.h"

namespace {

constexpr model::AttentionShape shape{3, 3, 64};
constexpr int64_t trained_length = 4096;

void attend(benchmark::State& state, at::ScalarType dtype, const char* methods) {
  const int64_t tokens = state.range(0);
  at::set_num_threads(2);
  at::manual_seed(1);
  const auto make = [&] { return at::randn({tokens, shape.heads, shape.head_dim}).to(dtype); };
  const at::Tensor query = make(), key = make(), value = make();
  const scalings::Chain chain = scalings::make_chain(nlohmann::json::parse(methods), "methods");
  const model::Kernel kernel = model::best_kernel(dtype, shape);
  for (auto _ : state) {
    const scalings::RotaryPlan plan = scalings::make_plan(
        chain, {{shape.head_dim, shape.head_dim, 10000, trained_length}, tokens, 0, 1});
    benchmark::DoNotOptimize(model::attend(plan, query, key, value, kernel));
  }
  state.SetLabel(model::name(kernel));
}

constexpr const char* plain = "[]";
constexpr const char* self_extend = R"([{"type": "self_extend", "group": 32, "window": 1024}])";
constexpr const char* dual_chunk = R"([{"type": "dual_chunk", "chunk": 3072, "local": 512}])";
constexpr const char* streaming = R"([{"type": "streaming", "sinks": 4, "window": 4092}])";
constexpr const char* sliding_window = R"([{"type": "sliding_window", "window": 4096}])";

void once(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("tokens")->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(1);
}
void at_64k(benchmark::internal::Benchmark* benchmark) {
  once(benchmark);
  benchmark->Arg(65536);
}
void at_64k_and_128k(benchmark::internal::Benchmark* benchmark) {
  at_64k(benchmark);
  benchmark->Arg(131072);
}

BENCHMARK_CAPTURE(attend, bfloat16 / plain, at::kBFloat16, plain)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, bfloat16 / self_extend, at::kBFloat16, self_extend)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, bfloat16 / dual_chunk, at::kBFloat16, dual_chunk)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, bfloat16 / streaming, at::kBFloat16, streaming)->Apply(at_64k_and_128k);
BENCHMARK_CAPTURE(attend, bfloat16 / sliding_window, at::kBFloat16, sliding_window)
    ->Apply(at_64k_and_128k);
BENCHMARK_CAPTURE(attend, float32 / plain, at::kFloat, plain)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, float32 / self_extend, at::kFloat, self_extend)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, float32 / dual_chunk, at::kFloat, dual_chunk)->Apply(at_64k);
BENCHMARK_CAPTURE(attend, float32 / streaming, at::kFloat, streaming)->Apply(at_64k_and_128k);
BENCHMARK_CAPTURE(attend, float32 / sliding_window, at::kFloat, sliding_window)
    ->Apply(at_64k_and_128k);

}  // namespace
