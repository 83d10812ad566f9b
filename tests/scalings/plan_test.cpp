#include "scalings/plan.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "tests/scalings/support.h"

namespace scalings {
namespace {

TEST(Plain, IsTheEmptyChain) {
  const RotaryPlan made = plan("[]", context(4, 5));
  EXPECT_EQ(made, plain_plan(context(4, 5)));
  EXPECT_LE(relative_error(made.inv_freq.at(0), numbers("1 0.01")), 1e-15);
  EXPECT_EQ(row(made, 3), "3 2 1 0");
  EXPECT_EQ(made.magnitude, 1);
  EXPECT_EQ(made.length(), 5);
}

TEST(Plain, RotatesPartOfTheHead) {
  Context partial = context(8, 1);
  partial.shape.rotary_dim = 4;
  EXPECT_LE(relative_error(plan("[]", partial).inv_freq.at(0), numbers("1 0.01")), 1e-15);
}

TEST(SpanTable, JoinsNeighboursAndDropsEmptySpans) {
  SpanTable table;
  table.push_row(std::array{Span{0, 0, 1}, Span{0, 1, 0}});
  table.push_row(std::array{Span{0, 1, 0}, Span{1, 2, 0}});
  ASSERT_EQ(table.row(1).size(), 1u);
  EXPECT_EQ(table.row(1)[0], (Span{0, 2, 0}));
  EXPECT_EQ(table, SpanTable::causal(2));
}

TEST(SpanTable, RefusesRowsThatAreNotAttention) {
  const auto push = [](std::initializer_list<Span> row) {
    SpanTable table = SpanTable::causal(3);
    table.push_row(std::span<const Span>(row.begin(), row.size()));
  };
  EXPECT_NO_THROW(push({{0, 1, 0}, {2, 4, 1}}));
  EXPECT_THROW(push({{2, 4, 1}, {0, 1, 0}}), std::logic_error);  // unsorted
  EXPECT_THROW(push({{0, 3, 0}, {2, 4, 1}}), std::logic_error);  // overlapping
  EXPECT_THROW(push({{0, 5, 0}}), std::logic_error);             // sees the future
  EXPECT_THROW(push({{0, 3, 0}}), std::logic_error);             // leaves itself out
  EXPECT_THROW(push({}), std::logic_error);
}

TEST(SpanTable, CutsToItsFirstRows) {
  EXPECT_EQ(SpanTable::causal(7).first(3), SpanTable::causal(3));
}

/// Four tokens, a far view through rulers 1 and 2 for key 0 of query 3.
RotaryPlan two_views() {
  RotaryPlan made = plain_plan(context(4, 4));
  made.rulers.push_back({Eigen::ArrayXd::Constant(4, 9), 0});
  made.rulers.push_back({Eigen::ArrayXd::Constant(4, 2), 0});
  made.views.push_back({1, 2});
  made.spans = SpanTable::causal(3);
  made.spans.push_row(std::array{Span{0, 1, 1}, Span{2, 4, 0}});
  return made;
}

TEST(Distance, IsTheDifferenceOfTheViewsRulers) {
  EXPECT_EQ(row(two_views(), 3), "7 x 1 0");
  EXPECT_EQ(largest_distance(two_views()), 7);
}

TEST(LargestDistance, FindsTheSmallestKeyPositionInsideASpan) {
  RotaryPlan made = plain_plan(context(4, 4));
  made.rulers.push_back({(Eigen::ArrayXd(4) << 3, 1, 2, 3).finished(), 0});
  made.views = {{0, 1}};
  EXPECT_EQ(row(made, 3), "0 2 1 0");
  EXPECT_EQ(largest_distance(made), 2);
}

TEST(NormalForm, DropsWhatNoSpanUses) {
  RotaryPlan made = two_views();
  made.spans = SpanTable::causal(4);
  EXPECT_FALSE(made == plain_plan(context(4, 4)));
  EXPECT_EQ(normal_form(made), plain_plan(context(4, 4)));
}

TEST(NormalForm, MergesEqualRulersAndNumbersByFirstUse) {
  RotaryPlan made = plain_plan(context(4, 4));
  made.inv_freq.insert(made.inv_freq.begin(), made.inv_freq[0] * 2);
  made.inv_freq.push_back(made.inv_freq[1]);
  made.rulers[0].frequencies = 1;
  made.rulers.push_back({made.rulers[0].position, 2});
  made.views = {{1, 1}, {0, 1}};
  made.spans = SpanTable::causal(3);
  made.spans.push_row(std::array{Span{0, 2, 1}, Span{2, 4, 0}});
  EXPECT_EQ(normal_form(made), plain_plan(context(4, 4)));
}

TEST(Prefix, OfALongPlanIsTheShortPlan) {
  EXPECT_EQ(prefix(plain_plan(context(4, 9)), 4), plain_plan(context(4, 4)));
  EXPECT_TRUE(prefix_equal(plain_plan(context(4, 9)), plain_plan(context(4, 4))));
  EXPECT_FALSE(prefix_equal(plain_plan(context(4, 4)), plain_plan(context(4, 9))));
}

TEST(Prefix, ForgetsViewsOfLaterQueries) {
  EXPECT_EQ(prefix(two_views(), 3), plain_plan(context(4, 3)));
}

TEST(Prefix, OfADynamicMethodIsNotItsShorterPlan) {
  const char* json = R"([{"type": "dynamic_ntk"}])";
  EXPECT_TRUE(prefix_equal(plan(json, context(8, 4096)), plan(json, context(8, 4))));
  EXPECT_FALSE(prefix_equal(plan(json, context(8, 4097)), plan(json, context(8, 4))));
}

TEST(Fingerprint, IsThatOfTheNumbersAlone) {
  const RotaryPlan plain = plain_plan(context(4, 4));
  EXPECT_EQ(fingerprint(plain),
            fingerprint(plan(R"([{"type": "yarn", "factor": 1}])", context(4, 4))));
  EXPECT_NE(fingerprint(plain), fingerprint(plain_plan(context(4, 5))));
  EXPECT_NE(fingerprint(plain), fingerprint(two_views()));
  RotaryPlan negative_zero = plain;
  negative_zero.rulers[0].position[0] = -0.0;
  EXPECT_EQ(negative_zero, plain);
  EXPECT_EQ(fingerprint(negative_zero), fingerprint(plain));
}

TEST(Fingerprint, IsStableAcrossReleases) {
  // Rows of old runs cite fingerprints: a change of the hash must be a decision. The value is that
  // of Python's hashlib over the same little-endian bytes.
  EXPECT_EQ(fingerprint(plain_plan(context(4, 2))),
            "8e6109e2c9b0e49d5f3fb4670bd96cce7253a136f16108c5722b77c254a03241");
}

}  // namespace
}  // namespace scalings
