// Attention of one layer, causal, 2 heads, against LibTorch's own CPU kernel on the same tensors,
// against the bare products without a softmax, and against what the CPU's multiply-add instructions
// can do at all. Arguments: head_dim, tokens, threads. All sizes take some ten minutes:
//   attention_bench --benchmark_filter=bfloat16/head_dim:64

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <map>
#include <numeric>

#include "harness/model/kernels/attend.h"
#include "harness/model/kernels/parallel.h"
#include "harness/model/kernels/product_portable.h"
#include "tests/bench/instruction_peak.h"

namespace {

constexpr int64_t heads = 2;

/// Useful operations: two products over half of the square.
double flops(int64_t tokens, int64_t head_dim) {
  return 2.0 * static_cast<double>(tokens) * static_cast<double>(tokens) * head_dim * heads;
}

struct Case {
  explicit Case(const benchmark::State& state) : head_dim(state.range(0)), tokens(state.range(1)) {
    at::set_num_threads(static_cast<int>(state.range(2)));
    at::manual_seed(1);
  }
  at::Tensor random(at::ScalarType dtype, std::vector<int64_t> shape) const {
    return at::randn(shape).to(dtype);
  }
  void report(benchmark::State& state) const {
    state.counters["flops"] =
        benchmark::Counter(flops(tokens, head_dim) * static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate);
  }
  int64_t head_dim, tokens;
};

void ours(benchmark::State& state, at::ScalarType dtype) {
  const Case it(state);
  const auto make = [&] { return it.random(dtype, {it.tokens, heads, it.head_dim}); };
  const at::Tensor query = make(), key = make(), value = make();
  const scalings::RotaryPlan plan =
      scalings::plain_plan({{it.head_dim, it.head_dim, 10000, it.tokens}, it.tokens, 0, 1});
  const model::Kernel kernel = model::best_kernel(dtype, {heads, heads, it.head_dim});
  const model::RowPlan rows({{0, 0, it.tokens, &plan}});  // tables: once for all layers
  std::vector<int64_t> all(it.tokens);
  std::iota(all.begin(), all.end(), 0);
  const auto attention = model::make_attention({heads, heads, it.head_dim}, rows, dtype, kernel);
  for (auto _ : state) {
    attention->store(0, key, value);
    benchmark::DoNotOptimize(attention->attend(all, query));
  }
  state.SetLabel(model::name(kernel));
  it.report(state);
}

void libtorch(benchmark::State& state, at::ScalarType dtype) {
  const Case it(state);
  const auto make = [&] { return it.random(dtype, {1, heads, it.tokens, it.head_dim}); };
  const at::Tensor query = make(), key = make(), value = make();
  const c10::InferenceMode inference;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        at::_scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, true));
  }
  it.report(state);
}

constexpr int64_t tile_queries = 128, tile_keys = 512;

/// The two products of a tile as the kernel in use makes them, operands packed.
template <typename T>
struct BrgemmProducts {
  using Operand = T;
  static constexpr bool vnni = !std::is_same_v<T, float>;
  static void score(int64_t width, int64_t dim, const T* query, const T* keys, float* scores) {
    at::native::cpublas::brgemm(tile_queries, width, dim, dim, tile_keys, tile_keys, false, query,
                                keys, scores, vnni);
  }
  static void mix(int64_t width, int64_t dim, bool add, const T* weights, const T* values,
                  float* mixed) {
    at::native::cpublas::brgemm(tile_queries, dim, width, tile_keys, dim, dim, add, weights, values,
                                mixed, vnni);
  }
  static void release() { at::native::cpublas::brgemm_release(vnni); }
};

struct PortableProducts {
  using Operand = float;
  static void score(int64_t width, int64_t dim, const float* query, const float* keys,
                    float* scores) {
    model::portable::multiply({tile_queries, width, dim, query, dim, keys,
                               model::portable::panel * dim, scores, tile_keys, false});
  }
  static void mix(int64_t width, int64_t dim, bool add, const float* weights, const float* values,
                  float* mixed) {
    model::portable::multiply({tile_queries, dim, width, weights, tile_keys, values,
                               model::portable::panel * width, mixed, dim, add});
  }
  static void release() {}
};

