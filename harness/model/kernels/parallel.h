#pragma once

#include <cstdint>
#include <functional>

namespace model {

/// Runs work(0) ... work(items - 1), started in that order from one queue by at::get_num_threads()
/// threads. Inside, LibTorch runs single-threaded and without autograd, so that the bits of an item
/// do not depend on the number of threads. The first exception is rethrown to the caller.
void run_queue(int64_t items, const std::function<void(int64_t item)>& work);

}  // namespace model
