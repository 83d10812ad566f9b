#include "harness/checkpoint/audit/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace audit {
namespace {

using checkpoint::SafetensorsArchive;

const Reading* reading_of(const Examined& examined) {
  return examined.structure.readings.empty() ? nullptr : &examined.structure.readings.front();
}

void compare_sizes(const Reading& first, const Reading& second, Comparison& comparison) {
  const auto note = [&](std::string_view what, int64_t left, int64_t right) {
    if (left == right) return;
    comparison.sizes.push_back(
        {std::string(what), fmt::format("{}", left), fmt::format("{}", right)});
  };
  note("layers", first.layers, second.layers);
  for (size_t i = 0; i < dim_count; ++i) {
    note(name_of(static_cast<Dim>(i)), first.dims[i], second.dims[i]);
  }
}

/// Role -> name pattern, where names could be resolved.
std::map<std::string_view, std::string> patterns_by_role(const Examined& examined) {
  std::map<std::string_view, std::string> patterns;
  for (const NamedRole& name : examined.names) {
    if (!name.role.empty()) patterns[name.role] = name.pattern.text;
  }
  return patterns;
}

void compare_names(const Examined& first, const Examined& second, Comparison& comparison) {
  const auto left = patterns_by_role(first);
  const auto right = patterns_by_role(second);
  std::set<std::string_view> roles;
  for (const auto& [role, pattern] : left) roles.insert(role);
  for (const auto& [role, pattern] : right) roles.insert(role);
  for (const std::string_view role : roles) {
    const auto name = [&](const auto& patterns) {
      const auto found = patterns.find(role);
      return found == patterns.end() ? std::string() : found->second;
    };
    if (name(left) != name(right)) {
      comparison.names.push_back({std::string(role), name(left), name(right)});
    }
  }
}

std::string shown(const base::Json* value) {
  if (!value) return {};
  std::string text = value->dump(-1, ' ', false, base::Json::error_handler_t::replace);
  if (text.size() > 120) text = text.substr(0, 117) + "...";
  return text;
}

void compare_configs(const Examined& first, const Examined& second, Comparison& comparison) {
  if (!first.subject.config || !second.subject.config) return;
  const base::Json& left = first.subject.config->json();
  const base::Json& right = second.subject.config->json();
  std::set<std::string> keys;
  for (const auto& [key, value] : left.items()) keys.insert(key);
  for (const auto& [key, value] : right.items()) keys.insert(key);
  for (const std::string& key : keys) {
    const base::Json* a = left.contains(key) ? &left.at(key) : nullptr;
    const base::Json* b = right.contains(key) ? &right.at(key) : nullptr;
    const bool is_same = (a && b) ? *a == *b : (a ? a->is_null() : b->is_null());
    if (!is_same) comparison.config.push_back({key, shown(a), shown(b)});
  }
}

/// (role, layer) -> tensor of the archive, where names could be resolved.
std::map<std::pair<std::string_view, int64_t>, const SafetensorsArchive::Tensor*> tensors_by_role(
    const Examined& examined) {
  std::map<std::string, std::string_view> role_of;
  for (const NamedRole& name : examined.names) role_of[name.pattern.text] = name.role;
  std::map<std::pair<std::string_view, int64_t>, const SafetensorsArchive::Tensor*> tensors;
  for (const auto& [name, tensor] : examined.subject.archive->tensors()) {
    const LayerName cut = split_layer(name);
    const std::string_view role = role_of[cut.pattern];
    if (!role.empty()) tensors[{role, cut.layer.value_or(0)}] = &tensor;
  }
  return tensors;
}

std::optional<checkpoint::TensorView> view(const SafetensorsArchive& archive,
                                           const SafetensorsArchive::Tensor& tensor) {
  const auto dtype = checkpoint::computable_dtype(tensor.entry.dtype);
  if (!dtype) return {};
  return checkpoint::TensorView{*dtype, tensor.entry.shape, archive.bytes(tensor),
                                archive.files()[tensor.file]};
}

void compare_weights(const Examined& first, const Examined& second, Comparison& comparison) {
  const auto left = tensors_by_role(first);
  const auto right = tensors_by_role(second);
  for (const auto& [at, tensor] : left) {
    const auto other = right.find(at);
    if (other == right.end() || other->second->entry.shape != tensor->entry.shape) continue;
    const auto a = view(*first.subject.archive, *tensor);
    const auto b = view(*second.subject.archive, *other->second);
    if (!a || !b) continue;
    TensorSimilarity similarity = compare_tensors(*a, *b);
    similarity.name = tensor->entry.name;
    comparison.tensors.push_back(std::move(similarity));
  }
  comparison.weights_were_compared = true;
}

}  // namespace

Examined examine(const std::filesystem::path& path, checkpoint::Links links) {
  Examined examined;
  examined.subject = read_subject(path, links);
  examined.structure = infer_structure(shapes_of(examined.subject.tensors));
  if (!examined.structure.readings.empty()) {
    examined.names = resolve_names(find_patterns(examined.subject.tensors), examined.structure);
  }
  return examined;
}

Comparison compare(const Examined& first, const Examined& second, bool weights) {
  Comparison comparison;
  comparison.against = second.subject.path;
  const Reading* left = reading_of(first);
  const Reading* right = reading_of(second);
  if (left && right) {
    comparison.same_structure = left->architecture->family == right->architecture->family &&
                                left->architecture->variant == right->architecture->variant;
    compare_sizes(*left, *right, comparison);
    comparison.same_shapes = comparison.same_structure && comparison.sizes.empty();
  }
  compare_names(first, second, comparison);
  compare_configs(first, second, comparison);
  if (!left || !right) {
    comparison.model = "nothing can be said: a structure is unknown";
  } else if (!comparison.same_shapes) {
    comparison.model = "not the same weights: their shapes differ";
  } else if (!first.subject.archive || !second.subject.archive) {
    comparison.model =
        "may or may not be the same weights: shapes agree, and there are no weights "
        "of both to compare";
  } else if (!weights) {
    comparison.model = "may or may not be the same weights: shapes agree; --weights compares them";
  } else {
    compare_weights(first, second, comparison);
    const auto equal = std::count_if(comparison.tensors.begin(), comparison.tensors.end(),
                                     [](const TensorSimilarity& t) { return t.is_equal; });
    const bool all_are_equal = equal == std::ssize(comparison.tensors) && equal > 0;
    comparison.model = all_are_equal ? "the same weights, number by number"
                                     : fmt::format("{} of {} tensors hold the same numbers", equal,
                                                   comparison.tensors.size());
  }
  return comparison;
}

}  // namespace audit
