#include "scalings/from_hf.h"

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <set>

#include "harness/base/json.h"
#include "scalings/catalog.h"

namespace scalings {
namespace {

using base::Json;

/// Reads one RoPE dict with Transformers' rules. Only problems that leave no chain are added.
class Reader {
 public:
  Reader(const Json& config, std::string name, base::Problems& problems)
      : config_(config), name_(std::move(name)), dict_(config.at(name_)), problems_(problems) {}

  HfScaling read() {
    if (!dict_.is_object()) {
      problem("", fmt::format("must be an object or null (got {})", dict_.dump()));
    } else if (const auto layer_types = nested(); !layer_types.empty()) {
      problem("",
              fmt::format("has one dict per layer type ({}), which is not one chain",
                          fmt::join(layer_types, ", ")),
              "write it as apply_to_layers methods");
    } else if (const auto type = rope_type()) {
      convert(*type);
      warn_of_unread_keys(*type);
    }
    return std::move(out_);
  }

 private:
  void convert(const std::string& type) {
    if (type == "default") return;
    if (type == "linear") return add({{"type", "linear"}, {"factor", required("factor")}});
    if (type == "dynamic") return dynamic();
    if (type == "yarn") return yarn();
    if (type == "longrope" || type == "su") return longrope();
    if (type == "llama3") return llama3();
    if (type == "proportional") return proportional();
    problem("rope_type", fmt::format("\"{}\" is not a type of Transformers' LLaMA", type),
            "known: default, linear, dynamic, yarn, longrope, su, llama3, proportional");
  }

  void dynamic() {
    if (has("alpha")) {  // Hunyuan's form, which vLLM runs: one base for every length
      warn("dynamic with alpha is one static NTK base; read as ntk with factor alpha");
      return add({{"type", "ntk"}, {"factor", required("alpha")}});
    }
    const Json window = top_level("max_position_embeddings");
    if (has("original_max_position_embeddings") &&
        dict_.at("original_max_position_embeddings") != window) {
      warn(
          "Transformers' dynamic starts from max_position_embeddings and ignores "
          "original_max_position_embeddings");
    }
    asked_.insert("original_max_position_embeddings");
    add({{"type", "dynamic_ntk"}, {"factor", required("factor")}, {"original_length", window}});
  }

  void yarn() {
    const Json original = original_length();
    Json method = {{"type", "yarn"}, {"original_length", original}};
    method["factor"] = has("factor") ? required("factor") : ratio(original);
    for (const char* key : {"attention_factor", "mscale", "mscale_all_dim", "truncate"}) {
      copy(key, method);
    }
    for (const char* key : {"beta_fast", "beta_slow"}) {
      if (has(key) && dict_.at(key) != 0) copy(key, method);  // Transformers reads 0 as unset
      asked_.insert(key);
    }
    warn_of_another_ratio(method.at("factor"), original, "the explicit factor is used");
    add(std::move(method));
  }

  void longrope() {
    for (const char* key : {"long_mscale", "short_mscale"}) {
      if (has(key)) problem(key, "two magnitudes, one per list, are not supported");
    }
    const Json original = original_length();
    const bool by_ratio = config_.contains("original_max_position_embeddings") || !has("factor");
    Json method = {{"type", "longrope"},
                   {"original_length", original},
                   {"factor", by_ratio ? ratio(original) : required("factor")},
                   {"short_factor", required("short_factor")},
                   {"long_factor", required("long_factor")}};
    if (by_ratio && has("factor")) {
      asked_.insert("factor");
      warn_of_another_ratio(dict_.at("factor"), original, "Transformers takes the ratio");
    }
    copy("attention_factor", method);
    add(std::move(method));
  }

  void llama3() {
    add({{"type", "llama3"},
         {"factor", required("factor")},
         {"low_freq_factor", required("low_freq_factor")},
         {"high_freq_factor", required("high_freq_factor")},
         {"original_length", original_length()}});
  }

  void proportional() {
    Json method = {{"type", "proportional"}, {"fraction", 1}};
    if (has("partial_rotary_factor")) method["fraction"] = dict_.at("partial_rotary_factor");
    copy("factor", method);
    add(std::move(method));
  }

  /// Adds the method, after its own reader has found it good; its problems get this dict's place.
  void add(Json method) {
    if (!problems_.empty()) return;
    base::Problems found;
    make_chain(Json::array({method}), "", found);
    for (const base::Problem& each : found.found()) {
      const std::string key = each.place.substr(each.place.rfind('/') + 1);
      problems_.add("/" + name_ + "/" + key, each.cause, each.next_step);
    }
    out_.chain.push_back(std::move(method));
  }

