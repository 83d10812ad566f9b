#include "harness/checkpoint/audit/settle.h"

#include <fmt/format.h>

#include <algorithm>

namespace audit {
namespace {

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string sweep_command(const Subject& subject, const Claims& claims) {
  const int64_t claimed = claims.claimed.value_or(4096);
  const int64_t trained = std::min(claims.trained.value_or(4096), claimed);
  nlohmann::ordered_json experiment;
  experiment["model"] = subject.path;
  experiment["trained_length"] = trained;
  experiment["dtype"] = "bfloat16";
  experiment["seed"] = 1;
  experiment["baseline"] = "plain";
  experiment["methods"]["plain"] = nlohmann::ordered_json::array();
  if (!claims.scaling.empty()) {
    experiment["methods"]["as_configured"] = {{{"type", "as_configured"}}};
  }
  experiment["evals"] = {{{"type", "passkey"},
                          {"protocol", "landmark"},
                          {"placement", "per-length"},
                          {"trials", 50},
                          {"depths", 10}}};
  // From an eighth of the claim at most, doubling; the claim itself last.
  int64_t first = std::max<int64_t>(trained, claimed / 64);
  if (first >= claimed) first = std::max<int64_t>(claimed / 8, 1);
  for (int64_t length = first; length < claimed; length *= 2)
    experiment["lengths"].push_back(length);
  experiment["lengths"].push_back(claimed);
  const std::string text =
      experiment.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return fmt::format("printf '%s' {} > claim.json && ropewalk sweep claim.json --out runs/claim",
                     shell_quoted(text));
}

}  // namespace audit
