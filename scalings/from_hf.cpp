#include "scalings/from_hf.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string_view>

#include "harness/base/json.h"
#include "scalings/catalog.h"
#include "scalings/stated_length.h"

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
  /// A method in the making, and where in the config each of its values stands.
  struct Draft {
    Json method;
    std::map<std::string, std::string> places;  ///< key of the method -> JSON path in the config
  };

  static Draft begin(const char* method) {
    Draft draft;
    draft.method["type"] = method;
    return draft;
  }

  void convert(const std::string& type) {
    if (type == "default") return;
    if (type == "linear") return linear();
    if (type == "dynamic") return dynamic();
    if (type == "yarn") return yarn();
    if (type == "longrope" || type == "su") return longrope();
    if (type == "llama3") return llama3();
    if (type == "proportional") return proportional();
    problem("rope_type", fmt::format("\"{}\" is not a type of Transformers' LLaMA", type),
            "known: default, linear, dynamic, yarn, longrope, su, llama3, proportional");
  }

  void linear() {
    Draft draft = begin("linear");
    require("factor", draft);
    add(draft);
  }

  void dynamic() {
    if (has("alpha")) {  // Hunyuan's form, which vLLM runs: one base for every length
      warn("dynamic with alpha is one static NTK base; read as ntk with factor alpha");
      Draft draft = begin("ntk");
      require("alpha", draft, "factor");
      return add(draft);
    }
    const Json window = top_level("max_position_embeddings");
    if (has(original_length_key) && dict_.at(original_length_key) != window) {
      warn(
          "Transformers' dynamic starts from max_position_embeddings and ignores "
          "original_max_position_embeddings");
    }
    asked_.insert(original_length_key);
    Draft draft = begin("dynamic_ntk");
    draft.method["original_length"] = window;
    draft.places["original_length"] = "/max_position_embeddings";
    require("factor", draft);
    add(draft);
  }

  void yarn() {
    Draft draft = begin("yarn");
    const auto original = take_original_length(draft);
    take_factor(original, draft);
    for (const char* key : {"attention_factor", "mscale", "mscale_all_dim", "truncate"}) {
      copy(key, draft);
    }
    for (const char* key : {"beta_fast", "beta_slow"}) {
      if (has(key) && dict_.at(key) != 0) copy(key, draft);  // Transformers reads 0 as unset
      asked_.insert(key);
    }
    warn_of_another_ratio(original, "the explicit factor is used");
    add(draft);
  }

  void longrope() {
    for (const char* key : {"long_mscale", "short_mscale"}) {
      if (has(key)) problem(key, "two magnitudes, one per list, are not supported");
    }
    Draft draft = begin("longrope");
    const auto original = take_original_length(draft);
    take_factor(original, draft);
    require("short_factor", draft);
    require("long_factor", draft);
    copy("attention_factor", draft);
    warn_of_another_ratio(original,
                          "the explicit factor is used, as Transformers 5 does; Transformers 4 "
                          "takes the ratio where the original length stands at the top level");
    add(draft);
  }

  void llama3() {
    Draft draft = begin("llama3");
    for (const char* key : {"factor", "low_freq_factor", "high_freq_factor"}) require(key, draft);
    take_original_length(draft);
    add(draft);
  }

  void proportional() {
    const char* const key = "partial_rotary_factor";
    Draft draft = begin("proportional");
    draft.method["fraction"] = 1;
    if (has(key)) {
      require(key, draft, "fraction");
    } else if (base::has_value(config_, key)) {
      draft.method["fraction"] = config_.at(key);
      draft.places["fraction"] = fmt::format("/{}", key);
    }
    copy("factor", draft);
    add(draft);
  }

  /// Adds the method, after its own reader has found it good; its problems get the places that its
  /// values have in the config.
  void add(const Draft& draft) {
    if (!problems_.empty()) return;
    base::Problems found;
    make_chain(Json::array({draft.method}), "", found);
    for (const base::Problem& each : found.found()) {
      problems_.add(place_in_config(draft, each.place), each.cause, each.next_step);
    }
    out_.chain.push_back(draft.method);
  }

  /// "/0/long_factor/5" -> "/rope_scaling/long_factor/5".
  std::string place_in_config(const Draft& draft, const std::string& place) const {
    const std::string_view method = "/0/";
    if (!place.starts_with(method)) return "/" + name_;
    const size_t end = std::min(place.find('/', method.size()), place.size());
    const std::string key = place.substr(method.size(), end - method.size());
    const auto found = draft.places.find(key);
    return (found == draft.places.end() ? at(key) : found->second) + place.substr(end);
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

  /// Nothing, and a problem, where the config states none.
  std::optional<StatedLength> take_original_length(Draft& draft) {
    asked_.insert(original_length_key);
    const size_t before = problems_.found().size();
    auto original = length_before_scaling(config_, problems_);
    if (!original) {
      if (problems_.found().size() == before) top_level("max_position_embeddings");
      return {};
    }
    draft.method["original_length"] = original->tokens;
    draft.places["original_length"] = original->place;
    if (original->key != original_length_key) {
      warn(fmt::format("no {}: max_position_embeddings {} is taken as the length before stretching",
                       original_length_key, original->tokens));
    } else if (base::has_value(config_, original_length_key) && has(original_length_key) &&
               dict_.at(original_length_key) != config_.at(original_length_key)) {
      warn(fmt::format("{} {} of the top level overrides {} of {}", original_length_key,
                       config_.at(original_length_key).dump(), dict_.at(original_length_key).dump(),
                       name_));
    }
    return original;
  }

  /// The factor that is given, else the ratio of max_position_embeddings to the original length.
  void take_factor(const std::optional<StatedLength>& original, Draft& draft) {
    asked_.insert("factor");
    if (has("factor")) return require("factor", draft);
    if (!original) return;
    const Json longest = top_level("max_position_embeddings");
    if (longest.is_null()) return;
    if (!longest.is_number() || longest.get<double>() < static_cast<double>(original->tokens)) {
      problems_.add("/max_position_embeddings",
                    fmt::format("must be a number >= {} of {}, for {} names no factor, which is "
                                "then their ratio (got {})",
                                original->tokens, original->place, name_, longest.dump()));
      return;
    }
    draft.method["factor"] = longest.get<double>() / static_cast<double>(original->tokens);
    draft.places["factor"] = "/max_position_embeddings";
  }

  void warn_of_another_ratio(const std::optional<StatedLength>& original, const char* then) {
    const Json longest = config_.value("max_position_embeddings", Json());
    if (!original || !has("factor") || !dict_.at("factor").is_number() || !longest.is_number()) {
      return;
    }
    const double lengths = longest.get<double>() / static_cast<double>(original->tokens);
    if (lengths == dict_.at("factor").get<double>() || lengths == 1) return;
    warn(fmt::format("factor {} is not max_position_embeddings / original length = {}; {}",
                     dict_.at("factor").dump(), lengths, then));
  }

  bool has(const char* key) const { return base::has_value(dict_, key); }
  std::string at(const std::string& key) const { return fmt::format("/{}/{}", name_, key); }

  /// Takes a value of the dict as the method's `as`, which is called the same where it is not
  /// given.
  void require(const char* key, Draft& draft, const char* as = nullptr) {
    asked_.insert(key);
    if (!has(key)) return problem(key, "missing");
    const std::string name = as ? as : key;
    // A method of an experiment may have "length/trained" here, a config may not.
    if (name == "factor" && dict_.at(key).is_string()) {
      return problem(key, fmt::format("must be a number (got {})", dict_.at(key).dump()));
    }
    draft.method[name] = dict_.at(key);
    draft.places[name] = at(key);
  }

  Json top_level(const char* key) {
    if (base::has_value(config_, key)) return config_.at(key);
    problems_.add(fmt::format("/{}", key), "missing",
                  fmt::format("{} is read relative to it", name_));
    return {};
  }

  void copy(const char* key, Draft& draft) {
    asked_.insert(key);
    if (has(key)) require(key, draft);
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
    problems_.add(key.empty() ? "/" + name_ : at(key), std::move(cause), std::move(next_step));
  }

  void warn(std::string text) { out_.warnings.push_back(std::move(text)); }

  const Json& config_;
  std::string name_;
  const Json& dict_;
  base::Problems& problems_;
  std::set<std::string> asked_;
  HfScaling out_;
};

}  // namespace

HfScaling from_hf(const nlohmann::json& config, const std::string& file) {
  base::Problems problems;
  HfScaling out;
  if (!config.is_object()) {
    problems.add("", "must be an object");
  } else if (base::has_value(config, "rope_scaling") &&
             base::has_value(config, "rope_parameters") &&
             config.at("rope_scaling") != config.at("rope_parameters")) {
    problems.add("/rope_parameters", "contradicts /rope_scaling", "keep one of the two");
  } else if (const std::string dict = rope_dict_name(config); !dict.empty()) {
    out = Reader(config, dict, problems).read();
  }
  problems.throw_if_any(file);
  return out;
}

}  // namespace scalings
