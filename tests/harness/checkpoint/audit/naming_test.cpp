#include "harness/checkpoint/audit/naming.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/checkpoint/audit/nearest.h"
#include "harness/checkpoint/audit/tensor_table.h"
#include "tests/harness/checkpoint/audit/families.h"
#include "tests/support/error_text.h"

namespace audit {
namespace {

std::vector<NamedShape> table(const std::string& name) {
  const std::string path =
      std::string(ROPEWALK_SOURCE_DIR) + "/configs/checkpoints/" + name + "/tensors.json";
  return parse_tensor_table(base::read_file(path), path);
}

std::vector<NamedRole> resolved(const std::vector<NamedShape>& tensors) {
  return resolve_names(find_patterns(tensors), infer_structure(shapes_of(tensors)));
}

std::vector<std::string> lines(const std::vector<NamedRole>& names) {
  std::vector<std::string> out;
  for (const NamedRole& name : names) {
    if (name.is_renamed() || name.role.empty()) {
      out.push_back(
          fmt::format("{} = {} by {}", name.pattern.text, name.role, name_of(name.ground)));
    }
  }
  return out;
}

using Lines = std::vector<std::string>;

void rename(std::vector<NamedShape>& tensors, const std::string& from, const std::string& to) {
  for (NamedShape& tensor : tensors) {
    if (const size_t at = tensor.name.find(from); at != std::string::npos) {
      tensor.name.replace(at, from.size(), to);
    }
  }
}

TEST(Naming, CutsNamesAtTheLayer) {
  EXPECT_EQ(split_layer("model.layers.12.ln1.weight").pattern, "model.layers.{}.ln1.weight");
  EXPECT_EQ(split_layer("model.layers.12.ln1.weight").layer, 12);
  EXPECT_EQ(split_layer("h.0.mlp.3.weight").pattern, "h.{}.mlp.3.weight");
  EXPECT_EQ(split_layer("lm_head.weight").layer, std::nullopt);
  EXPECT_EQ(split_layer("7").pattern, "{}");
  for (const char* name : {"", ".", "a.", "a..b", "a.1x.b", "a.-1.b", "a.99999999999999999999.b"}) {
    EXPECT_EQ(split_layer(name).layer, std::nullopt) << name;
    EXPECT_EQ(split_layer(name).pattern, name);
  }
  EXPECT_EQ(split_layer("h.0.mlp.3.weight", 1).pattern, "h.0.mlp.{}.weight");
  EXPECT_EQ(split_layer("h.0.mlp.3.weight", 1).layer, 3);
  EXPECT_EQ(split_layer("h.0.mlp.weight", 1).layer, std::nullopt);
}

TEST(Naming, LlamaIsUnderItsOwnNames) {
  EXPECT_EQ(lines(resolved(table("llama-2-7b"))), Lines{});
  EXPECT_EQ(resolved(table("llama-2-7b")).size(), 12u);
}

// The case that started this: exactly two names.
TEST(Naming, YiIsLlamaWithTwoNamesChanged) {
  const Lines two{"model.layers.{}.ln1.weight = input norm by known alias",
                  "model.layers.{}.ln2.weight = post-attention norm by known alias"};
  EXPECT_EQ(lines(resolved(table("yi-34b-2023-11"))), two);
  EXPECT_EQ(lines(resolved(table("yi-6b-2023-11"))), two);
  EXPECT_EQ(lines(resolved(table("yi-34b-llama"))), Lines{});
}

TEST(Naming, EliminatesTheLastOfAClass) {
  auto tensors = table("llama-2-7b");
  rename(tensors, "input_layernorm", "first");
  EXPECT_EQ(lines(resolved(tensors)),
            Lines{"model.layers.{}.first.weight = input norm by elimination"});
}

TEST(Naming, LabelsAGuessByOrder) {
  auto tensors = table("llama-2-7b");
  rename(tensors, "input_layernorm", "norm_9");
  rename(tensors, "post_attention_layernorm", "norm_10");
  EXPECT_EQ(lines(resolved(tensors)),
            (Lines{"model.layers.{}.norm_9.weight = input norm by order (a guess)",
                   "model.layers.{}.norm_10.weight = post-attention norm by order (a guess)"}));
}

TEST(Naming, ShapesDecideWithoutAnyName) {
  auto tensors = table("llama-3-8b");
  rename(tensors, "down_proj", "x");
  rename(tensors, "model.norm", "y");
  EXPECT_EQ(lines(resolved(tensors)), (Lines{"model.layers.{}.mlp.x.weight = down by shape",
                                             "y.weight = final norm by shape"}));
}

TEST(Naming, LeavesUndecidedWhatNamesDoNotGroup) {
  auto tensors = table("llama-3-8b");
  int64_t count = 0;
  for (NamedShape& tensor : tensors) {
    if (tensor.name.find("k_proj") != std::string::npos) {
      tensor.name =
          fmt::format("model.layers.{}.a{}", split_layer(tensor.name).layer.value(), count++);
    }
  }
  const auto names = resolved(tensors);
  EXPECT_EQ(names.size(), 12u - 1 + 32);
  for (const NamedRole& name : names) {
    const bool is_key_or_value = name.pattern.shape == std::vector<int64_t>{1024, 4096};
    EXPECT_EQ(name.ground == Ground::undecided, is_key_or_value) << name.pattern.text;
  }
}

/// A tensor under a name that says nothing, and what it really is.
struct Disguised {
  NamedShape tensor;
  const Known* known;
};

/// All tensors of a family in random order. One random word for each role, beside the layer's
/// number in a random place; or, without layers, one for each tensor.
std::vector<Disguised> disguised(const Case& example, uint64_t seed, bool with_layers) {
  const base::CounterRandom random(base::Json::array({"names", example.name, seed}));
  uint64_t draws = 0;
  const auto below = [&](int64_t bound) { return random.below(draws++, bound); };
  std::set<std::string> used;
  const auto word = [&] {
    std::string text;
    do {
      text.clear();
      for (int i = 0; i < 6; ++i) text += static_cast<char>('a' + below(26));
    } while (!used.insert(text).second);
    return text;
  };
  std::vector<Disguised> all;
  for (const Known& known : example.tensors) {
    const std::string name = word();
    const int64_t place = below(3);
    const std::string before = place > 0 ? name + "." : "";
    const std::string after = place == 0 ? "." + name : place == 1 ? ".weight" : "";
    for (int64_t layer = 0; layer < (known.per_layer ? example.layers : 1); ++layer) {
      const std::string text = !known.per_layer ? name
                               : with_layers    ? fmt::format("{}{}{}", before, layer, after)
                                                : word();
      all.push_back({{text, "BF16", known.shape}, &known});
    }
  }
  for (size_t i = all.size() - 1; i > 0; --i) {
    std::swap(all[i], all[static_cast<size_t>(below(static_cast<int64_t>(i) + 1))]);
  }
  return all;
}

/// What shapes decide is decided, and rightly; what they do not is left to exactly the right roles,
/// and whatever is then chosen is marked as a guess.
void expect_honest_roles(const Case& example, uint64_t seed, bool with_layers) {
  const std::vector<Disguised> all = disguised(example, seed, with_layers);
  std::vector<NamedShape> tensors;
  std::map<std::pair<std::string, std::vector<int64_t>>, const Known*> truth;
  for (const auto& [tensor, known] : all) {
    tensors.push_back(tensor);
    truth[{split_layer(tensor.name).pattern, tensor.shape}] = known;
  }
  for (const NamedRole& name : resolved(tensors)) {
    const Known& known = *truth.at({name.pattern.text, name.pattern.shape});
    const auto alike = inseparable(example, known, with_layers);
    const std::set<std::string_view> right(alike.begin(), alike.end());
    ASSERT_EQ(std::set<std::string_view>(name.candidates.begin(), name.candidates.end()), right)
        << example.name << " " << known.role << ", seed " << seed;
    if (right.size() == 1) {
      ASSERT_EQ(name.role, known.role) << example.name << ", seed " << seed;
      ASSERT_EQ(name.ground, Ground::shape) << example.name << ", seed " << seed;
    } else {
      ASSERT_TRUE(name.ground == Ground::order || name.ground == Ground::undecided)
          << example.name << " " << known.role << " by " << name_of(name.ground);
    }
  }
}

TEST(Naming, RandomNamesInRandomOrderHideNothingThatShapesTell) {
  for (const Case& example : cases()) {
    for (uint64_t seed = 0; seed < 100; ++seed) expect_honest_roles(example, seed, true);
  }
}

TEST(Naming, NamesWithoutLayersHideNothingThatShapesTell) {
  for (const Case& example : cases()) {
    for (uint64_t seed = 0; seed < 100; ++seed) expect_honest_roles(example, seed, false);
  }
}

/// Adds one tensor to every layer of a table.
void add(std::vector<NamedShape>& tensors, const std::string& name, std::vector<int64_t> shape) {
  for (int64_t layer = 0; layer < 32; ++layer) {
    tensors.push_back({fmt::format("model.layers.{}.{}", layer, name), "BF16", shape});
  }
}

Lines beyond(const std::vector<NamedShape>& tensors) {
  const auto nearest = find_nearest(tensors);
  if (!nearest) return {"nothing near"};
  Lines out{std::string(nearest->reading.architecture->family)};
  for (const Pattern& pattern : nearest->beyond) out.push_back(pattern.text);
  return out;
}

// As in Qwen3, Gemma 2 and a mixture of experts.
TEST(Nearest, NamesWhatAnUnknownStructureHasBeyondAKnownOne) {
  auto norms = table("llama-3-8b");
  add(norms, "self_attn.q_norm.weight", {128});
  add(norms, "self_attn.k_norm.weight", {128});
  ASSERT_TRUE(infer_structure(shapes_of(norms)).readings.empty());
  EXPECT_EQ(beyond(norms), (Lines{"LLaMA", "model.layers.{}.self_attn.k_norm.weight",
                                  "model.layers.{}.self_attn.q_norm.weight"}));
  auto sandwich = table("llama-3-8b");
  add(sandwich, "a_norm.weight", {4096});  // shapes would as well blame LLaMA's own norms
  add(sandwich, "z_norm.weight", {4096});
  EXPECT_EQ(beyond(sandwich),
            (Lines{"LLaMA", "model.layers.{}.a_norm.weight", "model.layers.{}.z_norm.weight"}));
  auto router = table("llama-3-8b");
  add(router, "router.weight", {8, 4096});
  EXPECT_EQ(beyond(router), (Lines{"LLaMA", "model.layers.{}.router.weight"}));
  add(router, "second.weight", {9, 4096});
  add(router, "third.weight", {10, 4096});
  EXPECT_EQ(beyond(router), Lines{"nothing near"});
}

/// A file of LLaMA with all its biases, and of one tensor more in every layer, which the second
/// half of the layers has under another name.
std::string one_tensor_more(int64_t layers) {
  base::Json tensors;
  const auto in_layers = [](int64_t first, int64_t last, std::string_view name) {
    return fmt::format("l.{{{}..{}}}.{}", first, last, name);
  };
  for (const Known& known : fully_biased({8, 16, 4, 12, 32, layers})) {
    const std::string name(known.role);
    tensors[known.per_layer ? in_layers(0, layers - 1, name) : name] = known.shape;
  }
  tensors[in_layers(0, layers / 2 - 1, "x")] = base::Json::array({3});
  tensors[in_layers(layers / 2, layers - 1, "y")] = base::Json::array({3});
  return base::Json{{"schema_version", 1}, {"dtype", "F32"}, {"tensors", tensors}}.dump();
}

// A few bytes stand for thousands of layers, and 21 names are 231 choices: each of them must not
// read all layers again.
TEST(Nearest, ReadsNoMoreOfThousandsOfLayersThanOfTwo) {
  struct Answer {
    Nearest nearest;
    int64_t tensors = 0;  ///< that it was inferred from, over all choices
  };
  const auto answer = [](int64_t layers) {
    const auto tensors = parse_tensor_table(one_tensor_more(layers), "t");
    EXPECT_EQ(std::ssize(tensors), 3 + 17 * layers);
    Answer made;
    const auto count = [&made](const std::vector<ShapeInLayer>& shapes) {
      made.tensors += std::ssize(shapes);
      return infer_structure(shapes);
    };
    made.nearest = find_nearest(tensors, count).value_or(Nearest{});
    return made;
  };
  const Answer two = answer(2);
  const Answer many = answer(10'000);
  EXPECT_EQ(many.tensors, two.tensors);
  EXPECT_LT(many.tensors, 231 * (3 + 17));
  EXPECT_EQ(two.nearest.reading.layers, 2);
  EXPECT_EQ(many.nearest.reading.layers, 10'000);
  EXPECT_EQ(many.nearest.reading.architecture, two.nearest.reading.architecture);
  EXPECT_EQ(many.nearest.reading.dims, two.nearest.reading.dims);
  for (const Answer& made : {two, many}) {
    Lines beyond;  // either name alone would leave layers that are not alike
    for (const Pattern& pattern : made.nearest.beyond) beyond.push_back(pattern.text);
    EXPECT_EQ(beyond, (Lines{"l.{}.x", "l.{}.y"}));
  }
}

TEST(TensorTable, SpellsOutItsRanges) {
  const auto tensors = parse_tensor_table(
      R"({"schema_version": 1, "dtype": "F16", "tensors": {"a.{1..3}.b": [2, 3], "c": []}})", "t");
  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[2].name, "a.3.b");
  EXPECT_EQ(tensors[2].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(tensors[3].dtype, "F16");
}

std::string table_refusal(const std::string& tensors) {
  return tests::error_text([&] {
    parse_tensor_table(R"({"schema_version": 1, "dtype": "F16", "tensors": )" + tensors + "}", "t");
  });
}

// A few bytes stand for thousands of tensors: their number is bounded before any is made, and so is
// each of them.
TEST(TensorTable, RefusesMoreThanAModelHas) {
  std::string hundred = "{\"a\": [1]";
  for (int i = 1; i <= 100; ++i) hundred += fmt::format(", \"b.{:03}.{{0..9999}}\": [1]", i);
  EXPECT_EQ(table_refusal(hundred + "}"),
            "t: /tensors/b.100.{0..9999}: makes more than 1000000 tensors of the table");
  const std::string name(513, 'n');
  EXPECT_EQ(table_refusal("{\"" + name + "\": [1]}"),
            "t: /tensors/" + name + ": is a name of more than 512 bytes");
  EXPECT_EQ(table_refusal(R"({"n": [1, 1, 1, 1, 1, 1, 1, 1, 1]})"),
            "t: /tensors/n: has more than 8 extents");
}

TEST(TensorTable, RefusesWhatItCannotSpellOut) {
  for (const char* name : {"a.{}", "a.{1}", "a.{1..}", "a.{2..1}", "a.{-1..2}", "a.{0..10000}",
                           "a.{0..1", "a.{x..y}"}) {
    EXPECT_EQ(table_refusal("{\"" + std::string(name) + "\": [1]}"),
              "t: /tensors/" + std::string(name) + ": braces must hold a range such as {0..31}");
  }
  EXPECT_EQ(table_refusal(R"({"a.{0..1}": [1], "a.1": [1]})"),
            "t: /tensors/a.{0..1}: names a tensor twice");
  EXPECT_EQ(table_refusal(R"({"a": [-1]})"),
            "t: /tensors/a/0: must be an integer in [0, 1099511627776] (got -1)");
  EXPECT_EQ(table_refusal("[]"), "t: /tensors: must be an object");
  EXPECT_EQ(tests::error_text([] { parse_tensor_table("{}", "t"); }),
            "t: /schema_version: missing\nt: /dtype: missing\nt: /dtype: unknown dtype \"\"\n"
            "t: /tensors: missing");
}

}  // namespace
}  // namespace audit
