#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numbers>

#include "harness/base/json.h"
#include "harness/cli/verbs.h"
#include "scalings/catalog.h"
#include "scalings/reach.h"

namespace cli {
namespace {

using base::Json;
using scalings::RotaryPlan;

struct Options {
  std::string method = "[]";
  scalings::Context context{
      .shape = {.head_dim = 128, .rotary_dim = 0, .theta = 10000, .trained_length = 4096},
      .length = 0,
      .layer = 0,
      .layers = 1};
  std::vector<int64_t> queries;
  bool as_json = false;
};

/// Where the search for the first untrained distance ends, tokens.
constexpr int64_t longest_search = int64_t{1} << 20;
/// Rows up to this many keys are printed in full, longer ones span by span.
constexpr int64_t full_row = 32;

Json distance_row(const RotaryPlan& plan, int64_t query) {
  Json row = std::vector<Json>(static_cast<size_t>(query) + 1);
  for (const scalings::Span& span : plan.spans.row(query)) {
    for (int64_t key = span.begin; key < span.end; ++key) {
      row[static_cast<size_t>(key)] = distance(plan, span, query, key);
    }
  }
  return row;
}

/// One list of frequencies; a list of such lists where tokens turn differently (LongRoPE's first).
Json frequency_lists(const RotaryPlan& plan) {
  Json lists = Json::array();
  for (const auto& set : plan.inv_freq)
    lists.push_back(std::vector<double>(set.begin(), set.end()));
  return lists.size() == 1 ? lists[0] : lists;
}

void print_json(const RotaryPlan& plan, const Json& params, const std::vector<int64_t>& queries) {
  Json rows = Json::object();
  for (const int64_t query : queries) rows[std::to_string(query)] = distance_row(plan, query);
  fmt::print("{}\n", Json{{"method", params},
                          {"inv_freq", frequency_lists(plan)},
                          {"magnitude", plan.magnitude},
                          {"gain", std::vector<double>(plan.gain.begin(), plan.gain.end())},
                          {"distances", rows}}
                         .dump());
}

void print_pairs(const RotaryPlan& plan, const scalings::Context& context, double largest) {
  constexpr double turn = 2 * std::numbers::pi;
  const auto plain = scalings::plain_frequencies(context.shape.theta, context.shape.rotary_dim);
  const auto trained = static_cast<double>(context.shape.trained_length);
  for (size_t set = 0; set < plan.inv_freq.size(); ++set) {
    if (plan.inv_freq.size() > 1) fmt::print("frequency set {}\n", set);
    fmt::print("{:>4}  {:>14}  {:>14}  {:>14}  {:>16}\n", "pair", "wavelength", "ratio to plain",
               "turns trained", "largest angle");
    for (int64_t pair = 0; pair < plain.size(); ++pair) {
      const double frequency = plan.inv_freq[set][pair];
      fmt::print("{:>4}  {:>14.6g}  {:>14.8g}  {:>14.6g}  {:>16.6g}\n", pair, turn / frequency,
                 frequency / plain[pair], trained * frequency / turn, largest * frequency);
    }
    fmt::print("\n");
  }
}

void print_row(const RotaryPlan& plan, int64_t query) {
  fmt::print("query {}: gain {:.8g}, distances", query, plan.gain[query]);
  if (query < full_row) {
    for (const Json& each : distance_row(plan, query)) {
      if (each.is_null()) {
        fmt::print(" x");
      } else {
        fmt::print(" {:g}", each.get<double>());
      }
    }
  } else {
    for (const scalings::Span& span : plan.spans.row(query)) {
      fmt::print("\n  keys {}..{}: {:g} .. {:g}", span.begin, span.end - 1,
                 distance(plan, span, query, span.begin),
                 distance(plan, span, query, span.end - 1));
    }
  }
  fmt::print("\n");
}

void print_text(const RotaryPlan& plan, const Json& params, const scalings::Reach& reach,
                const Options& options) {
  const scalings::RopeShape& shape = options.context.shape;
  fmt::print("method {}\n", params.dump());
  fmt::print("head_dim {}, rotary_dim {}, theta {} (in force {:.10g}), trained {}, length {}\n\n",
             shape.head_dim, shape.rotary_dim, shape.theta, plan.theta, shape.trained_length,
             options.context.length);
  print_pairs(plan, options.context, reach.largest_distance);
  fmt::print("magnitude {:.17g}\n", plan.magnitude);
  for (const int64_t query : options.queries) print_row(plan, query);
  fmt::print("largest distance at {}: {:g}\n", options.context.length, reach.largest_distance);
  fmt::print("first length with a distance never trained on: {}\n",
             reach.first_length_beyond ? std::to_string(*reach.first_length_beyond)
                                       : fmt::format("none up to {}", longest_search));
  fmt::print("limit stated by the method: {}\n",
             reach.stated_limit ? fmt::format("{} tokens", *reach.stated_limit) : "none");
  fmt::print("fingerprint {}\n", scalings::fingerprint(plan));
}

void run(Options options) {
  scalings::Context& context = options.context;
  if (context.shape.rotary_dim == 0) context.shape.rotary_dim = context.shape.head_dim;
  if (context.length == 0) context.length = context.shape.trained_length;
  const auto chain = scalings::make_chain(base::parse_json(options.method, "--method"), "--method");
  const RotaryPlan plan = scalings::make_plan(chain, context);
  for (const int64_t query : options.queries) {
    if (query < 0 || query >= context.length) {
      throw base::Error(base::Fault::input, "--query",
                        {"", fmt::format("must be in [0, {}] (got {})", context.length - 1, query),
                         "raise --length"});
    }
  }
  const Json params = scalings::params(chain);
  if (options.as_json) {
    print_json(plan, params, options.queries);
    return;
  }
  if (options.queries.empty()) options.queries = {context.length - 1};
  const int64_t longest = std::max(longest_search, context.length);
  print_text(plan, params, scalings::reach(chain, context, longest), options);
}

}  // namespace

void add_show(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand("show", "Print one plan in numbers");
  const auto options = std::make_shared<Options>();
  scalings::Context& context = options->context;
  verb->add_option("--method", options->method, "Chain as JSON; [] is plain RoPE")
      ->capture_default_str();
  verb->add_option("--head-dim", context.shape.head_dim)->capture_default_str();
  verb->add_option("--rotary-dim", context.shape.rotary_dim, "Channels that rotate [head-dim]");
  verb->add_option("--theta", context.shape.theta, "Base of the model")->capture_default_str();
  verb->add_option("--trained", context.shape.trained_length, "Trained length, tokens")
      ->capture_default_str();
  verb->add_option("--length", context.length, "Length of the path, tokens [trained]")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31));
  verb->add_option("--layer", context.layer, "Layer, for methods that treat layers differently")
      ->capture_default_str();
  verb->add_option("--layers", context.layers, "Layers of the model")->capture_default_str();
  verb->add_option("--query", options->queries, "Tokens whose gain and distances are shown");
  verb->add_flag("--json", options->as_json,
                 "method, inv_freq, magnitude, gain, distances (by query: a list over keys, null "
                 "where not attended)");
  verb->callback([options] { run(*options); });
}

}  // namespace cli
