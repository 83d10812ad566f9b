#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/json.h"
#include "harness/checkpoint/audit/claims.h"
#include "harness/checkpoint/audit/compare.h"
#include "harness/checkpoint/audit/nearest.h"

namespace audit {

struct Options {
  std::optional<int64_t> stated;                 ///< --claims: the length a README promises
  std::optional<std::filesystem::path> against;  ///< AGAINST
  bool weights = false;                          ///< --weights: compare them number by number
  checkpoint::Links links = checkpoint::Links::none;
};

/// How the tensors stand to LLaMA's.
enum class Verdict {
  same,       ///< LLaMA's structure under LLaMA's names, or in a GGUF file under GGUF's for it
  renamed,    ///< LLaMA's structure under other names
  different,  ///< another known architecture
  unknown,    ///< no architecture of the table has these shapes
  unread,     ///< no tensors could be read
};
std::string_view name_of(Verdict verdict);

/// Everything that an audit says, as data.
struct Report {
  Examined examined;
  Verdict verdict = Verdict::unread;
  std::optional<Nearest> nearest;  ///< of an unknown structure
  Claims claims;
  ContextNumbers numbers;
  Findings findings;  ///< errors first
  std::optional<Comparison> against;
};

/// Reads headers and configs of one checkpoint (and of the one it is compared with) and judges
/// them. Throws base::Error only when a path is neither a folder nor a GGUF file, or `path` a
/// folder with nothing of a checkpoint in it.
Report make_report(const std::filesystem::path& path, const Options& options);

/// The same of a checkpoint that was examined already.
Report make_report(Examined examined, const Options& options);

/// The report for people.
std::string to_text(const Report& report);

/// The report for scripts. Every key is always there; null where nothing is known.
///
///     schema_version   1
///     checkpoint       path as given
///     structure
///       verdict        same | renamed | different | unknown | unread (see Verdict)
///       family         "LLaMA", ...; null for an unknown structure, as what follows
///       variant        what is added or left out; null for the plain form
///       remarks        how the family differs from LLaMA; null for LLaMA
///       layers
///       sizes          {hidden, query_rows, key_value_rows, intermediate, vocabulary, ...}
///       parameters
///       nearest        for an unknown structure: null, or
///                      {family, variant, beyond: [pattern, ...]}
///       from           the file that named the tensors
///       undecided_by_shape   [[role, ...], ...]: roles that no shape tells apart
///       tensors        [{pattern, shape, dtype, count, candidates, role, standard_name, ground}]
///                      where {} in a pattern is the layer's number, candidates are roles by
///                      shape alone, and ground is what decided among them (see Ground)
///     context
///       trained, trained_because              tokens, and the reading of the files behind it
///       claimed, claimed_because, claimed_in  tokens, who says so, and in which file
///       theta, theta_is_configured, rope_scaling, factor, sliding_window
///       pairs, pairs_turning_when_trained, pairs_turning_at_claim, pairs_first_wrapping
///       kv_bytes_at_claim, share_trained
///     findings         [{id, severity, file, key, value, why, settle}]
///                      severity: error | warning | note
///     against          null, or
///       checkpoint, same_family, same_structure, same_shapes, model
///       tensors        how many the first has
///       tensors_matching   of these, how many have a counterpart of the same shape
///       sizes, names, config   [{what, first, second}]
///       weights        null, or {tensors: [{name, equal, cosine, scale}]}
base::Json to_json(const Report& report);

}  // namespace audit
