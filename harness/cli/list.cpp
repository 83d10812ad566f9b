#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "harness/cli/verbs.h"
#include "scalings/catalog.h"

namespace cli {
namespace {

using nlohmann::json;

std::string versioned(const scalings::Method& method) {
  return fmt::format("{}/{}", method.name, method.version);
}

json to_json(const scalings::Parameter& parameter) {
  const bool is_required = parameter.fallback.empty();
  return {{"name", parameter.name},
          {"type", parameter.type},
          {"required", is_required},
          {"default", is_required ? json() : json::parse(parameter.fallback)},
          {"meaning", parameter.meaning}};
}

json to_json(const scalings::Method& method) {
  json parameters = json::array();
  for (const auto& parameter : method.parameters) parameters.push_back(to_json(parameter));
  return {{"name", method.name},
          {"version", method.version},
          {"type", versioned(method)},
          {"edits", scalings::part_names(method.edits)},
          {"builds_on", scalings::part_names(method.builds_on)},
          {"parameters", parameters},
          {"summary", method.summary},
          {"reach", method.reach},
          {"source", method.source},
          {"citation", method.citation}};
}

void print(const scalings::Method& method) {
  fmt::print("{}  [{}]\n    {}\n", versioned(method),
             fmt::join(scalings::part_names(method.edits), ", "), method.summary);
  for (const auto& parameter : method.parameters) {
    fmt::print("    {:<22}{:<9}{:<10}{}\n", parameter.name, parameter.type,
               parameter.fallback.empty() ? "required" : parameter.fallback, parameter.meaning);
  }
  fmt::print("    reach: {}\n    source: {}\n\n", method.reach, method.source);
}

void run(bool as_json) {
  if (!as_json) {
    for (const auto& method : scalings::catalog()) print(method);
    return;
  }
  json methods = json::array();
  for (const auto& method : scalings::catalog()) methods.push_back(to_json(method));
  fmt::print("{}\n", json{{"schema_version", 1}, {"methods", methods}}.dump(2));
}

}  // namespace

void add_list(CLI::App& app, int&) {
  CLI::App* verb =
      app.add_subcommand("list", "Print every method: parameters, defaults, what it edits, source");
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "For scripts, with BibTeX entries");
  verb->callback([as_json] { run(*as_json); });
}

}  // namespace cli
