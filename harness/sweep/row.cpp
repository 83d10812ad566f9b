#include "harness/sweep/row.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace sweep {
namespace {

constexpr std::array<std::string_view, 5> status_names = {"ok", "diverged", "out_of_memory",
                                                          "failed", "skipped"};

Status status_of(const std::string& text, const std::string& place) {
  for (size_t i = 0; i < status_names.size(); ++i) {
    if (text == status_names[i]) return static_cast<Status>(i);
  }
  throw base::Error(base::Fault::input, place,
                    base::Problem{"/status", fmt::format("unknown status \"{}\"", text), ""});
}

/// JSON has no infinities; a log-probability that is not finite is written as null.
base::Json numbers(const std::vector<float>& values) {
  base::Json out = base::Json::array();
  for (const float value : values) {
    out.push_back(std::isfinite(value) ? base::Json(value) : base::Json(nullptr));
  }
  return out;
}

std::vector<float> floats(const base::Json& values) {
  std::vector<float> out;
  for (const base::Json& value : values) {
    out.push_back(value.is_null() ? std::nanf("") : value.get<float>());
  }
  return out;
}

base::Json to_json(const RetrievalResult& result) {
  base::Json json = {{"depth", result.depth},
                     {"depth_index", result.depth_index},
                     {"trial", result.trial},
                     {"source", result.source},
                     {"prompt_sha256", result.prompt_sha256},
                     {"hit", result.hit},
                     {"token_hits", result.token_hits},
                     {"argmax", result.argmax},
                     {"ranks", result.ranks},
                     {"log_probs", numbers(result.log_probs)}};
  if (result.distance) json["distance"] = *result.distance;
  return json;
}

RetrievalResult retrieval_of(const base::Json& json) {
  RetrievalResult result;
  json.at("depth").get_to(result.depth);
  json.at("depth_index").get_to(result.depth_index);
  json.at("trial").get_to(result.trial);
  if (json.contains("distance")) result.distance = json.at("distance").get<int64_t>();
  json.at("source").get_to(result.source);
  json.at("prompt_sha256").get_to(result.prompt_sha256);
  json.at("hit").get_to(result.hit);
  json.at("token_hits").get_to(result.token_hits);
  json.at("argmax").get_to(result.argmax);
  json.at("ranks").get_to(result.ranks);
  result.log_probs = floats(json.at("log_probs"));
  return result;
}

base::Json to_json(const evals::Range& range) { return {range.begin, range.end}; }

evals::Range range_of(const base::Json& json) {
  return {json.at(0).get<int64_t>(), json.at(1).get<int64_t>()};
}

base::Json to_json(const PerplexityResult& result) {
  base::Json forwards = base::Json::array();
  for (const Forward& forward : result.forwards) {
    forwards.push_back({{"nll_file", forward.nll_file},
                        {"tokens", to_json(forward.window.tokens)},
                        {"scored", to_json(forward.window.scored)}});
  }
  return {{"document", result.document},
          {"document_sha256", result.document_sha256},
          {"forwards", forwards},
          {"bytes", result.bytes},
          {"nll", std::isfinite(result.nll) ? base::Json(result.nll) : base::Json(nullptr)}};
}

PerplexityResult perplexity_of(const base::Json& json) {
  PerplexityResult result;
  json.at("document").get_to(result.document);
  json.at("document_sha256").get_to(result.document_sha256);
  for (const base::Json& forward : json.at("forwards")) {
    result.forwards.push_back({forward.at("nll_file").get<std::string>(),
                               {range_of(forward.at("tokens")), range_of(forward.at("scored"))}});
  }
  json.at("bytes").get_to(result.bytes);
  result.nll = json.at("nll").is_null() ? std::nan("") : json.at("nll").get<double>();
  return result;
}

}  // namespace

std::string_view name(Status status) { return status_names[static_cast<size_t>(status)]; }

bool is_missing(Status status) { return status != Status::ok && status != Status::diverged; }

std::string to_line(const Row& row) {
  base::Json json = {{"schema_version", Row::schema_version},
                     {"cell", row.cell},
                     {"method", row.method},
                     {"protocol", row.protocol},
                     {"length", row.length},
                     {"status", name(row.status)},
                     {"plan", row.plan},
                     {"kernel", row.kernel}};
  if (!row.reason.empty()) json["reason"] = row.reason;
  if (row.retrieval) json["retrieval"] = to_json(*row.retrieval);
  if (row.perplexity) json["perplexity"] = to_json(*row.perplexity);
  return json.dump();
}

Row parse_row(std::string_view line, const std::string& place) {
  try {
    const base::Json json = base::Json::parse(line);
    const auto version = json.at("schema_version").get<int64_t>();
    if (version != Row::schema_version) {
      throw base::Error(base::Fault::input, place,
                        base::Problem{"/schema_version",
                                      fmt::format("this program reads version {} (got {})",
                                                  Row::schema_version, version),
                                      "use the version of ropewalk that wrote it"});
    }
    Row row;
    json.at("cell").get_to(row.cell);
    json.at("method").get_to(row.method);
    json.at("protocol").get_to(row.protocol);
    json.at("length").get_to(row.length);
    row.status = status_of(json.at("status").get<std::string>(), place);
    row.reason = json.value("reason", "");
    json.at("plan").get_to(row.plan);
    json.at("kernel").get_to(row.kernel);
    if (json.contains("retrieval")) row.retrieval = retrieval_of(json["retrieval"]);
    if (json.contains("perplexity")) row.perplexity = perplexity_of(json["perplexity"]);
    return row;
  } catch (const base::Json::exception& error) {
    throw base::Error(base::Fault::input, place,
                      base::Problem{"", fmt::format("not a row: {}", error.what()),
                                    "restore the file from a copy, or remove this line to run the "
                                    "trial again"});
  }
}

}  // namespace sweep
