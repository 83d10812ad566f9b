#include "harness/sweep/summary/design.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/sweep/experiment.h"
#include "harness/sweep/run_directory.h"
#include "scalings/catalog.h"
#include "scalings/scaling.h"

namespace sweep {
namespace {

using base::Json;

/// The layers that a chain names, and one that it does not.
std::set<int64_t> layers_that_differ(const Json& chain) {
  std::set<int64_t> layers;
  each_scaling(chain, [&](const Json& scaling) {
    if (!scaling.contains("layers")) return;
    for (const Json& layer : scaling.at("layers")) layers.insert(layer.get<int64_t>());
  });
  layers.insert(layers.empty() ? 0 : *layers.rbegin() + 1);
  return layers;
}

/// Whether two lengths of the experiment are served by different models: plans of which neither is
/// the beginning of the other.
bool changes_with_length(const Json& chain, const Json& identity, int64_t trained_length,
                         const std::vector<int64_t>& lengths) {
  if (!chain.is_array() || chain.empty() || lengths.empty()) return false;
  if (!identity.contains("shape")) return chain.dump().find("length/trained") != std::string::npos;
  const Json& shape = identity.at("shape");
  scalings::Context context;
  context.shape = {shape.at("head_dim"), shape.at("rotary_dim"), shape.at("theta"), trained_length};
  const scalings::Chain methods = scalings::make_chain(chain, "experiment.json");
  const std::set<int64_t> layers = layers_that_differ(chain);
  context.layers = *layers.rbegin() + 1;
  for (const int64_t layer : layers) {
    context.layer = layer;
    std::optional<scalings::RotaryPlan> shorter;
    for (const int64_t length : lengths) {
      context.length = length;
      try {
        scalings::RotaryPlan plan = scalings::make_plan(methods, context);
        if (shorter && !scalings::prefix_equal(plan, *shorter)) return true;
        shorter = std::move(plan);
      } catch (const base::Error&) {
        continue;  // a length that the method cannot serve has no rows either
      }
    }
  }
  return false;
}

Design::Asked asked_of(const Json& json) {
  Design::Asked asked;
  const auto type = json.at("type").get<std::string>();
  asked.is_retrieval = type != "perplexity";
  asked.protocol =
      (asked.is_retrieval ? type : "ppl") + "/" + json.at("protocol").get<std::string>();
  json.at("methods").get_to(asked.methods);
  json.at("lengths").get_to(asked.lengths);
  if (asked.is_retrieval) {
    asked.absolute = json.at("placement") == "absolute";
    asked.absent = json.at("absent").get<bool>();
    asked.depths = {evals::depth_kind(json.at("design")), json.at("depths").get<int64_t>()};
    asked.own_hay = json.contains("hay");
    for (const auto& [length, count] : json.at("trials").items()) {
      asked.trials[std::stoll(length)] = count.get<int64_t>();
    }
  } else {
    asked.targets = json.value("targets", int64_t{0});
    json.at("corpus").get_to(asked.corpus);
    if (const auto stride = json.value("stride", int64_t{0}); stride > 0) {
      asked.protocol.insert(asked.protocol.rfind('/'), fmt::format("-{}", stride));
    }
  }
  return asked;
}

std::vector<int64_t> all_lengths(const std::vector<Design::Asked>& evals) {
  std::vector<int64_t> lengths;
  for (const Design::Asked& asked : evals) {
    lengths.insert(lengths.end(), asked.lengths.begin(), asked.lengths.end());
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

Design::Method method_of(const std::string& name, Json chain, const Design& design) {
  if (chain == "as_configured" && design.identity.contains("configured")) {
    chain = scalings::params(scalings::make_chain(design.identity.at("configured"), name));
  }
  Design::Method method{name, {}, chain, false, name};
  if (const size_t bracket = name.find('['); bracket != std::string::npos) {
    method.grid = name.substr(0, bracket);
  }
  method.by_length =
      changes_with_length(chain, design.identity, design.trained_length, all_lengths(design.evals));
  for (const Design::Method& earlier : design.methods) {
    if (earlier.chain != chain) continue;
    method.rows_of = earlier.rows_of;
    break;
  }
  return method;
}

Json read_json(const std::filesystem::path& file) {
  return base::parse_json(base::read_file(file), file.string());
}

}  // namespace

void each_scaling(const Json& chain, const std::function<void(const Json&)>& visit) {
  if (!chain.is_array()) return;
  for (const Json& scaling : chain) {
    visit(scaling);
    if (scaling.contains("methods")) each_scaling(scaling.at("methods"), visit);
  }
}

bool Design::Asked::is_answered_by(std::string_view id) const {
  if (!id.starts_with(protocol)) return false;
  const std::string_view rest = id.substr(protocol.size());
  if (!is_retrieval) return rest.empty() || rest == "/bos";
  const std::string_view tail = absent ? "/absent" : "";
  const std::string wanted = fmt::format("{}{}", absolute ? "/absolute" : "/per-length", tail);
  return rest == wanted || rest == "/forced" + wanted;
}

const Design::Method& Design::method(const std::string& name) const {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method& method) { return method.name == name; });
  if (found == methods.end()) {
    throw base::Error(base::Fault::input, "rows.jsonl",
                      {"/method", fmt::format("\"{}\" is no method of the experiment", name), {}});
  }
  return *found;
}

std::optional<std::string> Design::plain() const {
  for (const Method& method : methods) {
    if (method.chain.is_array() && method.chain.empty()) return method.name;
  }
  return {};
}

Design make_design(const Json& experiment, const Json& identity, const std::string& place) {
  try {
    Design design;
    design.identity = identity;
    experiment.at("model").get_to(design.model);
    experiment.at("dtype").get_to(design.dtype);
    experiment.at("baseline").get_to(design.baseline);
    experiment.at("seed").get_to(design.seed);
    experiment.at("delta").get_to(design.delta);
    design.criterion = {experiment.at("tau"), experiment.at("alpha")};
    identity.at("trained_length").get_to(design.trained_length);
    if (experiment.contains("trials_after_failure")) {
      design.trials_after_failure = experiment.at("trials_after_failure").get<int64_t>();
    }
    if (experiment.contains("skip_after")) {
      design.skip_after = experiment.at("skip_after").get<int64_t>();
    }
    for (const Json& eval : experiment.at("evals")) design.evals.push_back(asked_of(eval));
    for (const auto& [name, chain] : experiment.at("methods").items()) {
      design.methods.push_back(method_of(name, chain, design));
    }
    return design;
  } catch (const Json::exception& error) {
    throw base::Error(base::Fault::input, place,
                      {"", fmt::format("not a resolved experiment: {}", error.what()),
                       "restore experiment.json and manifest.json as `ropewalk sweep` wrote them"});
  }
}

Design read_design(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "manifest.json";
  if (!std::filesystem::exists(file)) {
    throw base::Error(base::Fault::input, folder.string(),
                      {"", "is not a run directory: it has no manifest.json",
                       "name a folder that `ropewalk sweep --out` wrote"});
  }
  const Json manifest = read_json(file);
  if (manifest.value("schema_version", int64_t{0}) != manifest_version) {
    throw base::Error(base::Fault::input, file.string(),
                      {"/schema_version", fmt::format("this program reads {}", manifest_version),
                       "use the version of ropewalk that wrote it"});
  }
  const Json experiment = read_json(folder / "experiment.json");
  const Json identity = manifest.value("identity", Json::object());
  Design design = make_design(experiment, identity, folder.string());
  if (identity.value("experiment", "") != fingerprint(experiment)) {
    throw base::Error(
        base::Fault::input, (folder / "experiment.json").string(),
        {"", "is not what was run: its hash is another than that in manifest.json",
         "restore it; what it asks now can be swept into a directory of its own, with "
         "--from this one"});
  }
  for (const Json& process : manifest.value("provenance", Json::array())) {
    if (process.is_object()) design.programs.insert(process.value("program", "ropewalk"));
  }
  return design;
}

}  // namespace sweep
