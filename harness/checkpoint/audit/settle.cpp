#include "harness/checkpoint/audit/settle.h"

#include <fmt/format.h>

#include <algorithm>

namespace audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view opening = "printf '%s' ";

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// Within the claim: no experiment is trained on more than it asks for.
int64_t trained_length(const Claims& claims) {
  return std::min(claims.trained.value_or(4096), claims.claimed.value_or(4096));
}

/// Writes NAME.json and runs it into runs/NAME.
std::string command(const std::string& name, const Subject& subject, const Structure& structure,
                    const Claims& claims, const Json& methods, const Json& lengths) {
  if (structure.readings.empty() || !is_llama(*structure.readings.front().architecture)) {
    return "measure it with a tool that computes this architecture; Ropewalk does not";
  }
  Json experiment;
  experiment["model"] = subject.path;
  experiment["trained_length"] = trained_length(claims);
  experiment["dtype"] = "bfloat16";
  experiment["seed"] = 1;
  experiment["baseline"] = "plain";
  experiment["methods"] = methods;
  experiment["evals"] = {{{"type", "passkey"},
                          {"protocol", "landmark"},
                          {"placement", "per-length"},
                          {"trials", 50},
                          {"depths", 10}}};
  experiment["lengths"] = lengths;
  const std::string text = experiment.dump(-1, ' ', false, Json::error_handler_t::replace);
  return fmt::format("{0}{1} > {2}.json && ropewalk sweep {2}.json --out runs/{2}", opening,
                     shell_quoted(text), name);
}

}  // namespace

std::string sweep_command(const Subject& subject, const Structure& structure,
                          const Claims& claims) {
  Json methods = {{"plain", Json::array()}};
  if (!claims.scaling.empty()) methods["as_configured"] = "as_configured";
  // Doubling up to the claim itself, from the trained length or, where that is the claim, from an
  // eighth of it.
  const int64_t trained = trained_length(claims);
  const int64_t claimed = claims.claimed.value_or(trained);
  int64_t first = std::max<int64_t>(trained, claimed / 64);
  if (first >= claimed) first = std::max<int64_t>(claimed / 8, 1);
  Json lengths = Json::array();
  for (int64_t length = first; length < claimed; length *= 2) lengths.push_back(length);
  lengths.push_back(claimed);
  return command("claim", subject, structure, claims, methods, lengths);
}

std::string base_command(const Subject& subject, const Structure& structure, const Claims& claims,
                         const std::vector<double>& bases) {
  Json methods = {{"plain", Json::array()}};
  for (const double base : bases) {
    methods[fmt::format("base-{:.0f}", base)] = {{{"type", "abf"}, {"theta", base}}};
  }
  const int64_t length = std::min<int64_t>(trained_length(claims), 4096);
  return command("base", subject, structure, claims, methods, Json::array({length}));
}

bool is_command(const std::string& settle) { return settle.starts_with(opening); }

}  // namespace audit
