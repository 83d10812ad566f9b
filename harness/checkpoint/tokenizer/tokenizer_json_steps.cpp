#include "harness/checkpoint/tokenizer/tokenizer_json_steps.h"

#include <fmt/format.h>

#include <limits>

namespace checkpoint {
namespace {

/// Calls `read(type, object)` for the step at `path`, or for each step of a Sequence, whose steps
/// stand under `list_key`. It returns false for a type that it does not know.
template <typename Read>
void for_each_step(const base::Json& value, const std::string& path, const char* list_key,
                   base::Problems& problems, const Read& read) {
  if (value.is_null()) return;
  base::StrictObject object(value, path, problems);
  const std::string type = object.text("type");
  if (type == "Sequence") {
    const base::Json* list = object.required(list_key);
    if (list && !list->is_array()) problems.add(object.at(list_key), "must be a list");
    for (size_t i = 0; list && list->is_array() && i < list->size(); ++i) {
      for_each_step((*list)[i], fmt::format("{}/{}", object.at(list_key), i), list_key, problems,
                    read);
    }
  } else if (!read(type, object)) {
    if (!type.empty()) {
      problems.add(object.at("type"), fmt::format("\"{}\" is not supported", type));
    }
    return;
  }
  object.finish();
}

/// {"String": "..."} or {"Regex": "..."}; neither is set where it could not be read.
struct Pattern {
  std::string text;
  std::shared_ptr<const Regex> regex;
};

Pattern read_pattern(base::StrictObject& object) {
  Pattern pattern;
  const base::Json* value = object.required("pattern");
  if (!value) return pattern;
  base::StrictObject inner(*value, object.at("pattern"), object.problems());
  if (inner.has("Regex")) {
    pattern.regex = Regex::compile(inner.text("Regex"), inner.at("Regex"), object.problems());
  } else {
    pattern.text = inner.text("String");
    if (pattern.text.empty()) object.problems().add(inner.at("String"), "must not be empty");
  }
  inner.finish();
  return pattern;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_syntax = std::string_view("\\^$.[]|()?*+{}-").find(c) != std::string_view::npos;
    if (is_syntax) out += '\\';
    out += c;
  }
  return out;
}

std::string read_character(base::StrictObject& object, const std::string& key,
                           std::optional<std::string> fallback = {}) {
  std::string text = object.text(key, std::move(fallback));
  if (text.empty()) object.problems().add(object.at(key), "must not be empty");
  return text;
}

SplitBehavior read_behavior(base::StrictObject& object) {
  const std::string name = object.choice(
      "behavior", {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"});
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  return SplitBehavior::isolated;
}

/// prepend_scheme, or the add_prefix_space that older files have in its place.
std::string read_prepend_scheme(base::StrictObject& object) {
  const std::vector<std::string> schemes{"always", "first", "never"};
  if (!object.has("add_prefix_space")) return object.choice("prepend_scheme", schemes, "always");
  const std::string old = object.boolean("add_prefix_space") ? "always" : "never";
  return object.choice("prepend_scheme", schemes, old);
}

Metaspace read_metaspace(base::StrictObject& object) {
  Metaspace step;
  object.value("str_rep");  // older files repeat the replacement under this name
  step.replacement = read_character(object, "replacement", "\u2581");
  const std::string scheme = read_prepend_scheme(object);
  if (scheme == "first") step.prepend = Metaspace::Prepend::first;
  if (scheme == "never") step.prepend = Metaspace::Prepend::never;
  step.split = object.boolean("split", true);
  return step;
}

bool read_pre_tokenizer_step(const std::string& type, base::StrictObject& object,
                             PreTokenizerSteps& out) {
  if (out.is_byte_level) {
    object.problems().add(object.at("type"), "stands after ByteLevel, which is not supported", "");
  }
  if (type == "ByteLevel") {
    if (object.boolean("add_prefix_space", true)) out.steps.emplace_back(PrefixSpace{});
    object.boolean("trim_offsets", true);  // concerns offsets only
    if (object.boolean("use_regex", true))
      out.steps.emplace_back(Split{Regex::built_in(gpt2_pattern)});
    out.is_byte_level = true;
    return true;
  }
  if (type == "Split") {
    const Pattern pattern = read_pattern(object);
    const SplitBehavior behavior = read_behavior(object);
    const bool invert = object.boolean("invert", false);
    auto regex = pattern.regex;
    if (!pattern.text.empty()) {
      regex = Regex::compile(escaped(pattern.text), object.at("pattern"), object.problems());
    }
    if (regex) out.steps.emplace_back(Split{regex, behavior, invert});
    return true;
  }
  if (type == "Digits") {
    const bool individual = object.boolean("individual_digits", false);
    out.steps.emplace_back(Split{Regex::built_in(numeric_pattern),
                                 individual ? SplitBehavior::isolated : SplitBehavior::contiguous});
    return true;
  }
  if (type == "Metaspace") {
    out.steps.emplace_back(read_metaspace(object));
    return true;
  }
  return false;
}

bool read_normalizer_step(const std::string& type, base::StrictObject& object,
                          std::vector<NormalizerStep>& out) {
  if (type == "NFC") {
    out.emplace_back(ToNfc{});
  } else if (type == "Prepend") {
    out.emplace_back(PrependText{object.text("prepend")});
  } else if (type == "Replace") {
    const Pattern pattern = read_pattern(object);
    const std::string content = object.text("content");
    if (pattern.regex) {
      out.emplace_back(ReplaceMatches{pattern.regex, content});
    } else if (!pattern.text.empty()) {
      out.emplace_back(ReplaceText{pattern.text, content});
    }
  } else {
    return false;
  }
  return true;
}

bool read_decoder_step(const std::string& type, base::StrictObject& object,
                       std::vector<DecoderStep>& out) {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  if (type == "ByteLevel") {
    for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"}) object.value(key);
    out.emplace_back(DecodeByteLevel{});
  } else if (type == "ByteFallback") {
    out.emplace_back(DecodeByteFallback{});
  } else if (type == "Fuse") {
    out.emplace_back(DecodeFuse{});
  } else if (type == "Replace") {
    const Pattern pattern = read_pattern(object);
    if (pattern.regex) {
      object.problems().add(object.at("pattern"),
                            "is a Regex, which is not supported in a decoder");
    }
    out.emplace_back(DecodeReplace{pattern.text, object.text("content")});
  } else if (type == "Strip") {
    const std::string content = read_character(object, "content");
    const int64_t start = object.integer("start", 0, most);
    out.emplace_back(DecodeStrip{content, start, object.integer("stop", 0, most)});
  } else if (type == "Metaspace") {
    const Metaspace step = read_metaspace(object);
    out.emplace_back(DecodeMetaspace{step.replacement, step.prepend != Metaspace::Prepend::never});
  } else {
    return false;
  }
  return true;
}

/// The ids of {"SpecialToken": {"id": "<s>"}} by the template's own table.
std::vector<int64_t> template_ids(base::StrictObject& object, const base::Json& special) {
  base::StrictObject token(special, object.at("single"), object.problems());
  const std::string name = token.text("id");
  token.value("type_id");
  token.finish();
  const base::Json* table = object.required("special_tokens");
  if (!table) return {};
  base::StrictObject tokens(*table, object.at("special_tokens"), object.problems());
  const base::Json* entry = tokens.required(name);
  if (!entry) return {};
  return base::StrictObject(*entry, tokens.at(name), object.problems())
      .integers("ids", 0, std::numeric_limits<evals::Token>::max());
}

}  // namespace

std::vector<NormalizerStep> read_normalizer(const base::Json& value, base::Problems& problems) {
  std::vector<NormalizerStep> steps;
  for_each_step(value, "/normalizer", "normalizers", problems,
                [&](const std::string& type, base::StrictObject& object) {
                  return read_normalizer_step(type, object, steps);
                });
  return steps;
}

PreTokenizerSteps read_pre_tokenizer(const base::Json& value, base::Problems& problems) {
  PreTokenizerSteps out;
  for_each_step(value, "/pre_tokenizer", "pretokenizers", problems,
                [&](const std::string& type, base::StrictObject& object) {
                  return read_pre_tokenizer_step(type, object, out);
                });
  return out;
}

std::vector<DecoderStep> read_decoder(const base::Json& value, base::Problems& problems) {
  std::vector<DecoderStep> steps;
  if (value.is_null()) problems.add("/decoder", "must be given");
  for_each_step(value, "/decoder", "decoders", problems,
                [&](const std::string& type, base::StrictObject& object) {
                  return read_decoder_step(type, object, steps);
                });
  return steps;
}

std::optional<evals::Token> read_template_bos(const base::Json& post_processor,
                                              base::Problems& problems) {
  std::vector<int64_t> before;
  const auto read = [&](const std::string& type, base::StrictObject& object) {
    if (type == "ByteLevel") {  // concerns offsets only
      for (const char* key : {"add_prefix_space", "trim_offsets", "use_regex"}) object.value(key);
      return true;
    }
    if (type != "TemplateProcessing") return false;
    object.value("pair");
    object.value("special_tokens");
    const base::Json* single = object.required("single");
    if (single && !single->is_array()) problems.add(object.at("single"), "must be a list");
    for (size_t i = 0; single && single->is_array() && i < single->size(); ++i) {
      const base::Json& piece = (*single)[i];
      if (!piece.is_object() || !piece.contains("SpecialToken")) break;  // the text itself
      const auto ids = template_ids(object, piece["SpecialToken"]);
      before.insert(before.end(), ids.begin(), ids.end());
    }
    return true;
  };
  for_each_step(post_processor, "/post_processor", "processors", problems, read);
  if (before.size() > 1) {
    problems.add(
        "/post_processor",
        fmt::format("puts {} tokens before a text, and only one is supported", before.size()));
  }
  if (before.empty()) return {};
  return static_cast<evals::Token>(before.front());
}

}  // namespace checkpoint
