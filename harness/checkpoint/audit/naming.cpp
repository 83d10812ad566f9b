#include "harness/checkpoint/audit/naming.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>

#include "harness/checkpoint/gguf/gguf_roles.h"
#include "harness/checkpoint/roles.h"

namespace audit {
namespace {

struct Alias {
  std::string_view name;
  std::string_view role;
};

/// Meta's own names for LLaMA's tensors.
constexpr auto meta_names = std::to_array<Alias>({
    {"tok_embeddings.weight", "embedding"},
    {"layers.{}.attention_norm.weight", "input norm"},
    {"layers.{}.attention.wq.weight", "query"},
    {"layers.{}.attention.wk.weight", "key"},
    {"layers.{}.attention.wv.weight", "value"},
    {"layers.{}.attention.wo.weight", "output"},
    {"layers.{}.ffn_norm.weight", "post-attention norm"},
    {"layers.{}.feed_forward.w1.weight", "gate"},
    {"layers.{}.feed_forward.w3.weight", "up"},
    {"layers.{}.feed_forward.w2.weight", "down"},
    {"norm.weight", "final norm"},
    {"output.weight", "head"},
});

/// What a tensor of that name does in Meta's files, under the names of Hugging Face and Yi, or in a
/// GGUF file; empty when the name is none of theirs.
std::string_view role_by_name(const std::string& pattern) {
  const auto meta = std::find_if(meta_names.begin(), meta_names.end(),
                                 [&](const Alias& alias) { return alias.name == pattern; });
  if (meta != meta_names.end()) return meta->role;
  const std::string in_first_layer = with_layer(pattern, 0);
  auto at = checkpoint::role_of(in_first_layer);
  if (!at) at = checkpoint::gguf_role_of(in_first_layer);
  return at ? checkpoint::name_of(at->role) : std::string_view();
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// "ln2" before "ln10".
bool natural_less(std::string_view left, std::string_view right) {
  size_t i = 0;
  size_t j = 0;
  while (i < left.size() && j < right.size()) {
    if (is_digit(left[i]) && is_digit(right[j])) {
      const auto digits = [](std::string_view text, size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        const size_t begin = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return text.substr(begin, at - begin);
      };
      const std::string_view a = digits(left, i);
      const std::string_view b = digits(right, j);
      if (a.size() != b.size()) return a.size() < b.size();
      if (a != b) return a < b;
    } else {
      if (left[i] != right[j]) return left[i] < right[j];
      ++i;
      ++j;
    }
  }
  if (left.size() - i != right.size() - j) return left.size() - i < right.size() - j;
  return left < right;
}

/// The patterns of one shape class and the slots they can fill.
struct Class {
  std::vector<NamedRole*> patterns;
  std::vector<const Slot*> slots;
};

void give(Class& group, NamedRole& pattern, const Slot& slot, Ground ground) {
  pattern.role = slot.role;
  pattern.standard_name = slot.name;
  pattern.ground = ground;
  std::erase(group.patterns, &pattern);
  std::erase(group.slots, &slot);
}

/// Gives every pattern the slot that `fits` it, if there is one.
template <typename Fits>
void give_where(Class& group, Ground ground, Fits&& fits) {
  for (NamedRole* pattern : std::vector<NamedRole*>(group.patterns)) {
    for (const Slot* slot : group.slots) {
      if (fits(*pattern, *slot)) {
        give(group, *pattern, *slot, ground);
        break;
      }
    }
  }
}

void resolve(Class& group) {
  const bool is_decided = group.slots.size() == 1 && !group.patterns.empty() &&
                          group.patterns[0]->candidates.size() == 1;
  if (is_decided) {
    const Slot& slot = *group.slots[0];
    for (NamedRole* pattern : group.patterns) {
      pattern->role = slot.role;
      pattern->standard_name = slot.name;
      pattern->ground = Ground::shape;
    }
    return;
  }
  // More or fewer names than roles: names that differ from layer to layer say nothing.
  if (group.patterns.size() != group.slots.size() || group.slots.empty()) return;
  // With several readings, other classes' roles are candidates too: nothing is eliminated then.
  const bool is_closed = group.patterns[0]->candidates.size() == group.slots.size();
  give_where(group, Ground::same_name, [](const NamedRole& pattern, const Slot& slot) {
    return pattern.pattern.text == slot.name;
  });
  give_where(group, Ground::known_alias, [](const NamedRole& pattern, const Slot& slot) {
    return role_by_name(pattern.pattern.text) == slot.role;
  });
  const Ground last = is_closed && group.slots.size() == 1 ? Ground::elimination : Ground::order;
  while (!group.slots.empty()) give(group, *group.patterns[0], *group.slots[0], last);
}

}  // namespace

LayerName split_layer(std::string_view name, int which) {
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    int64_t layer = 0;
    const auto [stop, failure] = std::from_chars(part.data(), part.data() + part.size(), layer);
    const bool is_number = !part.empty() && is_digit(part[0]) && failure == std::errc{} &&
                           stop == part.data() + part.size();
    if (is_number && layer < 1'000'000 && which-- == 0) {
      return {std::string(name.substr(0, begin)) + "{}" + std::string(name.substr(end)), layer};
    }
    begin = end + 1;
  }
  return {std::string(name), {}};
}

std::string with_layer(const std::string& pattern, std::optional<int64_t> layer) {
  const size_t at = pattern.find("{}");
  if (!layer || at == pattern.npos) return pattern;
  return pattern.substr(0, at) + std::to_string(*layer) + pattern.substr(at + 2);
}

std::vector<Pattern> find_patterns(const std::vector<NamedShape>& tensors, int which) {
  std::map<std::pair<std::string, std::vector<int64_t>>, Pattern> found;
  for (const NamedShape& tensor : tensors) {
    const LayerName name = split_layer(tensor.name, which);
    Pattern& pattern = found[{name.pattern, tensor.shape}];
    if (pattern.count > 0 && pattern.dtype != tensor.dtype) {
      pattern.dtype = "mixed";
    } else if (pattern.count == 0) {
      pattern = {name.pattern, tensor.dtype, tensor.shape, name.layer.has_value(), 0};
    }
    ++pattern.count;
  }
  std::vector<Pattern> patterns;
  for (auto& [key, pattern] : found) patterns.push_back(std::move(pattern));
  std::stable_sort(patterns.begin(), patterns.end(), [](const Pattern& left, const Pattern& right) {
    return natural_less(left.text, right.text);
  });
  return patterns;
}

std::vector<ShapeInLayer> shapes_of(const std::vector<NamedShape>& tensors, int which) {
  std::vector<ShapeInLayer> shapes;
  shapes.reserve(tensors.size());
  for (const NamedShape& tensor : tensors) {
    shapes.push_back({tensor.shape, split_layer(tensor.name, which).layer});
  }
  return shapes;
}

std::string_view name_of(Ground ground) {
  switch (ground) {
    case Ground::shape:
      return "shape";
    case Ground::same_name:
      return "name";
    case Ground::known_alias:
      return "known alias";
    case Ground::elimination:
      return "elimination";
    case Ground::order:
      return "order (a guess)";
    case Ground::undecided:
      return "undecided";
  }
  return "";
}

std::vector<NamedRole> resolve_names(const std::vector<Pattern>& patterns,
                                     const Structure& structure) {
  std::vector<NamedRole> named;
  named.reserve(patterns.size());
  std::map<ShapeClass, Class> classes;
  for (const Pattern& pattern : patterns) {
    const ShapeClass at{pattern.shape, structure.layers_are_known && pattern.per_layer};
    NamedRole& role = named.emplace_back();
    role.pattern = pattern;
    if (const auto found = structure.roles.find(at); found != structure.roles.end()) {
      role.candidates = found->second;
    }
    classes[at].patterns.push_back(&role);
  }
  const Reading& reading = structure.readings.front();
  for (const Slot& slot : reading.architecture->slots) {
    ShapeClass at{{}, structure.layers_are_known && slot.per_layer};
    for (const Dim dim : slot.shape) at.shape.push_back(reading[dim]);
    classes[at].slots.push_back(&slot);
  }
  for (auto& [at, group] : classes) resolve(group);
  return named;
}

}  // namespace audit
