#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string_view>

#include "evals/perplexity.h"
#include "evals/retrieval.h"
#include "harness/cli/verbs.h"
#include "scalings/catalog.h"

namespace cli {
namespace {

using nlohmann::json;

/// "yarn/1", "passkey/landmark/1".
template <typename Entry>
std::string versioned(const Entry& entry) {
  return fmt::format("{}/{}", entry.name, entry.version);
}

/// A parameter of a method or of a protocol; the default of a required one is null.
template <typename Parameters>
json parameters_json(const Parameters& parameters) {
  json all = json::array();
  for (const auto& parameter : parameters) {
    const bool is_required = parameter.fallback.empty();
    all.push_back({{"name", parameter.name},
                   {"type", parameter.type},
                   {"required", is_required},
                   {"default", is_required ? json() : json::parse(parameter.fallback)},
                   {"meaning", parameter.meaning}});
  }
  return all;
}

json to_json(const scalings::Method& method) {
  return {{"name", method.name},
          {"version", method.version},
          {"type", versioned(method)},
          {"edits", scalings::part_names(method.edits)},
          {"builds_on", scalings::part_names(method.builds_on)},
          {"parameters", parameters_json(method.parameters)},
          {"summary", method.summary},
          {"reach", method.reach},
          {"source", method.source},
          {"citation", method.citation}};
}

template <typename Protocol>
json protocol_json(const Protocol& protocol) {
  return {{"name", protocol.name},        {"version", protocol.version},
          {"id", versioned(protocol)},    {"parameters", parameters_json(protocol.parameters)},
          {"summary", protocol.summary},  {"source", protocol.source},
          {"citation", protocol.citation}};
}

template <typename Parameters>
void print_parameters(const Parameters& parameters) {
  const auto shown = [](const auto& parameter) {
    return parameter.fallback.empty() ? std::string_view("required") : parameter.fallback;
  };
  size_t name = 20, type = 7, fallback = 8;  // as in most tables
  for (const auto& parameter : parameters) {
    name = std::max(name, parameter.name.size());
    type = std::max(type, parameter.type.size());
    fallback = std::max(fallback, shown(parameter).size());
  }
  for (const auto& parameter : parameters) {
    fmt::print("    {:<{}}  {:<{}}  {:<{}}  {}\n", parameter.name, name, parameter.type, type,
               shown(parameter), fallback, parameter.meaning);
  }
}

void print(const scalings::Method& method) {
  fmt::print("{}  [{}]\n    {}\n", versioned(method),
             fmt::join(scalings::part_names(method.edits), ", "), method.summary);
  print_parameters(method.parameters);
  fmt::print("    reach: {}\n    source: {}\n\n", method.reach, method.source);
}

template <typename Protocol>
void print_protocol(const Protocol& protocol) {
  fmt::print("{}\n    {}\n", versioned(protocol), protocol.summary);
  print_parameters(protocol.parameters);
  fmt::print("    source: {}\n\n", protocol.source);
}

void print_text() {
  fmt::print("Methods\n\n");
  for (const auto& method : scalings::catalog()) print(method);
  fmt::print("Protocols\n\n");
  for (const auto& protocol : evals::retrieval_protocols()) print_protocol(protocol);
  for (const auto& protocol : evals::perplexity_protocols()) print_protocol(protocol);
}

void print_json() {
  json methods = json::array();
  for (const auto& method : scalings::catalog()) methods.push_back(to_json(method));
  json protocols = json::array();
  for (const auto& protocol : evals::retrieval_protocols()) {
    protocols.push_back(protocol_json(protocol));
  }
  for (const auto& protocol : evals::perplexity_protocols()) {
    protocols.push_back(protocol_json(protocol));
  }
  const json catalog = {{"schema_version", 1}, {"methods", methods}, {"protocols", protocols}};
  fmt::print("{}\n", catalog.dump(2));
}

}  // namespace

void add_list(CLI::App& app, int&) {
  CLI::App* verb = app.add_subcommand(
      "list", "Print every method and protocol: parameters, defaults, effect, source");
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "For scripts, with BibTeX entries");
  verb->callback([as_json] { *as_json ? print_json() : print_text(); });
}

}  // namespace cli
