#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/json.h"
#include "harness/checkpoint/audit/structure.h"
#include "harness/checkpoint/audit/subject.h"

namespace audit {

/// What a checkpoint's own files say about its context.
struct Claims {
  std::optional<int64_t> max_position;     ///< max_position_embeddings, n_positions or seq_length
  std::optional<int64_t> max_sequence;     ///< max_sequence_length, beside it in some configs
  std::optional<int64_t> original;         ///< original_max_position_embeddings
  std::optional<int64_t> sliding_window;   ///< where the family's attention has one
  std::optional<int64_t> tokenizer_limit;  ///< model_max_length; nothing when "never set" (1e30)
  std::string scaling;                     ///< type of rope_scaling; empty when there is none
  std::optional<double> factor;
  double theta = 10000;         ///< base of RoPE in force
  bool theta_is_there = false;  ///< false: the default of the family
  int64_t rotary_dim = 0;       ///< 0 when positions are not rotary, or unknown

  std::optional<int64_t> trained;  ///< best reading of the length it was trained on, tokens
  std::string trained_because;
  std::optional<int64_t> configured;  ///< the largest length that the files promise
  std::string configured_because;
  std::optional<int64_t> claimed;  ///< the largest length that is promised anywhere
  std::string claimed_because;
  std::string claimed_in;  ///< the file that says so, or --claims
};

/// `stated` is what a README or an article says (--claims).
Claims read_claims(const Subject& subject, std::optional<int64_t> stated);

/// What the claims mean in numbers; 0 where they cannot be known. Pairs are counted with the base
/// in force and without rope_scaling, whatever it is.
struct ContextNumbers {
  int64_t pairs = 0;
  int64_t turning_when_trained = 0;  ///< pairs that complete a turn within the trained length
  int64_t turning_at_claim = 0;
  int64_t first_wrapping = 0;     ///< complete their first turn only beyond the trained length
  int64_t kv_bytes_at_claim = 0;  ///< 16-bit keys and values of one sequence of the claimed length
  double share_trained = 0;       ///< trained length / claimed length, at most 1
};
ContextNumbers context_numbers(const Claims& claims, const Structure& structure);

/// Pairs of RoPE (of rotary_dim / 2) whose wavelength 2 pi theta^(2i/rotary_dim) is at most
/// `length`.
int64_t pairs_completing_a_turn(double theta, int64_t rotary_dim, int64_t length);

/// The largest error of an angle at `position`, in radians, when the inverse frequencies are
/// rounded to a stored dtype (F16, BF16, F32); nothing for another dtype.
std::optional<double> stored_frequency_error(double theta, int64_t rotary_dim, int64_t position,
                                             std::string_view dtype);

/// Contradictions between the claims, and claims that the numbers do not support.
Findings lint_claims(const Subject& subject, const Structure& structure, const Claims& claims);

}  // namespace audit
