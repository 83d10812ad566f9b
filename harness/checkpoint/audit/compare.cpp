#include "harness/checkpoint/audit/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/checkpoint/audit/gguf_subject.h"
#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/gguf/gguf_roles.h"

namespace audit {
namespace {

using checkpoint::SafetensorsArchive;

const Reading* reading_of(const Examined& examined) {
  return examined.structure.readings.empty() ? nullptr : &examined.structure.readings.front();
}

void compare_structures(const Reading& first, const Reading& second, Comparison& comparison) {
  const Architecture& left_kind = *first.architecture;
  const Architecture& right_kind = *second.architecture;
  comparison.same_family = left_kind.family == right_kind.family;
  comparison.same_structure = comparison.same_family && left_kind.variant == right_kind.variant;
  if (!comparison.same_family) {
    comparison.sizes.push_back(
        {"family", std::string(left_kind.family), std::string(right_kind.family)});
  }
  if (left_kind.variant != right_kind.variant) {
    const auto said = [](const std::string& variant) {
      return variant.empty() ? "plain" : variant;
    };
    comparison.sizes.push_back({"variant", said(left_kind.variant), said(right_kind.variant)});
  }
  const auto note = [&](std::string_view what, int64_t left, int64_t right) {
    if (left == right) return;
    comparison.sizes.push_back(
        {std::string(what), fmt::format("{}", left), fmt::format("{}", right)});
  };
  note("layers", first.layers, second.layers);
  for (size_t i = 0; i < dim_count; ++i) {
    note(name_of(static_cast<Dim>(i)), first.dims[i], second.dims[i]);
  }
  comparison.same_shapes = comparison.same_structure && comparison.sizes.empty();
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
    if (!is_same) comparison.config.push_back({key, a ? shown(*a) : "", b ? shown(*b) : ""});
  }
}

using RoleInLayer = std::pair<std::string_view, int64_t>;

/// Every tensor whose role could be resolved, in the order of names.
std::vector<std::pair<RoleInLayer, const NamedShape*>> resolved_tensors(const Examined& examined) {
  std::map<std::pair<std::string, std::vector<int64_t>>, std::string_view> role_of;
  for (const NamedRole& name : examined.names) {
    role_of[{name.pattern.text, name.pattern.shape}] = name.role;
  }
  std::vector<std::pair<RoleInLayer, const NamedShape*>> tensors;
  for (const NamedShape& tensor : examined.subject.tensors) {
    const LayerName cut = split_layer(tensor.name, examined.layer_number);
    const std::string_view role = role_of[{cut.pattern, tensor.shape}];
    if (!role.empty()) tensors.push_back({{role, cut.layer.value_or(0)}, &tensor});
  }
  return tensors;
}

using Counterparts = std::vector<std::pair<const NamedShape*, const NamedShape*>>;

/// Tensors of one role, layer and shape.
Counterparts find_counterparts(const Examined& first, const Examined& second) {
  const auto others = resolved_tensors(second);
  const std::map<RoleInLayer, const NamedShape*> right(others.begin(), others.end());
  Counterparts counterparts;
  for (const auto& [at, tensor] : resolved_tensors(first)) {
    const auto other = right.find(at);
    if (other != right.end() && other->second->shape == tensor->shape) {
      counterparts.emplace_back(tensor, other->second);
    }
  }
  return counterparts;
}

bool has_weights(const Subject& subject) { return subject.archive || subject.gguf_weights; }

std::optional<checkpoint::TensorView> view(const Examined& examined, const NamedShape& tensor) {
  if (examined.subject.gguf_weights) {
    const auto at = checkpoint::gguf_role_of(tensor.name);
    if (!at) return {};
    return examined.subject.gguf_weights->tensor(at->role, at->layer);
  }
  const auto dtype = checkpoint::computable_dtype(tensor.dtype);
  if (!dtype) return {};
  const SafetensorsArchive& archive = *examined.subject.archive;
  const SafetensorsArchive::Tensor& stored = archive.tensors().at(tensor.name);
  return checkpoint::TensorView{*dtype, tensor.shape, archive.bytes(stored),
                                archive.files()[stored.file]};
}

void compare_weights(const Examined& first, const Examined& second,
                     const Counterparts& counterparts, Comparison& comparison) {
  for (const auto& [left, right] : counterparts) {
    const auto a = view(first, *left);
    const auto b = view(second, *right);
    if (!a || !b) continue;
    TensorSimilarity similarity = compare_tensors(*a, *b);
    similarity.name = left->name;
    comparison.tensors.push_back(std::move(similarity));
  }
  comparison.weights_were_compared = true;
}

/// What headers say about the one being a copy of the other.
std::string judged_by_headers(const Comparison& comparison, bool have_weights) {
  const std::string next =
      have_weights ? "--weights compares them" : "there are no weights of both to compare";
  if (comparison.same_shapes && comparison.matching == comparison.out_of) {
    return "may or may not be the same weights: all shapes agree, and " + next;
  }
  if (comparison.matching == 0) {
    return "not the same weights: no tensor has the shape of its counterpart, so none is a copy";
  }
  return fmt::format(
      "not the same weights as a whole: {} of {} tensors have the shape of their counterpart and "
      "could be copies, the others cannot; {}",
      comparison.matching, comparison.out_of, next);
}

std::string judged_by_weights(const Comparison& comparison, const Examined& second) {
  const auto equal = std::count_if(comparison.tensors.begin(), comparison.tensors.end(),
                                   [](const TensorSimilarity& t) { return t.is_equal; });
  const auto compared = std::ssize(comparison.tensors);
  const int64_t most = std::max(comparison.out_of, std::ssize(second.subject.tensors));
  if (equal == most) return "the same weights, number by number";
  std::string text = fmt::format("{} of {} tensors hold the same numbers", equal, compared);
  constexpr double nearly = 0.99;
  const bool are_near = std::all_of(comparison.tensors.begin(), comparison.tensors.end(),
                                    [](const TensorSimilarity& t) { return t.cosine >= nearly; });
  if (are_near && equal < compared) {
    text += fmt::format(
        ", and all point where their counterparts do (cosine {} or more): rounded, "
        "scaled or lightly trained further",
        nearly);
  }
  if (compared < most) {
    text += fmt::format(
        "; {} could not be compared (no counterpart of the same shape, or a dtype "
        "that is not computed with)",
        most - compared);
  }
  return text;
}

}  // namespace

