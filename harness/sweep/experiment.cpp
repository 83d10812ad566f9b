#include "harness/sweep/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/sweep/eval_reader.h"
#include "harness/sweep/method_grid.h"
#include "scalings/catalog.h"

namespace sweep {
namespace {

using base::Json;
using base::StrictObject;

constexpr const char* as_configured = "as_configured";
constexpr int64_t largest_seed = int64_t{1} << 53;
// What the summary's bootstrap resamples can give bounds for.
constexpr double least_alpha = 0.001;
constexpr double most_alpha = 0.4;

bool is_name(const std::string& name) {
  const auto consists_of = [](std::string_view text, std::string_view signs) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
      return std::isalnum(c) || signs.find(static_cast<char>(c)) != std::string_view::npos;
    });
  };
  const std::string_view whole = name;
  const size_t bracket = std::min(whole.find('['), whole.size());
  // The values of a grid's member stand in brackets: "length/trained" is one.
  return !whole.empty() && consists_of(whole.substr(0, bracket), "_.+-[]=,") &&
         consists_of(whole.substr(bracket), "_.+-[]=,/");
}

std::vector<Method> read_method(const std::string& name, const Json& value, const std::string& path,
                                base::Problems& problems) {
  // A resolved experiment names the members of its grids one by one.
  const size_t bracket = name.find('[');
  const std::string grid = bracket == std::string::npos ? "" : name.substr(0, bracket);
  if (value == as_configured) return {{name, grid, value}};
  if (!value.is_array()) {
    problems.add(path, "must be a list of scalings, or \"as_configured\"", "plain RoPE is []");
    return {};
  }
  const size_t before = problems.found().size();
  std::vector<Method> methods = expand_grid(name, value, path, problems);
  if (problems.found().size() != before) return {};
  for (Method& method : methods) {
    const size_t earlier = problems.found().size();
    const scalings::Chain chain = scalings::make_chain(method.chain, path, problems);
    if (problems.found().size() != earlier) return {};
    method.chain = scalings::params(chain);
    if (method.grid.empty()) method.grid = grid;
  }
  return methods;
}

std::vector<Method> read_methods(StrictObject& object) {
  std::vector<Method> methods;
  const Json* value = object.required("methods");
  if (!value) return methods;
  const std::string path = object.at("methods");
  base::Problems& problems = object.problems();
  if (!value->is_object() || value->empty()) {
    problems.add(path, "must name at least one method", "{\"plain\": []} is plain RoPE");
    return methods;
  }
  for (const auto& [name, chain] : value->items()) {
    const std::string place = path + "/" + name;
    if (!is_name(name)) {
      problems.add(place, "a method's name has letters, digits and _ . + - [ ] = , only");
      continue;
    }
    for (Method& method : read_method(name, chain, place, problems)) {
      const auto same = [&](const Method& other) { return other.name == method.name; };
      if (std::any_of(methods.begin(), methods.end(), same)) {
        problems.add(place, fmt::format("the name {} is used twice", method.name),
                     "a member of a grid is named like this; rename the other");
        continue;
      }
      methods.push_back(std::move(method));
    }
  }
  return methods;
}

/// What results name an eval by, nearly: the whole id needs the tokenizer.
Json name_of(const Eval& eval) {
  if (eval.perplexity) return {eval.perplexity->protocol, eval.perplexity->stride};
  return {eval.retrieval->protocol, static_cast<int>(eval.retrieval->placement),
          eval.retrieval->absent};
}

template <typename Values>
bool overlap(const Values& one, const Values& other) {
  return std::any_of(one.begin(), one.end(), [&](const auto& value) {
    return std::find(other.begin(), other.end(), value) != other.end();
  });
}

/// Why the results of two evals could not be told apart; empty when they can.
std::string clash_of(const Eval& one, const Eval& other) {
  if (one.perplexity.has_value() != other.perplexity.has_value()) return {};
  if (!one.perplexity && !one.retrieval) return {};  // has problems of its own
  if (name_of(one) != name_of(other)) return {};
  if (overlap(one.methods, other.methods) && overlap(one.lengths, other.lengths)) {
    return "asks some method at some length under the protocol of";
  }
  if (one.retrieval && overlap(one.methods, other.methods)) {
    // Failures at shorter lengths decide how many trials longer ones get.
    return "asks some method, at other lengths, under the protocol of";
  }
  if (one.retrieval &&
      (one.retrieval->depths != other.retrieval->depths ||
       one.retrieval->hay != other.retrieval->hay || one.lengths != other.lengths)) {
    return "asks for other depths, hay or lengths under the protocol of";
  }
  if (one.perplexity && (one.perplexity->targets != other.perplexity->targets ||
                         one.perplexity->corpus != other.perplexity->corpus)) {
    return "asks for other targets or documents under the protocol of";
  }
  return {};
}

std::vector<Eval> read_evals(StrictObject& object, const EvalSetting& setting) {
  std::vector<Eval> evals;
  const Json* value = object.required("evals");
  if (!value) return evals;
  if (!value->is_array() || value->empty()) {
    object.problems().add(object.at("evals"), "must be a list of at least one eval");
    return evals;
  }
  for (size_t i = 0; i < value->size(); ++i) {
    evals.push_back(read_eval((*value)[i], fmt::format("{}/{}", object.at("evals"), i), setting,
                              object.problems()));
  }
  for (size_t i = 0; i < evals.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const std::string place = fmt::format("{}/{}", object.at("evals"), i);
      if (to_json(evals[i]) == to_json(evals[j])) {
        object.problems().add(place, fmt::format("asks the same as /evals/{}", j));
      } else if (const std::string clash = clash_of(evals[i], evals[j]); !clash.empty()) {
        object.problems().add(place, fmt::format("{} /evals/{}", clash, j),
                              "put one of them into an experiment of its own");
      }
    }
  }
  return evals;
}

