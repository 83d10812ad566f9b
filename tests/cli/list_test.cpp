#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "harness/cli/verbs.h"
#include "scalings/catalog.h"

namespace cli {
namespace {

std::string list(const std::string& arguments) {
  CLI::App app;
  int status = 0;
  add_list(app, status);
  testing::internal::CaptureStdout();
  app.parse("list " + arguments);
  return testing::internal::GetCapturedStdout();
}

TEST(List, PrintsEveryMethodWithItsParametersAndSource) {
  const std::string text = list("");
  for (const scalings::Method& method : scalings::catalog()) {
    EXPECT_NE(text.find(std::string(method.name) + "/" + std::to_string(method.version)),
              std::string::npos)
        << method.name;
    EXPECT_NE(text.find("source: " + std::string(method.source)), std::string::npos);
  }
  EXPECT_NE(text.find("beta_fast             number   32        pairs with more turns"),
            std::string::npos);
  EXPECT_NE(text.find("passkey/landmark/1"), std::string::npos);
}

TEST(List, GivesScriptsEverythingThatTheCatalogKnows) {
  const auto catalog = nlohmann::json::parse(list("--json"));
  ASSERT_EQ(catalog.at("methods").size(), scalings::catalog().size());
  const auto& linear = catalog.at("methods")[0];
  EXPECT_EQ(linear.at("type"), "linear/1");
  EXPECT_EQ(linear.at("edits"), nlohmann::json({"frequencies"}));
  EXPECT_EQ(linear.at("builds_on"), nlohmann::json({"base"}));
  EXPECT_EQ(linear.at("parameters")[0].at("name"), "factor");
  EXPECT_EQ(linear.at("parameters")[0].at("required"), true);
  EXPECT_EQ(linear.at("parameters")[1].at("default"), nullptr);
  EXPECT_EQ(linear.at("parameters")[1].at("required"), false);
  EXPECT_TRUE(linear.at("citation").get<std::string>().starts_with("@article{"));
  EXPECT_EQ(catalog.at("protocols")[0].at("id"), "passkey/landmark/1");
  for (const auto& protocol : catalog.at("protocols")) {
    const auto citation = protocol.at("citation").get<std::string>();
    EXPECT_EQ(citation.starts_with("@"), protocol.at("source") != "ours") << protocol;
  }
}

}  // namespace
}  // namespace cli
