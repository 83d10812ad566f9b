// Every number that the statistics report is computed once more by SciPy, in scipy_check.py.
#include <gtest/gtest.h>

#include <fstream>

#include "evals/stats/bootstrap.h"
#include "evals/stats/comparison.h"
#include "evals/stats/proportion.h"
#include "evals/stats/sample_size.h"
#include "tests/support/python.h"
#include "tests/support/temporary_folder.h"

namespace evals::stats {
namespace {

using base::Json;
using nlohmann::literals::operator""_json_pointer;

Json pair_of(Interval interval) { return Json::array({interval.low, interval.high}); }

Json proportions() {
  Json rows = Json::array();
  for (const int64_t n : {1, 10, 20, 50, 100, 590, 5000}) {
    for (const int64_t hits : {int64_t{0}, n / 3, 9 * n / 10, n - 1, n}) {
      for (const double p0 : {0.2, 0.5, 0.85, 0.9}) {
        for (const double alpha : {0.05, 0.01}) {
          rows.push_back({{"hits", hits},
                          {"trials", n},
                          {"alpha", alpha},
                          {"p0", p0},
                          {"wilson", pair_of(wilson(hits, n, alpha))},
                          {"lower", exact_lower_bound(hits, n, alpha)},
                          {"upper", exact_upper_bound(hits, n, alpha)},
                          {"greater", binomial_p_greater(hits, n, p0)},
                          {"less", binomial_p_less(hits, n, p0)}});
        }
      }
    }
  }
  return rows;
}

Json mcnemars() {
  Json rows = Json::array();
  for (const int64_t first : {0, 1, 5, 17, 200}) {
    for (const int64_t second : {0, 2, 5, 40, 180}) {
      rows.push_back({{"only_first", first},
                      {"only_second", second},
                      {"p", mcnemar_exact({10, first, second, 3, 0})}});
    }
  }
  return rows;
}

Json holms() {
  Json rows = Json::array();
  for (const std::vector<double>& p : {std::vector<double>{0.3},
                                       {0.01, 0.04, 0.03, 0.005},
                                       {1e-12, 0.5, 0.5, 0.02, 0.02, 1.0},
                                       {0.049, 0.051, 0.2, 0.001, 0.0009, 0.7, 0.013}}) {
    rows.push_back({{"p", p}, {"adjusted", holm(p)}});
  }
  return rows;
}

Json sample_sizes() {
  Json rows = Json::array();
  for (const int64_t n : {10, 19, 20, 50, 100, 200, 590}) {
    for (const double tau : {0.5, 0.8, 0.85, 0.9, 0.95}) {
      const Criterion criterion{tau, 0.05};
      const auto needed = hits_needed(n, criterion);
      rows.push_back({{"trials", n},
                      {"tau", tau},
                      {"alpha", 0.05},
                      {"p", 0.97},
                      {"needed", needed ? Json(*needed) : Json()},
                      {"power", certification_power(n, 0.97, criterion)}});
    }
  }
  return rows;
}

Json cluster_bootstraps() {
  Json rows = Json::array();
  for (const int64_t strata : {1, 3}) {
    std::vector<Cluster> clusters;
    Json sums = Json::array(), weights = Json::array(), names = Json::array();
    const auto each = static_cast<int64_t>(12 / strata);
    for (int64_t i = 0; i < 12; ++i) {
      const auto x = static_cast<double>(i);
      clusters.push_back({std::sin(3 * x) + 0.1 * x, 100 + 7 * x, i / each});
      sums.push_back(clusters.back().sum);
      weights.push_back(clusters.back().weight);
      names.push_back(clusters.back().stratum);
    }
    const Resampling resampling{499, 0.05, Json::array({"clusters", strata})};
    const Resampler resampler(resampling.identity);
    Json draws = Json::array();
    for (int64_t b = 0; b < resampling.resamples; ++b) {
      Json resample = Json::array();
      for (int64_t s = 0; s < strata; ++s) {
        std::vector<int32_t> drawn(static_cast<size_t>(each));
        resampler.draw(b, s, each, drawn.data());
        resample.push_back(drawn);
      }
      draws.push_back(resample);
    }
    const Estimate estimate = cluster_bootstrap(clusters, resampling);
    rows.push_back({{"sums", sums},
                    {"weights", weights},
                    {"strata", names},
                    {"draws", draws},
                    {"alpha", resampling.alpha},
                    {"value", estimate.value},
                    {"p", estimate.p_value.value()},
                    {"bounds", pair_of(estimate.bounds.value())}});
  }
  return rows;
}

Json newcombes() {
  Json rows = Json::array();
  for (const int64_t both_hit : {0, 1, 36}) {
    for (const int64_t only_first : {0, 12}) {
      for (const int64_t only_second : {0, 3, 19}) {
        for (const int64_t both_miss : {1, 22}) {
          for (const double alpha : {0.05, 0.01}) {
            rows.push_back(
                {{"counts", {both_hit, only_first, only_second, both_miss}},
                 {"alpha", alpha},
                 {"bounds",
                  pair_of(newcombe({both_hit, only_first, only_second, both_miss, 0}, alpha))}});
          }
        }
      }
    }
  }
  return rows;
}

Json our_numbers() {
  return {{"proportion", proportions()},
          {"mcnemar", mcnemars()},
          {"holm", holms()},
          {"sample_size", sample_sizes()},
          {"cluster_bootstrap", cluster_bootstraps()},
          {"newcombe", newcombes()}};
}

/// Whether SciPy agrees; if not, with the numbers that differ.
testing::AssertionResult check(const Json& numbers) {
  const tests::TemporaryFolder folder;
  const auto file = folder.path() / "numbers.json";
  std::ofstream(file) << numbers.dump();
  const tests::Ended ended = tests::run_python("tests/evals/stats/scipy_check.py", {file});
  if (ended.exit_code == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << ended.errors;
}

TEST(Statistics, AgreeWithSciPyToTenDigits) { EXPECT_TRUE(check(our_numbers())); }

TEST(Statistics, AreComparedByACheckThatNoticesTheTenthDigit) {
  Json few = our_numbers();
  few["proportion"] = Json::array({few["proportion"][20]});
  few["sample_size"] = Json::array({few["sample_size"][10]});
  ASSERT_TRUE(check(few));
  const auto nudged = [&](const Json::json_pointer& place) {
    Json numbers = few;
    numbers[place] = numbers[place].get<double>() * (1 + 1e-9);
    return check(numbers);
  };
  EXPECT_FALSE(nudged("/proportion/0/wilson/1"_json_pointer));
  EXPECT_FALSE(nudged("/cluster_bootstrap/1/bounds/1"_json_pointer));
}

}  // namespace
}  // namespace evals::stats
