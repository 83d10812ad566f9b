#include "harness/checkpoint/audit/gguf_subject.h"

#include <fmt/format.h>

#include <map>

#include "harness/checkpoint/audit/attempt.h"
#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/gguf/gguf_config.h"
#include "harness/checkpoint/gguf/gguf_roles.h"
#include "harness/checkpoint/gguf/gguf_weights.h"
#include "harness/checkpoint/open_tokenizer.h"

namespace audit {
namespace {

constexpr std::string_view divisors_name = "rope_freqs.weight";

const checkpoint::GgufTensor* find_divisors(const checkpoint::GgufHeader& header) {
  for (const checkpoint::GgufTensor& tensor : header.tensors) {
    if (tensor.name == divisors_name) return &tensor;
  }
  return nullptr;
}

void add(Subject& subject, std::string id, Severity severity, std::string key, std::string value,
         std::string why, std::string settle = {}) {
  subject.findings.push_back({std::move(id), severity, subject.tensors_from, std::move(key),
                              std::move(value), std::move(why), std::move(settle)});
}

/// What rounding has left of the weights.
void describe_types(Subject& subject, const checkpoint::GgufHeader& header) {
  std::map<std::string_view, int64_t> tensors_of;
  int64_t bytes = 0;
  int64_t elements = 0;
  bool is_rounded = false;
  for (const checkpoint::GgufTensor& tensor : header.tensors) {
    ++tensors_of[tensor.type->name];
    is_rounded = is_rounded || tensor.type->elements > 1;
    bytes += tensor.bytes;
    elements += tensor.elements();
  }
  if (!is_rounded || elements == 0) return;
  std::string types;
  for (const auto& [type, count] : tensors_of) {
    types += fmt::format("{}{} in {}", types.empty() ? "" : ", ", count, type);
  }
  add(subject, "quantised-weights", Severity::note, "tensors", types,
      fmt::format("{:.2f} bits a weight: what is measured is this file, not the model that it was "
                  "made from; how far the two are apart cannot be seen in it",
                  8 * static_cast<double>(bytes) / static_cast<double>(elements)),
      "compare the two number by number: ropewalk audit FILE ORIGINAL --weights");
}

/// The config without what readers fill in: a default is no claim of the file.
base::Json stated(base::Json config, const checkpoint::GgufHeader& header) {
  if (!header.metadata.contains("llama.rope.freq_base")) config.erase("rope_theta");
  base::Json& scaling = config["rope_scaling"];
  if (find_divisors(header)) {
    scaling = {{"rope_type", "a table of divisors"}};
  } else if (scaling.is_object() &&
             !header.metadata.contains("llama.rope.scaling.original_context_length")) {
    scaling.erase("original_max_position_embeddings");
  }
  return config;
}

/// What the file says, and cannot say, about scalings of RoPE.
void describe_scaling(Subject& subject, const checkpoint::GgufHeader& header,
                      const checkpoint::Directory& folder) {
  if (const checkpoint::GgufTensor* divisors = find_divisors(header)) {
    add(subject, "scaling-as-a-table", Severity::note, divisors->name,
        fmt::format("{} divisors", divisors->elements()),
        "a scaling written out as one divisor for each pair, as Llama 3.1's is; its kind, its "
        "factor and the length before it are not in the file, so that a trained length read from "
        "the file is the one after scaling",
        "give trained_length in the experiment");
    return;
  }
  if (!subject.config->rope_scaling().is_null()) return;
  if (folder.has("config.json")) {
    const checkpoint::RawConfig beside = checkpoint::RawConfig::read(folder);
    if (!beside.rope_scaling().is_null()) {
      add(subject, "scaling-lost", Severity::warning, "rope_scaling", "absent",
          fmt::format("config.json beside the file has {}, and the file has no scaling: tools that "
                      "run it compute another model than the one that was published",
                      shown(beside.rope_scaling())),
          "name the scaling as a method of the experiment");
      return;
    }
  }
  add(subject, "scaling-not-stated", Severity::note, "rope_scaling", "absent",
      "proves nothing about the model that the file was made from: llama.cpp's converter leaves "
      "out dynamic scalings without a word, and its older versions YaRN ones as well",
      "look into the original's config.json");
}

}  // namespace

Subject read_gguf_subject(const std::filesystem::path& path, checkpoint::Links links) {
  const checkpoint::Directory folder(path.has_parent_path() ? path.parent_path() : ".", links);
  const std::string name = path.filename().string();
  const auto file = folder.map(name);
  Subject subject;
  subject.path = path.string();
  subject.is_gguf = true;
  subject.links = links;
  subject.tensors_from = name;
  checkpoint::GgufHeader header;
  bool is_whole = false;
  attempt(subject, [&] {
    header = checkpoint::parse_gguf(file->text(), name);
    checkpoint::require_whole(header, name);
    is_whole = true;
  });
  for (const checkpoint::GgufTensor& tensor : header.tensors) {
    if (tensor.name == divisors_name) continue;  // part of the configuration
    subject.tensors.push_back({tensor.name, std::string(tensor.type->name), tensor.shape});
  }
  if (!is_whole) return subject;
  if (header.tensors.empty()) {
    add(subject, "no-tensors", Severity::error, "tensors", "none",
        "the file has metadata and no weights: there is nothing in it that could be computed",
        "download the model's own file; one without tensors holds a vocabulary or a template");
    return subject;
  }
  describe_types(subject, header);
  subject.tokenizer.emplace().has_chat_template =
      header.metadata.contains("tokenizer.chat_template");
  attempt(subject, [&] {
    std::vector<std::string> ignored;
    base::Json config = checkpoint::gguf_config(header, file->text(), name, ignored);
    subject.config = checkpoint::RawConfig::parse(stated(config, header).dump(), name);
    std::vector<std::string> unmatched;
    const checkpoint::LlamaSpec spec = checkpoint::gguf_spec(config, header, name, ignored);
    subject.gguf_weights = std::make_shared<checkpoint::GgufWeights>(spec, file, header, unmatched);
    checkpoint::open_tokenizer(path, checkpoint::BosPolicy::automatic, spec.vocabulary);
  });
  attempt(subject, [&] {
    if (subject.config) describe_scaling(subject, header, folder);
  });
  return subject;
}

void take_gguf_names_for_granted(std::vector<NamedRole>& names) {
  for (NamedRole& name : names) {
    const auto at = checkpoint::gguf_role_of(with_layer(name.pattern.text, 0));
    if (!at || checkpoint::name_of(at->role) != name.role) continue;
    name.standard_name = name.pattern.text;
    if (name.ground == Ground::known_alias) name.ground = Ground::same_name;
  }
}

}  // namespace audit
