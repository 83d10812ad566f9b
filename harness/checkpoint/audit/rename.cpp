#include "harness/checkpoint/audit/rename.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/safetensors_index.h"
#include "harness/checkpoint/safetensors_writer.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using base::Json;
using checkpoint::SafetensorsArchive;

[[noreturn]] void refuse(const std::string& path, const std::string& cause,
                         const std::string& next_step) {
  throw base::Error(base::Fault::input, path, base::Problem{"", cause, next_step});
}

/// Name pattern -> LLaMA's; patterns that are left out have none.
std::map<std::string, std::string> standard_patterns(const Examined& examined) {
  const std::string& path = examined.subject.path;
  if (!examined.subject.archive) refuse(path, "has no weights that could be renamed", "");
  if (!examined.subject.config) refuse(path, "has no config.json to write a LLaMA's from", "");
  if (examined.structure.readings.empty() ||
      !is_llama(*examined.structure.readings.front().architecture)) {
    refuse(path, "does not have LLaMA's tensor structure", "see ropewalk audit without --rename");
  }
  std::map<std::string, std::string> standard;
  for (const NamedRole& name : examined.names) {
    if (name.ground == Ground::undecided || name.ground == Ground::order) {
      refuse(path,
             fmt::format("\"{}\" could be any of {} roles, and its name decides nothing",
                         name.pattern.text, name.candidates.size()),
             "a wrong guess would make another model");
    }
    if (name.role != "rotary frequencies") {
      standard[name.pattern.text] = name.standard_name;
    }
  }
  return standard;
}

std::string with_layer(const std::string& pattern, std::optional<int64_t> layer) {
  const size_t at = pattern.find("{}");
  if (!layer || at == pattern.npos) return pattern;
  return pattern.substr(0, at) + std::to_string(*layer) + pattern.substr(at + 2);
}

/// config.json of a plain LLaMA that computes the same: what the family's own class would have
/// filled in is written down.
Json plain_config(const Subject& subject) {
  Json config = subject.config->json();
  std::vector<std::string> warnings;
  const checkpoint::LlamaSpec spec = checkpoint::read_llama_spec(*subject.config, warnings);
  for (const char* key : {"auto_map", "_name_or_path"}) config.erase(key);
  if (subject.config->text("model_type") != "Yi") return config;
  config["model_type"] = "llama";
  config["architectures"] = {"LlamaForCausalLM"};
  config["rope_theta"] = spec.rope_theta;
  config["rms_norm_eps"] = spec.rms_norm_eps;
  config["num_key_value_heads"] = spec.kv_heads;
  config["max_position_embeddings"] = spec.max_position_embeddings;
  return config;
}

void write_shard(const SafetensorsArchive& archive, size_t file, const fs::path& path,
                 const std::map<std::string, std::string>& new_name) {
  std::vector<checkpoint::TensorPlan> plans;
  for (const auto& [name, tensor] : archive.tensors()) {
    if (tensor.file != file || !new_name.contains(name)) continue;
    plans.push_back({new_name.at(name), tensor.entry.dtype, tensor.entry.shape});
  }
  checkpoint::SafetensorsWriter writer(path, std::move(plans));
  for (const auto& [name, tensor] : archive.tensors()) {
    if (tensor.file != file || !new_name.contains(name)) continue;
    writer.write(new_name.at(name), archive.bytes(tensor));
  }
  writer.finish();
}

void verify(const SafetensorsArchive& source, const fs::path& target,
            const std::map<std::string, std::string>& new_name) {
  const SafetensorsArchive written{checkpoint::Directory(target)};
  for (const auto& [name, renamed] : new_name) {
    const auto& old_tensor = source.tensors().at(name);
    const auto found = written.tensors().find(renamed);
    const auto bytes = source.bytes(old_tensor);
    const bool is_same =
        found != written.tensors().end() && found->second.entry.dtype == old_tensor.entry.dtype &&
        found->second.entry.shape == old_tensor.entry.shape &&
        std::memcmp(written.bytes(found->second).data(), bytes.data(), bytes.size()) == 0;
    if (!is_same) {
      throw base::Error(base::Fault::io, target.string(),
                        base::Problem{fmt::format("tensor \"{}\"", renamed),
                                      "does not read back as it was written", "check the disk"});
    }
  }
}

