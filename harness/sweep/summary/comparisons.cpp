#include "harness/sweep/summary/comparisons.h"

#include <fmt/format.h>

#include "evals/stats/comparison.h"

namespace sweep {

void add_family(const Design& design, const std::string& protocol, const std::string& unit,
                const std::string& tests, const std::vector<Comparison>& family, Tables& tables) {
  if (family.empty()) return;
  std::vector<double> p_values;
  for (const Comparison& compared : family) p_values.push_back(compared.p.value_or(1));
  const std::vector<double> adjusted = evals::stats::holm(p_values);
  for (size_t i = 0; i < family.size(); ++i) {
    const Comparison& compared = family[i];
    Table& row = begin_row(tables.comparison, *compared.method, protocol);
    row.set("length", compared.length)
        .set("baseline", design.baseline)
        .set("unit", unit)
        .set("pairs", compared.pairs)
        .set("excluded", compared.excluded)
        .set("test", compared.test)
        .set("family", static_cast<int64_t>(family.size()));
    if (compared.only_method) row.set("only_method", *compared.only_method);
    if (compared.only_baseline) row.set("only_baseline", *compared.only_baseline);
    if (compared.difference) row.set("difference", *compared.difference);
    if (compared.bounds) row.set("low", compared.bounds->low).set("high", compared.bounds->high);
    if (compared.p) {
      row.set("p", *compared.p)
          .set("p_holm", adjusted[i])
          .set("differs", adjusted[i] <= design.criterion.alpha);
    }
  }
  tables.text +=
      fmt::format("  compared with {}: a family of {} {}, Holm-adjusted (comparison.csv)\n",
                  design.baseline, family.size(), tests);
}

}  // namespace sweep
