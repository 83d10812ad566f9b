#include "harness/sweep/eval_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "evals/perplexity.h"

namespace sweep {
namespace {

using base::Json;
using base::StrictObject;

constexpr int64_t most_trials = 1'000'000;

const std::vector<std::string> placement_names = {"per-length", "absolute"};

template <typename Protocols>
std::string known(const Protocols& protocols, const std::string& family) {
  std::vector<std::string_view> names;
  for (const auto& protocol : protocols) {
    if (protocol.name.rfind(family + "/", 0) == 0) {
      names.push_back(protocol.name.substr(family.size() + 1));
    }
  }
  return fmt::format("one of {}; `ropewalk list` describes them", fmt::join(names, ", "));
}

std::vector<std::string> read_files(StrictObject& object, const std::string& key,
                                    const EvalSetting& setting) {
  std::vector<std::string> files;
  const Json* value = object.required(key);
  if (!value) return files;
  if (!value->is_array() || value->empty()) {
    object.problems().add(object.at(key), "must be a list of at least one text file");
    return files;
  }
  for (size_t i = 0; i < value->size(); ++i) {
    const std::string place = fmt::format("{}/{}", object.at(key), i);
    const Json& file = (*value)[i];
    if (!file.is_string()) {
      object.problems().add(place, "must be a path (a string)");
    } else if (!locate(setting.folder, file.get<std::string>())) {
      object.problems().add(
          place, fmt::format("no such file: {}", file.get<std::string>()),
          "paths are relative to the experiment's folder or to a folder above it");
    } else if (std::find(files.begin(), files.end(), file.get<std::string>()) != files.end()) {
      object.problems().add(place, fmt::format("named twice: {}", file.get<std::string>()));
    } else {
      files.push_back(file.get<std::string>());
    }
  }
  return files;
}

/// The parameter of that name in a protocol's table; none when it takes none.
template <typename Protocol>
const evals::ProtocolParameter* parameter(const Protocol* protocol, std::string_view name) {
  if (!protocol) return nullptr;
  const auto found = std::find_if(protocol->parameters.begin(), protocol->parameters.end(),
                                  [&](const auto& known) { return known.name == name; });
  return found == protocol->parameters.end() ? nullptr : &*found;
}

/// What a count is when it is left out, as `ropewalk list` says; nothing when it is required.
std::optional<int64_t> fallback(const evals::ProtocolParameter* parameter) {
  if (!parameter || parameter->fallback.empty()) return {};
  return Json::parse(parameter->fallback).get<int64_t>();
}

/// A number for every length, or `{"4096": 60, "200000": 30}`.
std::map<int64_t, int64_t> read_trials(StrictObject& object, const std::vector<int64_t>& lengths,
                                       std::optional<int64_t> fallback) {
  std::map<int64_t, int64_t> trials;
  const Json* value = fallback ? object.value("trials") : object.required("trials");
  if (!value && !fallback) return trials;
  if (!value || !value->is_object()) {
    const int64_t count = object.integer("trials", 1, most_trials, fallback);
    for (const int64_t length : lengths) trials[length] = count;
    return trials;
  }
  StrictObject by_length(*value, object.at("trials"), object.problems());
  for (const int64_t length : lengths) {
    trials[length] = by_length.integer(std::to_string(length), 1, most_trials);
  }
  by_length.finish();
  return trials;
}

std::vector<std::string> read_methods(StrictObject& object, const EvalSetting& setting) {
  const Json* value = object.value("methods");
  std::vector<std::string> chosen;
  if (!value) {
    for (const Method& method : setting.methods) chosen.push_back(method.name);
    return chosen;
  }
  if (!value->is_array() || value->empty()) {
    object.problems().add(object.at("methods"), "must be a list of at least one method's name");
    return chosen;
  }
  for (size_t i = 0; i < value->size(); ++i) {
    const std::string place = fmt::format("{}/{}", object.at("methods"), i);
    const Json& name = (*value)[i];
    bool found = false;
    for (const Method& method : setting.methods) {
      if (!name.is_string() || (name != method.name && name != method.grid)) continue;
      found = true;
      if (std::find(chosen.begin(), chosen.end(), method.name) != chosen.end()) {
        object.problems().add(place, fmt::format("\"{}\" is named twice", method.name),
                              "remove one: a grid's name stands for all its methods");
        continue;
      }
      chosen.push_back(method.name);
    }
    if (!found) {
      object.problems().add(place, fmt::format("no such method: {}", name.dump()),
                            "name a key of /methods");
    }
  }
  return chosen;
}

RetrievalEval read_retrieval(StrictObject& object, const std::string& family,
                             const std::vector<int64_t>& lengths, const EvalSetting& setting) {
  RetrievalEval eval;
  const std::string name = object.text("protocol");
  const auto* protocol = evals::find_retrieval_protocol(family + "/" + name);
  if (!protocol && object.has("protocol")) {
    object.problems().add(object.at("protocol"),
                          fmt::format("unknown {} protocol \"{}\"", family, name),
                          known(evals::retrieval_protocols(), family));
  }
  eval.placement = object.choice("placement", placement_names, "per-length") == "absolute"
                       ? evals::Placement::absolute
                       : evals::Placement::per_length;
  eval.absent = object.boolean("absent", false);
  const size_t before_trials = object.problems().found().size();
  const auto trials = protocol ? fallback(parameter(protocol, "trials")) : 1;  // any number will do
  eval.trials = read_trials(object, lengths, trials);
  const bool has_trials = object.problems().found().size() == before_trials;
  const auto preset = protocol ? protocol->design : evals::DepthDesign{};
  eval.depths.depths = object.integer("depths", 1, 10'000, preset.depths);
  const auto& kinds = evals::depth_kind_names();
  const std::string kind = object.choice("design", kinds, kinds[static_cast<size_t>(preset.kind)]);
  if (!kind.empty()) eval.depths.kind = evals::depth_kind(kind);
  const bool needs_hay = protocol && protocol->hay == evals::Hay::text;
  if (needs_hay) {
    eval.hay = read_files(object, "hay", setting);
  } else if (object.value("hay") && protocol) {
    object.problems().add(object.at("hay"), fmt::format("{} has hay of its own", protocol->name),
                          "ask niah/text, which hides a needle in your texts");
  }
  if (!protocol) return eval;

  eval.protocol = fmt::format("{}/{}", protocol->name, protocol->version);
  if (!has_trials) return eval;
  for (const auto& [length, count] : eval.trials) {
    if (count % eval.depths.depths != 0) {
      object.problems().add(
          object.at("trials"),
          fmt::format("{} trials do not spread evenly over {} depths", count, eval.depths.depths),
          "use a multiple, so that every depth weighs the same");
      break;
    }
  }
  if (eval.placement == evals::Placement::absolute && !eval.trials.empty()) {
    const int64_t first = eval.trials.begin()->second;
    for (const auto& [length, count] : eval.trials) {
      if (count == first) continue;
      object.problems().add(object.at("trials"),
                            "one trunk serves all lengths: the trials must be one number");
      break;
    }
  }
  return eval;
}

PerplexityEval read_perplexity(StrictObject& object, const std::vector<int64_t>& lengths,
                               const EvalSetting& setting) {
  PerplexityEval eval;
  const std::string name = object.text("protocol");
  const auto* protocol = evals::find_perplexity_protocol("ppl/" + name);
  if (!protocol && object.has("protocol")) {
    object.problems().add(object.at("protocol"),
                          fmt::format("unknown perplexity protocol \"{}\"", name),
                          known(evals::perplexity_protocols(), "ppl"));
  }
  if (const auto* targets = parameter(protocol, "targets")) {
    eval.targets = object.integer("targets", 1, greatest_count, fallback(targets));
    if (setting.trained_length && eval.targets > *setting.trained_length / 4) {
      object.problems().add(object.at("targets"),
                            fmt::format("must be <= trained_length / 4 = {} (got {})",
                                        *setting.trained_length / 4, eval.targets),
                            "the control itself must stay inside its window");
    }
  }
  if (const auto* stride = parameter(protocol, "stride")) {
    const auto named = evals::stride_in("ppl/" + name);
    eval.stride = object.integer("stride", 1, greatest_count, named ? named : fallback(stride));
    if (named && eval.stride != *named) {
      object.problems().add(object.at("stride"),
                            fmt::format("{} contradicts the protocol {}", eval.stride, name),
                            "keep one of them");
    }
  }
  eval.corpus = read_files(object, "corpus", setting);
  if (!protocol) return eval;

  eval.protocol = fmt::format("{}/{}", protocol->name, protocol->version);
  if (protocol->windows == evals::Windows::fixed_target && !lengths.empty() &&
      lengths.front() <= eval.targets) {
    object.problems().add(object.at("targets"),
                          fmt::format("must be below the shortest length {} (got {})",
                                      lengths.front(), eval.targets));
  }
  return eval;
}

}  // namespace

std::vector<int64_t> read_lengths(StrictObject& object, const std::string& key,
                                  std::optional<std::vector<int64_t>> fallback) {
  const bool is_given = object.has(key);
  const size_t before = object.problems().found().size();
  const std::vector<int64_t> lengths = object.integers(key, 1, greatest_count, std::move(fallback));
  if (!is_given || object.problems().found().size() != before) return lengths;
  if (lengths.empty()) object.problems().add(object.at(key), "must name at least one length");
  for (size_t i = 1; i < lengths.size(); ++i) {
    if (lengths[i] > lengths[i - 1]) continue;
    object.problems().add(
        fmt::format("{}/{}", object.at(key), i),
        fmt::format("lengths must ascend ({} after {})", lengths[i], lengths[i - 1]));
  }
  return lengths;
}

Eval read_eval(const Json& value, const std::string& path, const EvalSetting& setting,
               base::Problems& problems) {
  Eval eval;
  StrictObject object(value, path, problems);
  if (!value.is_object()) return eval;
  const std::string family = object.choice("type", {"passkey", "niah", "kv", "perplexity"});
  eval.lengths = read_lengths(object, "lengths", setting.lengths);
  eval.methods = read_methods(object, setting);
  if (family.empty()) return eval;
  if (family == "perplexity") {
    eval.perplexity = read_perplexity(object, eval.lengths, setting);
  } else {
    eval.retrieval = read_retrieval(object, family, eval.lengths, setting);
  }
  object.finish();
  return eval;
}

Json to_json(const Eval& eval) {
  Json json = {{"lengths", eval.lengths}, {"methods", eval.methods}};
  if (eval.retrieval) {
    const RetrievalEval& retrieval = *eval.retrieval;
    const size_t slash = retrieval.protocol.find('/');
    json["type"] = retrieval.protocol.substr(0, slash);
    json["protocol"] = retrieval.protocol.substr(slash + 1);
    json["placement"] = placement_names[retrieval.placement == evals::Placement::absolute];
    json["absent"] = retrieval.absent;
    for (const auto& [length, count] : retrieval.trials) {
      json["trials"][std::to_string(length)] = count;
    }
    json["depths"] = retrieval.depths.depths;
    json["design"] = evals::depth_kind_names()[static_cast<size_t>(retrieval.depths.kind)];
    if (!retrieval.hay.empty()) json["hay"] = retrieval.hay;
  } else if (eval.perplexity) {
    json["type"] = "perplexity";
    // Evals are compared while others still have problems: this one may have no known protocol.
    const size_t slash = eval.perplexity->protocol.find('/');
    json["protocol"] = eval.perplexity->protocol.substr(slash + 1);
    if (eval.perplexity->targets > 0) json["targets"] = eval.perplexity->targets;
    if (eval.perplexity->stride > 0) json["stride"] = eval.perplexity->stride;
    json["corpus"] = eval.perplexity->corpus;
  }
  return json;
}

}  // namespace sweep
