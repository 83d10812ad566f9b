#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scalings/catalog.h"

namespace scalings {
namespace {

/// What one entry of a chain, or a method inside an apply_to_layers entry, does to a plan.
struct Member {
  const Method* method;
  std::string path;
  std::optional<std::set<int64_t>> layers;  ///< nothing: all layers
};

/// Parts that a later method would overwrite: a new base computes every frequency again.
unsigned overwritten_by(const Method& method) {
  const unsigned parts =
      method.edits & Part::new_base ? method.edits | Part::frequencies : method.edits;
  return parts & ~method.builds_on;
}

bool meet(const Member& one, const Member& other) {
  if (!one.layers || !other.layers) return true;
  return std::any_of(one.layers->begin(), one.layers->end(),
                     [&](int64_t layer) { return other.layers->contains(layer); });
}

void report_conflicts(const std::vector<Member>& earlier, const Member& later,
                      base::Problems& problems) {
  for (const Member& before : earlier) {
    const unsigned twice = before.method->edits & overwritten_by(*later.method);
    if (!twice || !meet(before, later)) continue;
    problems.add(
        later.path,
        fmt::format("{} sets {}, which {} ({}) has set already", later.method->name,
                    fmt::join(part_names(twice), " and "), before.method->name, before.path),
        "keep one of the two");
  }
}

const Method* named_by(base::StrictObject& object) {
  const size_t before = object.problems().found().size();
  const std::string type = object.text("type");
  if (object.problems().found().size() != before) return nullptr;
  if (const Method* method = find_method(type)) return method;
  if (const Method* other = find_method(type.substr(0, type.find('/')))) {
    object.problems().add(object.at("type"), fmt::format("unknown version \"{}\"", type),
                          fmt::format("this build has {}/{}", other->name, other->version));
  } else {
    object.problems().add(object.at("type"), fmt::format("unknown method \"{}\"", type),
                          "`ropewalk list` prints all methods");
  }
  return nullptr;
}

/// A method that wraps a chain counts as that chain's members, on its layers. Called for entries
/// that have been read without a problem, in which no wrapper holds another.
std::vector<Member> members(const Method& method, const nlohmann::json& entry,
                            const std::string& path) {
  if (!entry.contains("methods")) return {{&method, path, {}}};
  std::vector<Member> inner;
  for (const nlohmann::json& nested : entry.at("methods")) {
    inner.push_back({find_method(nested.at("type").get<std::string>()),
                     fmt::format("{}/methods/{}", path, inner.size()),
                     entry.at("layers").get<std::set<int64_t>>()});
  }
  return inner;
}

}  // namespace

Chain make_chain(const nlohmann::json& methods, const std::string& path, base::Problems& problems) {
  Chain chain;
  if (!methods.is_array()) {
    problems.add(path, "must be a list of methods", "plain RoPE is []");
    return chain;
  }
  std::vector<Member> earlier;
  for (size_t i = 0; i < methods.size(); ++i) {
    const std::string place = fmt::format("{}/{}", path, i);
    const size_t problems_before = problems.found().size();
    base::StrictObject object(methods[i], place, problems);
    const Method* method = methods[i].is_object() ? named_by(object) : nullptr;
    if (!method) continue;
    chain.push_back(method->make(object));
    object.finish();
    if (problems.found().size() != problems_before) continue;
    std::vector<Member> added = members(*method, methods[i], place);
    for (const Member& member : added) report_conflicts(earlier, member, problems);
    earlier.insert(earlier.end(), added.begin(), added.end());
  }
  return chain;
}

Chain make_chain(const nlohmann::json& methods, const std::string& file) {
  base::Problems problems;
  Chain chain = make_chain(methods, "", problems);
  problems.throw_if_any(file);
  return chain;
}

}  // namespace scalings
