#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "scalings/stated_length.h"

namespace scalings {
namespace {

/// "tokens at place", or the problem.
std::string stated_length(std::string_view config) {
  base::Problems problems;
  const auto stated = length_before_scaling(base::parse_json(config, "config.json"), problems);
  if (!problems.empty()) return problems.found()[0].place + " " + problems.found()[0].cause;
  return stated ? std::to_string(stated->tokens) + " at " + stated->place : "none";
}

TEST(LengthBeforeScaling, IsThatOfTheTopLevelElseOfTheDictElseTheWholeLength) {
  EXPECT_EQ(stated_length("{}"), "none");
  EXPECT_EQ(stated_length("[]"), "none");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling": 7})"),
            "4096 at /max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_parameters":
                              {"original_max_position_embeddings": 2048.0}})"),
            "2048 at /rope_parameters/original_max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"original_max_position_embeddings": 1024, "rope_scaling":
                              {"original_max_position_embeddings": 2048}})"),
            "1024 at /original_max_position_embeddings");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling":
                              {"original_max_position_embeddings": 1e300}})"),
            "/rope_scaling/original_max_position_embeddings must be an integer (got 1e+300)");
  EXPECT_EQ(stated_length(R"({"max_position_embeddings": 4096, "rope_scaling":
                              {"original_max_position_embeddings": -1}})"),
            "/rope_scaling/original_max_position_embeddings must be in [1, 2147483648] (got -1)");
}

}  // namespace
}  // namespace scalings
