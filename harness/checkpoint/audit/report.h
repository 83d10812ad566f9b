#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/json.h"
#include "harness/checkpoint/audit/claims.h"
#include "harness/checkpoint/audit/compare.h"

namespace audit {

struct Options {
  std::optional<int64_t> stated;                 ///< --claims: the length a README promises
  std::optional<std::filesystem::path> against;  ///< AGAINST
  bool weights = false;                          ///< --weights: compare them number by number
  checkpoint::Links links = checkpoint::Links::none;
};

/// How the tensors stand to LLaMA's.
enum class Verdict {
  same,       ///< LLaMA's structure under LLaMA's names
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
  Claims claims;
  ContextNumbers numbers;
  Findings findings;  ///< errors first
  std::optional<Comparison> against;
};

/// Reads headers and configs of one checkpoint (and of the one it is compared with) and judges
/// them. Throws base::Error only when a path is no folder.
Report make_report(const std::filesystem::path& path, const Options& options);

/// The report for people, and for scripts. The JSON has these keys (schema_version 1):
///
///     checkpoint   path as given
///     structure    {verdict: same | renamed | different | unknown | unread, family, variant,
///     layers,
///                   sizes: {hidden, query rows, ...}, parameters, undecided_by_shape: [[role
///                   ...]], tensors: [{pattern, shape, dtype, count, candidates, role,
///                   standard_name,
///                              ground}], from, remarks}
///     context      {trained, trained_because, claimed, claimed_because, theta,
///     theta_is_configured,
///                   rope_scaling, factor, pairs, pairs_turning_when_trained,
///                   pairs_turning_at_claim, pairs_first_wrapping, kv_bytes_at_claim,
///                   share_trained}; null where unknown
///     findings     [{id, severity: error | warning | note, file, key, value, why, settle}]
///     against      null, or {checkpoint, same_structure, same_shapes, model, sizes, names, config:
///                   [{what, first, second}], weights: null or {tensors: [{name, equal, cosine,
///                   scale}]}}
std::string to_text(const Report& report);
base::Json to_json(const Report& report);

}  // namespace audit
