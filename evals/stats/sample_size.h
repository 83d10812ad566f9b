#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evals/stats/certified_length.h"

namespace evals::stats {

/// Fewest hits of that many trials that certify a length; empty when even all hits do not.
std::optional<int64_t> hits_needed(int64_t trials, Criterion criterion);

/// Fewest trials that can certify a length, all of them hits.
int64_t fewest_trials(Criterion criterion);

/// Probability that a model which is right with probability p certifies one length.
double certification_power(int64_t trials, double p, Criterion criterion);

/// What a number of trials per length can and cannot certify over that many lengths, in words, one
/// sentence a line: the hits needed, and how likely a good model is to pass every length.
std::string sample_size_advice(int64_t trials, int64_t lengths, Criterion criterion);

}  // namespace evals::stats
