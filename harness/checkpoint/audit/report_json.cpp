#include <cmath>

#include "harness/checkpoint/audit/report.h"
#include "harness/checkpoint/audit/summary.h"

namespace audit {
namespace {

using base::Json;

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json positive_or_null(int64_t value) { return value > 0 ? Json(value) : Json(); }
Json text_or_null(std::string_view text) { return text.empty() ? Json() : Json(text); }

/// "key/value rows" -> "key_value_rows".
std::string key(std::string_view words) {
  std::string text(words);
  for (char& c : text) {
    if (c == ' ' || c == '/') c = '_';
  }
  return text;
}

Json structure_json(const Report& report) {
  const Examined& examined = report.examined;
  Json tensors = Json::array();
  const auto add = [&](const Pattern& pattern, const NamedRole* name) {
    tensors.push_back({{"pattern", pattern.text},
                       {"shape", pattern.shape},
                       {"dtype", pattern.dtype},
                       {"count", pattern.count},
                       {"candidates", name ? Json(name->candidates) : Json::array()},
                       {"role", text_or_null(name ? name->role : "")},
                       {"standard_name", text_or_null(name ? name->standard_name : "")},
                       {"ground", name ? Json(name_of(name->ground)) : Json()}});
  };
  for (const NamedRole& name : examined.names) add(name.pattern, &name);
  if (examined.names.empty()) {
    for (const Pattern& pattern : find_patterns(examined.subject.tensors)) add(pattern, nullptr);
  }
  Json json = {{"verdict", name_of(report.verdict)},
               {"from", text_or_null(examined.subject.tensors_from)},
               {"tensors", tensors},
               {"parameters", positive_or_null(parameters(examined.subject))},
               {"undecided_by_shape", undecided_by_shape(examined.structure)},
               {"family", nullptr},
               {"variant", nullptr},
               {"layers", nullptr},
               {"sizes", nullptr},
               {"remarks", nullptr},
               {"nearest", nullptr}};
  if (report.nearest) {
    json["nearest"] = {{"family", report.nearest->reading.architecture->family},
                       {"variant", text_or_null(report.nearest->reading.architecture->variant)},
                       {"beyond", Json::array()}};
    for (const Pattern& pattern : report.nearest->beyond) {
      json["nearest"]["beyond"].push_back(pattern.text);
    }
  }
  if (examined.structure.readings.empty()) return json;
  const Reading& reading = examined.structure.readings.front();
  json["family"] = reading.architecture->family;
  json["variant"] = text_or_null(reading.architecture->variant);
  json["layers"] = reading.layers;
  json["remarks"] = text_or_null(reading.architecture->remarks);
  for (size_t i = 0; i < dim_count; ++i) {
    const bool is_size = reading.dims[i] > 0 && static_cast<Dim>(i) != Dim::one;
    if (is_size) json["sizes"][key(name_of(static_cast<Dim>(i)))] = reading.dims[i];
  }
  return json;
}

Json context_json(const Report& report) {
  const Claims& claims = report.claims;
  const ContextNumbers& numbers = report.numbers;
  const bool rotates = numbers.pairs > 0;
  return {{"trained", or_null(claims.trained)},
          {"trained_because", text_or_null(claims.trained ? claims.trained_because : "")},
          {"claimed", or_null(claims.claimed)},
          {"claimed_because", text_or_null(claims.claimed_because)},
          {"claimed_in", text_or_null(claims.claimed_in)},
          {"theta", rotates ? Json(claims.theta) : Json()},
          {"theta_is_configured", claims.theta_is_there},
          {"rope_scaling", text_or_null(claims.scaling)},
          {"factor", or_null(claims.factor)},
          {"sliding_window", or_null(claims.sliding_window)},
          {"pairs", positive_or_null(numbers.pairs)},
          {"pairs_turning_when_trained", rotates ? Json(numbers.turning_when_trained) : Json()},
          {"pairs_turning_at_claim", rotates ? Json(numbers.turning_at_claim) : Json()},
          {"pairs_first_wrapping", rotates ? Json(numbers.first_wrapping) : Json()},
          {"kv_bytes_at_claim", positive_or_null(numbers.kv_bytes_at_claim)},
          {"share_trained", numbers.share_trained > 0 ? Json(numbers.share_trained) : Json()}};
}

Json differences_json(const std::vector<Difference>& differences) {
  Json json = Json::array();
  for (const Difference& difference : differences) {
    json.push_back({{"what", difference.what},
                    {"first", text_or_null(difference.first)},
                    {"second", text_or_null(difference.second)}});
  }
  return json;
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json against_json(const Comparison& comparison) {
  Json json = {{"checkpoint", comparison.against},
               {"same_family", comparison.same_family},
               {"same_structure", comparison.same_structure},
               {"same_shapes", comparison.same_shapes},
               {"tensors", comparison.out_of},
               {"tensors_matching", comparison.matching},
               {"model", comparison.model},
               {"sizes", differences_json(comparison.sizes)},
               {"names", differences_json(comparison.names)},
               {"config", differences_json(comparison.config)},
               {"weights", nullptr}};
  if (!comparison.weights_were_compared) return json;
  json["weights"]["tensors"] = Json::array();
  for (const TensorSimilarity& tensor : comparison.tensors) {
    json["weights"]["tensors"].push_back({{"name", tensor.name},
                                          {"equal", tensor.is_equal},
                                          {"cosine", number_or_null(tensor.cosine)},
                                          {"scale", number_or_null(tensor.scale)}});
  }
  return json;
}

}  // namespace

Json to_json(const Report& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"id", finding.id},
                        {"severity", name_of(finding.severity)},
                        {"file", finding.file},
                        {"key", text_or_null(finding.key)},
                        {"value", text_or_null(finding.value)},
                        {"why", finding.why},
                        {"settle", text_or_null(finding.settle)}});
  }
  return {{"schema_version", 1},
          {"checkpoint", report.examined.subject.path},
          {"structure", structure_json(report)},
          {"context", context_json(report)},
          {"findings", findings},
          {"against", report.against ? against_json(*report.against) : Json()}};
}

}  // namespace audit
