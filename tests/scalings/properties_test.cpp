#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "scalings/layer_plans.h"
#include "tests/scalings/random_method.h"
#include "tests/scalings/support.h"

namespace scalings {
namespace {

using base::Json;

constexpr unsigned all_parts = ~0u;
constexpr int64_t head_pairs = 16;

Context random_context() {
  Context at = context(2 * head_pairs, random_integer(1, 300), random_number(100, 1e6),
                       random_integer(8, 300));
  if (random_integer(0, 1) == 1) at.shape.head_dim += 8;  // partial rotary
  return at;
}

RotaryPlan plan_of(const Json& method, const Context& at) {
  return make_plan(make_chain(Json::array({method}), "random"), at);
}

/// The stretch s of a random method, where its formula has one.
double factor_of(const Json& method) {
  return method.value("factor", method.at("type") == "llama3" ? 8.0 : 1.0);
}

RC_GTEST_PROP(Frequencies, AreNeverNegative, ()) {
  const Json method = random_method_of(Part::frequencies | Part::new_base, head_pairs);
  RC_LOG() << method.dump();
  for (const auto& set : plan_of(method, random_context()).inv_freq) RC_ASSERT((set >= 0).all());
}

RC_GTEST_PROP(Frequencies, OfInterpolatingMethodsLieBetweenPlainAndPlainOverTheFactor, ()) {
  const std::set<std::string> interpolating = {"linear",    "ntk",          "ntk_fixed",
                                               "ntk_mixed", "ntk_by_parts", "ntk_by_parts_index",
                                               "yarn",      "llama3"};
  const Json method = random_method_of(Part::frequencies, head_pairs);
  RC_PRE(interpolating.contains(method.at("type")));
  RC_LOG() << method.dump();
  const Context at = random_context();
  const Eigen::ArrayXd plain = plain_frequencies(at.shape.theta, at.shape.rotary_dim);
  const Eigen::ArrayXd made = plan_of(method, at).inv_freq[0];
  RC_ASSERT((made <= plain * (1 + 1e-13)).all());
  RC_ASSERT((made >= plain / factor_of(method) * (1 - 1e-13)).all());
}

RC_GTEST_PROP(Frequencies, FallFromPairToPairWhereNoListSaysOtherwise, ()) {
  const Json method = random_method_of(Part::frequencies | Part::new_base, head_pairs);
  RC_PRE(method.at("type") != "longrope");
  RC_LOG() << method.dump();
  const Eigen::ArrayXd made = plan_of(method, random_context()).inv_freq[0];
  RC_ASSERT((made.tail(head_pairs - 1) <= made.head(head_pairs - 1) * (1 + 1e-13)).all());
}

RC_GTEST_PROP(Params, RebuildTheMethod, ()) {
  const Json method = random_method_of(all_parts, head_pairs);
  RC_LOG() << method.dump();
  const Chain chain = make_chain(Json::array({method}), "random");
  const Json spelled_out = params(chain);
  const Chain again = make_chain(spelled_out, "again");
  RC_ASSERT(params(again) == spelled_out);
  const Context at = random_context();
  RC_ASSERT(make_plan(again, at) == make_plan(chain, at));
}

RC_GTEST_PROP(Params, SpellOutEveryParameterOfTheCatalog, ()) {
  const Json method = random_method_of(all_parts, head_pairs);
  const Json spelled_out = params(make_chain(Json::array({method}), "random"))[0];
  const Method& entry = *find_method(method.at("type").get<std::string>());
  RC_ASSERT(spelled_out.at("type") ==
            std::string(entry.name) + "/" + std::to_string(entry.version));
  RC_ASSERT(spelled_out.size() == entry.parameters.size() + 1);
  for (const Parameter& parameter : entry.parameters) {
    RC_ASSERT(spelled_out.contains(std::string(parameter.name)));
  }
}

RC_GTEST_PROP(Fingerprints, DifferWhenAndOnlyWhenPlansDiffer, ()) {
  const Context at = random_context();
  const RotaryPlan one = plan_of(random_method_of(all_parts, head_pairs), at);
  const RotaryPlan other = plan_of(random_method_of(all_parts, head_pairs), at);
  RC_ASSERT((fingerprint(one) == fingerprint(other)) == (one == other));
  RC_ASSERT(fingerprint(RotaryPlan(one)) == fingerprint(one));
}

RC_GTEST_PROP(Fingerprints, SeeTheLastBitOfEveryNumber, ()) {
  const RotaryPlan plan = plan_of(random_method_of(all_parts, head_pairs), random_context());
  RotaryPlan changed = plan;
  const auto nudge = [](double& number) { number = std::nextafter(number, 1e300); };
  switch (random_integer(0, 4)) {
    case 0:
      nudge(changed.theta);
      break;
    case 1:
      nudge(changed.magnitude);
      break;
    case 2:
      nudge(changed.gain[random_integer(0, plan.length() - 1)]);
      break;
    case 3:
      nudge(changed.inv_freq[0][random_integer(0, head_pairs - 1)]);
      break;
    default:
      nudge(changed.rulers[0].position[random_integer(0, plan.length() - 1)]);
  }
  RC_ASSERT(fingerprint(changed) != fingerprint(plan));
}

/// Methods whose numbers follow the length: by their formula, or because their factor was told to.
bool follows_length(const Json& method) {
  const std::set<std::string> dynamic = {"dynamic_linear", "dynamic_ntk", "dynamic_yarn",
                                         "longrope"};
  return dynamic.contains(method.at("type")) ||
         (method.contains("factor") && method.at("factor") == "length/trained");
}

RC_GTEST_PROP(PrefixEquality, SeparatesLengthDependentMethodsFromTheOthers, ()) {
  Json method = random_method_of(all_parts, head_pairs);
  if (method.contains("factor") && random_integer(0, 3) == 0 &&
      find_method(method.at("type").get<std::string>())->parameters[0].type == "factor") {
    method["factor"] = "length/trained";
  }
  method.erase("original_length");
  RC_LOG() << method.dump();
  Context shorter = random_context();
  shorter.length = random_integer(1, 2 * shorter.shape.trained_length);
  Context longer = shorter;
  longer.length = 2 * shorter.shape.trained_length + random_integer(1, 50);
  const RotaryPlan full = plan_of(method, longer);
  const RotaryPlan part = plan_of(method, shorter);
  if (!follows_length(method)) {
    RC_ASSERT(prefix_equal(full, part));
  } else if (method.at("type") != "longrope" && shorter.length <= shorter.shape.trained_length) {
    RC_ASSERT(!prefix_equal(full, part));
  }
}

RC_GTEST_PROP(LayerPlans, AreThoseThatEachLayerHasAlone, ()) {
  Json method = random_method_of(all_parts, head_pairs);
  Context at = random_context();
  at.layers = 4;
  if (random_integer(0, 1) == 1) {
    std::set<int64_t> layers;
    for (int i = 0; i < 2; ++i) layers.insert(random_integer(0, at.layers - 1));
    method = {{"type", "apply_to_layers"},
              {"layers", layers},
              {"methods", Json::array({std::move(method)})}};
  }
  RC_LOG() << method.dump();
  const LayerPlans plans = make_layer_plans(make_chain(Json::array({method}), "random"), at);
  for (; at.layer < at.layers; ++at.layer) {
    RC_ASSERT(*plans[static_cast<size_t>(at.layer)] == plan_of(method, at));
  }
}

RC_GTEST_PROP(Spans, AreSortedDisjointCausalAndIncludeTheTokenItself, ()) {
  const Json method = random_method_of(Part::positions, head_pairs);
  RC_LOG() << method.dump();
  const RotaryPlan plan = plan_of(method, random_context());
  for (int64_t query = 0; query < plan.length(); ++query) {
    int64_t end = 0;
    for (const Span& span : plan.spans.row(query)) {
      RC_ASSERT(span.begin >= end && span.begin < span.end);
      RC_ASSERT(span.view >= 0 && span.view < static_cast<int64_t>(plan.views.size()));
      end = span.end;
    }
    RC_ASSERT(end == query + 1);
    RC_ASSERT(distance(plan, query, query) == 0.0);
  }
}

/// Largest distance that a method's definition allows at a length; nothing where it is i - j.
double documented_maximum(const Json& method, int64_t length) {
  const std::string type = method.at("type");
  const auto number = [&](const char* key) { return method.at(key).get<double>(); };
  const auto last = static_cast<double>(length - 1);
  if (type == "rerope") return number("window");
  if (type == "dual_chunk") return number("chunk");
  if (type == "sliding_window") return number("window") - 1;
  if (type == "streaming") return number("sinks") + number("window") - 1;
  if (type == "lm_infinite") return method.value("distance_ceiling", number("window"));
  if (type == "string") {
    return std::max(number("shift") - 1, last - number("shift") + number("window"));
  }
  if (type == "leaky_rerope") {
    return std::max(number("window"),
                    number("window") + (last - number("window")) / number("factor"));
  }
  // Self-Extend and its relatives: (n - 1) / G + W - floor(W / G).
  const double groups = number("window") / number("group");
  return std::max(number("window") - 1,
                  std::floor(last / number("group")) + number("window") - std::floor(groups));
}

RC_GTEST_PROP(Distances, AreNeverNegativeAndStayBelowTheDocumentedMaximum, ()) {
  const Json method = random_method_of(Part::positions, head_pairs);
  RC_LOG() << method.dump();
  const RotaryPlan plan = plan_of(method, random_context());
  double largest = 0;
  for (int64_t query = 0; query < plan.length(); ++query) {
    for (int64_t key = 0; key <= query; ++key) {
      const auto measured = distance(plan, query, key);
      RC_ASSERT(!measured || *measured >= 0);
      largest = std::max(largest, measured.value_or(0));
    }
  }
  RC_ASSERT(largest_distance(plan) == largest);
  const double allowed =
      std::min(documented_maximum(method, plan.length()), static_cast<double>(plan.length() - 1));
  RC_ASSERT(largest <= allowed + 1e-9);
}

}  // namespace
}  // namespace scalings