/// A model given on the command line, as the experiment would write it where it can: results cite
/// it, and where the repository lies is no part of them.
std::string as_written(const std::filesystem::path& folder, const std::string& model) {
  const auto meant = std::filesystem::absolute(model).lexically_normal();
  const auto found = locate(folder, model);
  std::error_code ignored;
  return found && std::filesystem::equivalent(*found, meant, ignored) ? model : meant.string();
}

}  // namespace

const Method& Experiment::method(const std::string& name) const {
  for (const Method& method : methods) {
    if (method.name == name) return method;
  }
  throw std::out_of_range("no method " + name);
}

Experiment read_experiment(const std::filesystem::path& file, const std::string& model) {
  return parse_experiment(base::read_utf8_file(file), file, model);
}

Experiment parse_experiment(const std::string& text, const std::filesystem::path& file,
                            const std::string& model) {
  base::Problems problems;
  const Json json = base::parse_json(text, file.string(), problems);
  Experiment experiment;
  experiment.file = file.string();
  experiment.folder = std::filesystem::absolute(file).parent_path();
  StrictObject object(json, "", problems);
  if (!json.is_object()) problems.throw_if_any(file.string());

  experiment.model = object.text("model");
  if (!model.empty()) {
    experiment.model = as_written(experiment.folder, model);
    if (!locate(experiment.folder, experiment.model)) {
      problems.add("--model", fmt::format("no such file or folder: {}", model));
    }
  } else if (!experiment.model.empty() && !locate(experiment.folder, experiment.model)) {
    problems.add("/model", fmt::format("no such file or folder: {}", experiment.model),
                 "paths are relative to the experiment's folder or to a folder above it");
  }
  if (object.has("trained_length")) {
    experiment.trained_length = object.integer("trained_length", 1, greatest_count);
  }
  experiment.dtype = object.choice("dtype", {"float32", "bfloat16"}, "float32");
  experiment.bos = object.choice("bos", {"auto", "always", "never"}, "auto");
  experiment.seed = object.integer("seed", 0, largest_seed, 0);
  experiment.tau = object.number("tau", {1e-6, 1 - 1e-6}, 0.85);
  experiment.alpha = object.number("alpha", {least_alpha, most_alpha}, 0.05);
  experiment.delta = object.number("delta", base::Bounds::at_least(0), 0.01);
  if (object.has("trials_after_failure")) {
    experiment.trials_after_failure = object.integer("trials_after_failure", 1, greatest_count);
  }
  if (object.has("skip_after")) {
    experiment.skip_after = object.integer("skip_after", 1, greatest_count);
  }
  for (const char* optional : {"trained_length", "trials_after_failure", "skip_after"}) {
    object.value(optional);
  }
  experiment.methods = read_methods(object);

  EvalSetting setting;
  setting.folder = experiment.folder;
  setting.lengths = read_lengths(object, "lengths");
  setting.trained_length = experiment.trained_length;
  setting.methods = experiment.methods;
  experiment.evals = read_evals(object, setting);

  experiment.baseline = object.text("baseline", "plain");
  const auto is_baseline = [&](const Method& method) { return method.name == experiment.baseline; };
  if (!experiment.methods.empty() &&
      std::none_of(experiment.methods.begin(), experiment.methods.end(), is_baseline)) {
    problems.add("/baseline", fmt::format("no method is named \"{}\"", experiment.baseline),
                 "name the one method that all others are compared with");
  }
  object.finish();
  problems.throw_if_any(file.string());
  return experiment;
}

Json to_json(const Experiment& experiment) {
  Json json = {{"model", experiment.model},       {"dtype", experiment.dtype},
               {"bos", experiment.bos},           {"seed", experiment.seed},
               {"baseline", experiment.baseline}, {"tau", experiment.tau},
               {"alpha", experiment.alpha},       {"delta", experiment.delta}};
  if (experiment.trained_length) json["trained_length"] = *experiment.trained_length;
  if (experiment.trials_after_failure) {
    json["trials_after_failure"] = *experiment.trials_after_failure;
  }
  if (experiment.skip_after) json["skip_after"] = *experiment.skip_after;
  for (const Method& method : experiment.methods) json["methods"][method.name] = method.chain;
  std::set<int64_t> lengths;
  for (const Eval& eval : experiment.evals) {
    json["evals"].push_back(to_json(eval));
    lengths.insert(eval.lengths.begin(), eval.lengths.end());
  }
  json["lengths"] = lengths;
  return json;
}

Json question_of(Json experiment) {
  experiment.erase("model");
  if (experiment.contains("evals")) {
    for (Json& eval : experiment["evals"]) {
      eval.erase("corpus");
      eval.erase("hay");
    }
  }
  return experiment;
}

std::string fingerprint(const Experiment& experiment) { return fingerprint(to_json(experiment)); }

std::string fingerprint(const Json& experiment) {
  return base::sha256_hex(base::canonical_json(question_of(experiment)));
}

std::optional<std::filesystem::path> locate(const std::filesystem::path& folder,
                                            const std::string& path) {
  if (path.empty()) return {};
  for (std::filesystem::path from = folder;; from = from.parent_path()) {
    std::error_code ignored;
    if (const auto candidate = from / path; std::filesystem::exists(candidate, ignored)) {
      return candidate;
    }
    if (from == from.parent_path()) return {};
  }
}

}  // namespace sweep