Examined examine(const std::filesystem::path& path, checkpoint::Links links) {
  return examine(read_subject(path, links));
}

Examined examine(Subject subject) {
  Examined examined;
  examined.subject = std::move(subject);
  const auto& tensors = examined.subject.tensors;
  examined.structure = infer_structure(shapes_of(tensors));
  constexpr int most_numbers = 3;
  for (int which = 1; which < most_numbers && examined.structure.readings.empty(); ++which) {
    Structure other = infer_structure(shapes_of(tensors, which));
    if (other.readings.empty() || !other.layers_are_known) continue;
    examined.structure = std::move(other);
    examined.layer_number = which;
  }
  if (!examined.structure.readings.empty()) {
    examined.names =
        resolve_names(find_patterns(tensors, examined.layer_number), examined.structure);
  }
  if (examined.subject.is_gguf) take_gguf_names_for_granted(examined.names);
  return examined;
}

Comparison compare(const Examined& first, const Examined& second, bool weights) {
  Comparison comparison;
  comparison.against = second.subject.path;
  comparison.out_of = std::ssize(first.subject.tensors);
  compare_configs(first, second, comparison);
  const Reading* left = reading_of(first);
  const Reading* right = reading_of(second);
  if (!left || !right) {
    comparison.model = "nothing can be said: a structure is unknown";
    return comparison;
  }
  compare_structures(*left, *right, comparison);
  if (!comparison.same_family) {
    comparison.model = "not the same weights: the architectures have different tensors";
    return comparison;
  }
  compare_names(first, second, comparison);
  const Counterparts counterparts = find_counterparts(first, second);
  comparison.matching = std::ssize(counterparts);
  const bool have_weights = has_weights(first.subject) && has_weights(second.subject);
  if (weights && have_weights) {
    compare_weights(first, second, counterparts, comparison);
    comparison.model = judged_by_weights(comparison, second);
  } else {
    comparison.model = judged_by_headers(comparison, have_weights);
  }
  return comparison;
}

}  // namespace audit