/// Files of the tokenizer and the like that carry no code.
bool is_taken_along(const std::string& name) {
  constexpr std::array<std::string_view, 8> plain{
      "tokenizer.model", "tokenizer.json", "special_tokens_map.json", "added_tokens.json",
      "vocab.json",      "merges.txt",     "generation_config.json",  "LICENSE"};
  return std::find(plain.begin(), plain.end(), name) != plain.end();
}

void copy_companions(const Subject& subject, const checkpoint::Directory& source,
                     const fs::path& target, Renaming& renaming) {
  for (const std::string& name : subject.entries) {
    if (!source.refusal(name).empty()) {
      renaming.left_out.push_back(name + ": a symbolic link");
    } else if (is_taken_along(name)) {
      base::write_file_atomically(target / name, source.map(name)->text());
      renaming.written.push_back(name);
    } else if (name == "tokenizer_config.json") {
      Json config = base::parse_json(source.read_text(name), (source.root() / name).string());
      const bool had_code = config.is_object() && config.erase("auto_map") > 0;
      if (had_code) {
        config["tokenizer_class"] = "LlamaTokenizer";
        renaming.left_out.push_back(name + ": its custom code; read with LlamaTokenizer now");
      }
      base::write_file_atomically(target / name, config.dump(2) + "\n");
      renaming.written.push_back(name);
    } else if (name != "config.json" && !name.ends_with(".safetensors") &&
               name != "model.safetensors.index.json") {
      renaming.left_out.push_back(name);
    }
  }
}

}  // namespace

Renaming rename_to_llama(const Examined& examined, const fs::path& target) {
  const std::map<std::string, std::string> standard = standard_patterns(examined);
  const Json config = plain_config(examined.subject);
  std::error_code failure;
  if (fs::exists(fs::symlink_status(target, failure))) {
    refuse(target.string(), "exists already", "name a new folder");
  }
  if (!fs::create_directories(target, failure)) {
    throw base::Error(base::Fault::io, target.string(),
                      base::Problem{"", "cannot create: " + failure.message(), ""});
  }

  const SafetensorsArchive& archive = *examined.subject.archive;
  Renaming renaming;
  std::map<std::string, std::string> new_name;
  for (const auto& [name, tensor] : archive.tensors()) {
    const LayerName cut = split_layer(name);
    const auto pattern = standard.find(cut.pattern);
    if (pattern == standard.end()) {
      renaming.left_out.push_back(name + ": a stored rotary table; rope_theta says it exactly");
    } else {
      new_name[name] = with_layer(pattern->second, cut.layer);
    }
  }
  checkpoint::SafetensorsIndex index;
  index.total_size = 0;
  for (size_t file = 0; file < archive.files().size(); ++file) {
    const std::string name =
        archive.files().size() == 1
            ? "model.safetensors"
            : fmt::format("model-{:05}-of-{:05}.safetensors", file + 1, archive.files().size());
    write_shard(archive, file, target / name, new_name);
    renaming.written.push_back(name);
    for (const auto& [old_name, tensor] : archive.tensors()) {
      if (tensor.file != file || !new_name.contains(old_name)) continue;
      index.file_of[new_name.at(old_name)] = name;
      *index.total_size += tensor.entry.bytes();
    }
  }
  if (archive.files().size() > 1) {
    base::write_file_atomically(target / "model.safetensors.index.json",
                                checkpoint::format_safetensors_index(index));
    renaming.written.push_back("model.safetensors.index.json");
  }
  base::write_file_atomically(target / "config.json", config.dump(2) + "\n");
  renaming.written.push_back("config.json");
  copy_companions(examined.subject,
                  checkpoint::Directory(examined.subject.path, examined.subject.links), target,
                  renaming);
  verify(archive, target, new_name);
  renaming.tensors = std::ssize(new_name);
  return renaming;
}

}  // namespace audit