/// The products of every tile that ours() visits, nothing between them.
template <typename Products>
void bare_products(benchmark::State& state) {
  using T = typename Products::Operand;
  const Case it(state);
  const auto type = c10::CppTypeToScalarType<T>::value;
  const at::Tensor query = it.random(type, {tile_queries, it.head_dim});
  const at::Tensor key = it.random(type, {it.tokens, it.head_dim});
  const at::Tensor weights = it.random(type, {tile_queries, tile_keys});
  for (auto _ : state) {
    const int64_t blocks = it.tokens / tile_queries;
    model::run_queue(blocks * heads, [&](int64_t item) {
      const int64_t end = (blocks - item / heads) * tile_queries;  // largest first
      thread_local std::vector<float> scores(tile_queries * tile_keys), mixed(tile_queries * 256);
      for (int64_t first = 0; first < end; first += tile_keys) {
        const int64_t width = std::min(tile_keys, end - first);
        const T* packed = key.const_data_ptr<T>() + first * it.head_dim;
        Products::score(width, it.head_dim, query.const_data_ptr<T>(), packed, scores.data());
        Products::mix(width, it.head_dim, first > 0, weights.const_data_ptr<T>(), packed,
                      mixed.data());
      }
      Products::release();
    });
  }
  it.report(state);
}

void bare(benchmark::State& state, at::ScalarType dtype) {
  if (model::best_kernel(dtype, {heads, heads, state.range(0)}) == model::Kernel::portable) {
    bare_products<PortableProducts>(state);
  } else if (dtype == at::kFloat) {
    bare_products<BrgemmProducts<float>>(state);
  } else {
    bare_products<BrgemmProducts<at::BFloat16>>(state);
  }
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{64, 128}, {4096, 16384, 65536}, {1, 2}})
      ->ArgNames({"head_dim", "tokens", "threads"})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(ours, float32, at::kFloat)->Apply(sizes);
BENCHMARK_CAPTURE(libtorch, float32, at::kFloat)->Apply(sizes);
BENCHMARK_CAPTURE(bare, float32, at::kFloat)->Apply(sizes);
BENCHMARK_CAPTURE(ours, bfloat16, at::kBFloat16)->Apply(sizes);
BENCHMARK_CAPTURE(libtorch, bfloat16, at::kBFloat16)->Apply(sizes);
BENCHMARK_CAPTURE(bare, bfloat16, at::kBFloat16)->Apply(sizes);

/// Prints as usual and, at the end, what was measured of one size side by side.
class SideBySide : public benchmark::ConsoleReporter {
 public:
  SideBySide() : ConsoleReporter(OO_Tabular) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        // "ours/float32/head_dim:64/..." -> ours, and the rest
        const std::string name = run.benchmark_name();
        const size_t end = name.find('/');
        double& best = rates_[name.substr(end + 1)][name.substr(0, end)];
        best = std::max(best, run.counters.at("flops").value / 1e9 * share_of_time(run));
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }
  void Finalize() override {
    std::ostream& out = GetOutputStream();
    out << "\nGFLOP/s, best repetition, one thread by processor time and two by the clock;\n"
           "peak: registers only, nothing can be faster\n";
    out << fmt::format("{:64} {:>6} {:>8} {:>6} {:>6} | {:>13} {:>9} {:>13} {:>13}\n", "", "ours",
                       "LibTorch", "bare", "peak", "ours/LibTorch", "ours/bare", "bare/LibTorch",
                       "peak/LibTorch");
    const std::map<std::string, double> peaks = {{"float32", bench::float32_peak() / 1e9},
                                                 {"bfloat16", bench::bfloat16_peak() / 1e9}};
    for (auto& [size, rate] : rates_) {
      const int threads = size.find("threads:2") == std::string::npos ? 1 : 2;
      const double peak = threads * peaks.at(size.substr(0, size.find('/')));
      const double mine = rate["ours"], theirs = rate["libtorch"], products = rate["bare"];
      out << fmt::format(
          "{:64} {:6.1f} {:8.1f} {:6.1f} {:6.1f} | {:13.2f} {:9.2f} {:13.2f} {:13.2f}\n", size,
          mine, theirs, products, peak, mine / theirs, mine / products, products / theirs,
          peak / theirs);
    }
  }

 private:
  /// One thread is judged by its processor time: other work on the machine does not change that.
  static double share_of_time(const Run& run) {
    const bool has_one_thread = run.benchmark_name().find("threads:1") != std::string::npos;
    return has_one_thread ? run.real_accumulated_time / run.cpu_accumulated_time : 1;
  }

  std::map<std::string, std::map<std::string, double>> rates_;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  SideBySide reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
