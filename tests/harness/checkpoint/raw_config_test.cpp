#include "harness/checkpoint/raw_config.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/error_text.h"

namespace checkpoint {
namespace {

TEST(RawConfig, DescribesAnything) {
  const RawConfig config = RawConfig::parse(
      R"({"n_head": 12, "a": 1, "a": 2, "theta": "x", "rope_parameters": {"rope_theta": 7e5}})",
      "c");
  EXPECT_EQ(config.integer("n_head"), 12);
  EXPECT_EQ(config.integer("a"), 2);
  EXPECT_EQ(config.number("theta"), std::nullopt);
  EXPECT_EQ(config.text("theta"), "x");
  EXPECT_EQ(config.rope_theta(), 7e5);
  EXPECT_FALSE(config.has("none"));
  ASSERT_EQ(config.problems().size(), 1u);
  EXPECT_EQ(config.problems()[0].place, "/a");
  EXPECT_EQ(tests::error_text([] { RawConfig::parse("[1]", "c"); }), "c: must be a JSON object");
}

}  // namespace
}  // namespace checkpoint
