#include "harness/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/json_values.h"

namespace base {
namespace {

/// What walks a value later (canonical_json, dump) calls itself for each level.
constexpr size_t deepest_nesting = 256;

/// Builds a value event by event and reports what nlohmann's own builder would swallow: a key that
/// an object has already.
class DuplicateFinder : public nlohmann::json_sax<Json> {
 public:
  DuplicateFinder(const std::string& file, std::string_view text, Problems& problems)
      : file_(file), text_(text), problems_(problems) {}

  bool null() override { return leaf(); }
  bool boolean(bool) override { return leaf(); }
  bool number_integer(number_integer_t) override { return leaf(); }
  bool number_unsigned(number_unsigned_t) override { return leaf(); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) problems_.add(path(), "number out of range: " + text);
    return leaf();
  }
  bool string(string_t&) override { return leaf(); }
  bool binary(binary_t&) override { return leaf(); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.step = path_step(name);
    if (!level.keys.insert(name).second) {
      problems_.add(path(), "duplicate key", "keep one of the two");
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto newline = before.rfind('\n');
    const auto column = before.size() - (newline == before.npos ? 0 : newline + 1) + 1;
    std::string cause = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
    if (const auto colon = cause.find(": "); colon != cause.npos) cause = cause.substr(colon + 2);
    throw Error(Fault::input, file_,
                Problem{fmt::format("line {}, column {}", line, column), "not JSON: " + cause, ""});
  }

 private:
  struct Level {
    bool is_object = false;
    int64_t index = 0;
    std::string step;
    std::set<std::string> keys;
  };

  std::string path() const {
    std::string out;
    for (const Level& level : levels_) {
      out += "/" + (level.is_object ? level.step : std::to_string(level.index));
    }
    return out;
  }
  bool leaf() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool open(bool is_object) {
    if (levels_.size() == deepest_nesting) {
      throw Error(Fault::input, file_,
                  Problem{"", fmt::format("nested deeper than {} levels", deepest_nesting), ""});
    }
    levels_.push_back({.is_object = is_object, .index = 0, .step = {}, .keys = {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return leaf();
  }

  const std::string& file_;
  std::string_view text_;
  Problems& problems_;
  std::vector<Level> levels_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& file, Problems& problems) {
  DuplicateFinder finder(file, text, problems);
  Json::sax_parse(text.begin(), text.end(), &finder);
  return Json::parse(text.begin(), text.end());
}

Json parse_json(std::string_view text, const std::string& file) {
  Problems problems;
  Json value = parse_json(text, file, problems);
  problems.throw_if_any(file);
  return value;
}

}  // namespace base
