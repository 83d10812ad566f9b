#include <fmt/format.h>

#include "scalings/catalog.h"

namespace scalings {
namespace {

/// What a later method would undo: a new base computes every frequency again.
unsigned overwritten_by(const Method& method) {
  const unsigned parts =
      method.edits & Part::new_base ? method.edits | Part::frequencies : method.edits;
  return parts & ~method.builds_on;
}

const Method* named_by(const nlohmann::json& entry, base::StrictObject& object) {
  const std::string type = object.text("type");
  if (const Method* method = find_method(type)) return method;
  if (entry.is_object() && entry.contains("type") && entry.at("type").is_string()) {
    const Method* other = find_method(type.substr(0, type.find('/')));
    if (other) {
      object.problems().add(object.at("type"), fmt::format("unknown version \"{}\"", type),
                            fmt::format("this build has {}/{}", other->name, other->version));
    } else {
      object.problems().add(object.at("type"), fmt::format("unknown method \"{}\"", type),
                            "`ropewalk list` prints all methods");
    }
  }
  return nullptr;
}

}  // namespace

Chain make_chain(const nlohmann::json& methods, const std::string& path, base::Problems& problems) {
  Chain chain;
  if (!methods.is_array()) {
    problems.add(path, "must be a list of methods", "plain RoPE is []");
    return chain;
  }
  struct Earlier {
    const Method* method;
    std::string path;
  };
  std::vector<Earlier> before;
  for (size_t i = 0; i < methods.size(); ++i) {
    const std::string place = fmt::format("{}/{}", path, i);
    base::StrictObject object(methods[i], place, problems);
    const Method* method = named_by(methods[i], object);
    if (!method) continue;
    for (const Earlier& earlier : before) {
      if (const unsigned twice = earlier.method->edits & overwritten_by(*method)) {
        problems.add(
            place,
            fmt::format("{} sets {}, which {} ({}) has set already", method->name,
                        fmt::join(part_names(twice), " and "), earlier.method->name, earlier.path),
            "keep one of the two");
      }
    }
    before.push_back({method, place});
    chain.push_back(method->make(object));
    object.finish();
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
