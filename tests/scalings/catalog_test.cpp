#include "scalings/catalog.h"

#include <gtest/gtest.h>

#include <set>

namespace scalings {
namespace {

TEST(Catalog, NamesEveryMethodOnce) {
  std::set<std::string_view> names;
  for (const Method& method : catalog()) EXPECT_TRUE(names.insert(method.name).second);
  EXPECT_EQ(names.size(), 32u);
}

TEST(Catalog, FindsMethodsWithAndWithoutTheirVersion) {
  ASSERT_NE(find_method("yarn"), nullptr);
  EXPECT_EQ(find_method("yarn"), find_method("yarn/1"));
  EXPECT_EQ(find_method("yarn/2"), nullptr);
  EXPECT_EQ(find_method(""), nullptr);
}

TEST(Catalog, IsCompleteForEveryMethod) {
  for (const Method& method : catalog()) {
    EXPECT_FALSE(method.summary.empty() || method.reach.empty() || method.source.empty())
        << method.name;
    EXPECT_TRUE(method.citation.starts_with("@")) << method.name;
    EXPECT_NE(method.make, nullptr) << method.name;
    for (const Parameter& parameter : method.parameters) {
      EXPECT_FALSE(parameter.meaning.empty()) << method.name << " " << parameter.name;
      if (!parameter.fallback.empty()) {
        EXPECT_TRUE(nlohmann::json::accept(parameter.fallback)) << parameter.name;
      }
    }
  }
}

TEST(Catalog, SpellsOutTheDefaultsThatParamsSpellsOut) {
  for (const Method& method : catalog()) {
    const bool has_required =
        std::any_of(method.parameters.begin(), method.parameters.end(),
                    [](const Parameter& parameter) { return parameter.fallback.empty(); });
    if (has_required || method.name == "abf") continue;
    const auto made =
        params(make_chain(nlohmann::json::array({{{"type", method.name}}}), "defaults"))[0];
    for (const Parameter& parameter : method.parameters) {
      EXPECT_EQ(made.at(std::string(parameter.name)), nlohmann::json::parse(parameter.fallback))
          << method.name << " " << parameter.name;
    }
  }
}

}  // namespace
}  // namespace scalings
