#include "harness/checkpoint/audit/tensor_table.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>

#include "harness/base/json.h"
#include "harness/checkpoint/safetensors_header.h"

namespace audit {
namespace {

constexpr int64_t most_layers = 10'000;
// A range is a few bytes and stands for thousands of tensors, of which each has its name and shape.
constexpr size_t most_tensors = 1'000'000;
constexpr size_t longest_name = 512;
constexpr size_t most_extents = 8;

struct Range {
  std::string before;
  int64_t first = 0;
  int64_t last = 0;
  std::string after;
};

/// "a.{0..59}.b"; nothing when there are no braces or they hold no sensible range.
std::optional<Range> parse_range(const std::string& name) {
  const size_t open = name.find('{');
  const size_t dots = name.find("..", open);
  const size_t close = name.find('}', open);
  if (open == name.npos || dots == name.npos || close == name.npos || dots > close) return {};
  Range range{name.substr(0, open), 0, 0, name.substr(close + 1)};
  const auto read = [&](size_t begin, size_t end, int64_t& number) {
    const char* last = name.data() + end;
    const auto [stop, failure] = std::from_chars(name.data() + begin, last, number);
    return failure == std::errc{} && stop == last && begin < end;
  };
  const bool is_range = read(open + 1, dots, range.first) && read(dots + 2, close, range.last) &&
                        range.first >= 0 && range.first <= range.last && range.last < most_layers;
  if (!is_range) return {};
  return range;
}

/// One key of the table.
struct Row {
  std::string name;
  std::optional<Range> range;
  std::vector<int64_t> shape;

  size_t tensors() const { return range ? static_cast<size_t>(range->last - range->first + 1) : 1; }
};

std::vector<Row> read_rows(const base::Json& table, base::StrictObject& members) {
  std::vector<Row> rows;
  size_t tensors = 0;
  for (const auto& [name, value] : table.items()) {
    Row row{name, parse_range(name), members.integers(name, 0, int64_t{1} << 40)};
    if (!row.range && name.find('{') != name.npos) {
      members.problems().add(members.at(name), "braces must hold a range such as {0..31}");
      continue;
    }
    if (name.size() > longest_name || row.shape.size() > most_extents) {
      members.problems().add(members.at(name),
                             name.size() > longest_name
                                 ? fmt::format("is a name of more than {} bytes", longest_name)
                                 : fmt::format("has more than {} extents", most_extents));
      continue;
    }
    tensors += row.tensors();
    if (tensors > most_tensors) {
      members.problems().add(members.at(name),
                             fmt::format("makes more than {} tensors of the table", most_tensors));
      return {};
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<NamedShape> parse_tensor_table(std::string_view text, const std::string& file) {
  base::Problems problems(base::few_problems);  // a range that overlaps another does so many times
  const base::Json json = base::parse_json(text, file, problems);
  base::StrictObject object(json, "", problems);
  object.integer("schema_version", 1, 1);
  const std::string dtype = object.text("dtype");
  if (!checkpoint::safetensors_bits(dtype)) {
    problems.add("/dtype", fmt::format("unknown dtype \"{}\"", dtype));
  }
  std::vector<NamedShape> tensors;
  std::set<std::string> seen;
  if (const base::Json* table = object.required("tensors"); table && table->is_object()) {
    base::StrictObject members(*table, "/tensors", problems);
    for (const Row& row : read_rows(*table, members)) {
      const auto& range = row.range;
      for (int64_t i = range ? range->first : 0; i <= (range ? range->last : 0); ++i) {
        const std::string full =
            range ? fmt::format("{}{}{}", range->before, i, range->after) : row.name;
        if (!seen.insert(full).second) problems.add(members.at(row.name), "names a tensor twice");
        tensors.push_back({full, dtype, row.shape});
      }
    }
  } else if (table) {
    problems.add("/tensors", "must be an object");
  }
  object.finish();
  problems.throw_if_any(file);
  return tensors;
}

}  // namespace audit
