#pragma once

#include <memory>

#include "harness/base/json.h"
#include "scalings/scaling.h"

namespace scalings {

using Scaling = std::unique_ptr<const RopeScaling>;

/// Factories, one per line of the catalog. Each asks `params` for its keys, reports what is wrong
/// there, and returns a method all the same: the caller throws when there were problems.
Scaling make_linear(base::StrictObject& params);
Scaling make_ntk(base::StrictObject& params);
Scaling make_ntk_fixed(base::StrictObject& params);
Scaling make_ntk_mixed(base::StrictObject& params);
Scaling make_ntk_by_parts(base::StrictObject& params);
Scaling make_ntk_by_parts_index(base::StrictObject& params);
Scaling make_yarn(base::StrictObject& params);
Scaling make_dynamic_linear(base::StrictObject& params);
Scaling make_dynamic_ntk(base::StrictObject& params);
Scaling make_dynamic_ntk_vllm(base::StrictObject& params);
Scaling make_dynamic_yarn(base::StrictObject& params);
Scaling make_llama3(base::StrictObject& params);
Scaling make_longrope(base::StrictObject& params);
Scaling make_abf(base::StrictObject& params);
Scaling make_proportional(base::StrictObject& params);
Scaling make_cope(base::StrictObject& params);
Scaling make_resonance(base::StrictObject& params);
Scaling make_truncated(base::StrictObject& params);
Scaling make_power(base::StrictObject& params);
Scaling make_log_n(base::StrictObject& params);
Scaling make_temperature(base::StrictObject& params);
Scaling make_self_extend(base::StrictObject& params);
Scaling make_self_extend_shifted(base::StrictObject& params);
Scaling make_llama_cpp_self_extend(base::StrictObject& params);
Scaling make_rerope(base::StrictObject& params);
Scaling make_leaky_rerope(base::StrictObject& params);
Scaling make_dual_chunk(base::StrictObject& params);
Scaling make_string(base::StrictObject& params);
Scaling make_lm_infinite(base::StrictObject& params);
Scaling make_streaming(base::StrictObject& params);
Scaling make_sliding_window(base::StrictObject& params);
Scaling make_apply_to_layers(base::StrictObject& params);

}  // namespace scalings
