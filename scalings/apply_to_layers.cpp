#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "scalings/catalog.h"
#include "scalings/methods.h"

namespace scalings {
namespace {

bool is_nested(const base::Json& methods) {
  return methods.is_array() && std::any_of(methods.begin(), methods.end(), [](const auto& method) {
           const auto type = method.is_object() ? method.value("type", base::Json()) : base::Json();
           const Method* found =
               type.is_string() ? find_method(type.template get<std::string>()) : nullptr;
           return found && found->make == make_apply_to_layers;
         });
}

/// A chain that edits only some layers; the others keep what the outer chain made of them.
class ApplyToLayers final : public RopeScaling {
 public:
  static constexpr const char* name = "apply_to_layers/1";

  explicit ApplyToLayers(base::StrictObject& params)
      : layers_(params.integers("layers", 0, int64_t{1} << 31)) {
    if (const base::Json* methods = params.required("methods")) {
      if (is_nested(*methods)) {
        params.problems().add(params.at("methods"), "must not hold another apply_to_layers",
                              "intersect the two lists of layers");
      } else {
        chain_ = make_chain(*methods, params.at("methods"), params.problems());
      }
    }
    std::sort(layers_.begin(), layers_.end());
    if (std::adjacent_find(layers_.begin(), layers_.end()) != layers_.end()) {
      params.problems().add(params.at("layers"), "names a layer twice");
    }
  }

  nlohmann::json params() const override {
    return {{"type", name}, {"layers", layers_}, {"methods", scalings::params(chain_)}};
  }
  void edit(RotaryPlan& plan, const Context& context) const override {
    if (!layers_.empty() && layers_.back() >= context.layers) {
      throw base::Error(base::Fault::input, "",
                        {fmt::format("{}: layers", name),
                         fmt::format("must be in [0, {}), the layers of this model (got {})",
                                     context.layers, layers_.back()),
                         ""});
    }
    if (!is_chosen(context.layer)) return;
    for (const auto& method : chain_) method->edit(plan, context);
  }
  bool treats_alike(int64_t layer, int64_t other) const override {
    return is_chosen(layer) == is_chosen(other) && scalings::treats_alike(chain_, layer, other);
  }
  std::optional<int64_t> stated_limit(const RopeShape& shape) const override {
    return scalings::stated_limit(chain_, shape);
  }

 private:
  bool is_chosen(int64_t layer) const {
    return std::binary_search(layers_.begin(), layers_.end(), layer);
  }

  std::vector<int64_t> layers_;
  Chain chain_;
};

}  // namespace

Scaling make_apply_to_layers(base::StrictObject& params) {
  return std::make_unique<ApplyToLayers>(params);
}

}  // namespace scalings
