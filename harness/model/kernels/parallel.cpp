#include "harness/model/kernels/parallel.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <atomic>

// at::parallel_for is an inline header: without -fopenmp it silently runs serially.
#ifndef _OPENMP
#error "compile this file with -fopenmp"
#endif

namespace model {

void run_queue(int64_t items, const std::function<void(int64_t item)>& work) {
  std::atomic<int64_t> next{0};
  // All threads enter even for a single item: outside a parallel region its GEMMs would be split.
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;
    for (int64_t thread = begin; thread < end; ++thread) {
      for (int64_t item = next++; item < items; item = next++) {
        work(item);
      }
    }
  });
}

}  // namespace model