  std::optional<std::string> rope_type() {
    std::optional<std::string> type;
    for (const char* key : {"rope_type", "type"}) {
      asked_.insert(key);
      if (!has(key)) continue;
      if (!dict_.at(key).is_string()) {
        problem(key, fmt::format("must be a string (got {})", dict_.at(key).dump()));
        return {};
      }
      const auto found = dict_.at(key).get<std::string>();
      if (type && *type != found) {
        problem("type", fmt::format("\"{}\" contradicts rope_type \"{}\"", found, *type),
                "keep one of the two");
        return {};
      }
      type = found;
    }
    if (!type && name_ == "rope_parameters") return "default";  // as Transformers 5 fills it in
    if (!type) problem("rope_type", "missing", "name the type; plain RoPE is null");
    return type;
  }

  Json original_length() {
    asked_.insert("original_max_position_embeddings");
    const char* key = "original_max_position_embeddings";
    if (config_.contains(key) && !config_.at(key).is_null()) {
      if (has(key) && dict_.at(key) != config_.at(key)) {
        warn(fmt::format("{} {} of the top level overrides {} of {}", key, config_.at(key).dump(),
                         dict_.at(key).dump(), name_));
      }
      return config_.at(key);
    }
    if (has(key)) return dict_.at(key);
    const Json longest = top_level("max_position_embeddings");
    warn(fmt::format("no {}: max_position_embeddings {} is taken as the length before stretching",
                     key, longest.dump()));
    return longest;
  }

  Json ratio(const Json& original) {
    const Json longest = top_level("max_position_embeddings");
    if (!longest.is_number() || !original.is_number() || original.get<double>() <= 0) {
      problem("factor", "missing, and no two lengths to take it from");
      return 1;
    }
    return longest.get<double>() / original.get<double>();
  }

  void warn_of_another_ratio(const Json& factor, const Json& original, const char* then) {
    const Json longest = config_.value("max_position_embeddings", Json());
    if (!factor.is_number() || !longest.is_number() || !original.is_number()) return;
    const double lengths = longest.get<double>() / original.get<double>();
    if (lengths == factor.get<double>() || lengths == 1) return;
    warn(fmt::format("factor {} is not max_position_embeddings / original length = {}; {}",
                     factor.dump(), lengths, then));
  }

  bool has(const char* key) const { return dict_.contains(key) && !dict_.at(key).is_null(); }

  Json required(const char* key) {
    asked_.insert(key);
    if (has(key)) return dict_.at(key);
    problem(key, "missing");
    return {};
  }

  Json top_level(const char* key) {
    if (config_.contains(key) && !config_.at(key).is_null()) return config_.at(key);
    problems_.add(fmt::format("/{}", key), "missing",
                  fmt::format("{} is read relative to it", name_));
    return {};
  }

  void copy(const char* key, Json& method) {
    asked_.insert(key);
    if (has(key)) method[key] = dict_.at(key);
  }

  std::vector<std::string> nested() const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : dict_.items()) {
      if (value.is_object()) keys.push_back(key);
    }
    return keys;
  }

  void warn_of_unread_keys(const std::string& type) {
    asked_.insert({"rope_theta", "partial_rotary_factor"});
    for (const auto& [key, value] : dict_.items()) {
      if (!asked_.contains(key)) {
        warn(fmt::format("{} of {} means nothing to type {} and is ignored", key, name_, type));
      }
    }
  }

  void problem(const std::string& key, std::string cause, std::string next_step = {}) {
    problems_.add(key.empty() ? "/" + name_ : fmt::format("/{}/{}", name_, key), std::move(cause),
                  std::move(next_step));
  }

  void warn(std::string text) { out_.warnings.push_back(std::move(text)); }

  const Json& config_;
  std::string name_;
  const Json& dict_;
  base::Problems& problems_;
  std::set<std::string> asked_;
  HfScaling out_;
};

bool present(const Json& config, const char* key) {
  return config.contains(key) && !config.at(key).is_null();
}

}  // namespace

HfScaling from_hf(const nlohmann::json& config, const std::string& file) {
  base::Problems problems;
  HfScaling out;
  const bool old_key = config.is_object() && present(config, "rope_scaling");
  const bool new_key = config.is_object() && present(config, "rope_parameters");
  if (!config.is_object()) {
    problems.add("", "must be an object");
  } else if (old_key && new_key && config.at("rope_scaling") != config.at("rope_parameters")) {
    problems.add("/rope_parameters", "contradicts /rope_scaling", "keep one of the two");
  } else if (old_key || new_key) {
    out = Reader(config, old_key ? "rope_scaling" : "rope_parameters", problems).read();
  }
  problems.throw_if_any(file);
  return out;
}

}  // namespace scalings
