#include "harness/checkpoint/audit/rename.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/llama_families.h"
#include "harness/checkpoint/safetensors_index.h"
#include "harness/checkpoint/safetensors_writer.h"

namespace audit {
namespace {

namespace fs = std::filesystem;
using base::Json;
using checkpoint::SafetensorsArchive;

[[noreturn]] void refuse(const std::string& path, const std::string& cause,
                         const std::string& next_step) {
  base::reject(path, "", cause, next_step);
}

/// Name pattern -> LLaMA's; patterns that are left out have none.
std::map<std::string, std::string> standard_patterns(const Examined& examined) {
  const std::string& path = examined.subject.path;
  if (examined.subject.is_gguf) {
    refuse(path, "is a GGUF file: its tensors have the names that the format gives them",
           "rename the safetensors that it was made from");
  }
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
    const bool is_table = name.role == "rotary frequencies";
    if (is_table && !name.pattern.text.ends_with("inv_freq")) {
      refuse(path,
             fmt::format("\"{}\" has the shape of a stored rotary table, which would be left out, "
                         "but not the name of one",
                         name.pattern.text),
             "if it is a weight, this is not LLaMA's structure");
    }
    if (!is_table) {
      standard[name.pattern.text] = name.standard_name;
    }
  }
  return standard;
}

/// config.json without code, of a model that computes the same. Where LLaMA's class computes by the
/// rules of the family (a config without model_type is read as LLaMA's), it is a plain LLaMA's, and
/// what the family's own class would have filled in is written down. Mistral's windows and Qwen2's
/// biases are no rules of LLaMA's.
Json plain_config(const Subject& subject) {
  Json config = subject.config->json();
  std::vector<std::string> warnings;
  const checkpoint::LlamaSpec spec = checkpoint::read_llama_spec(*subject.config, warnings);
  for (const char* key : {"auto_map", "_name_or_path"}) config.erase(key);
  const std::string type = subject.config->text("model_type").value_or("llama");
  const checkpoint::Family& family = *checkpoint::find_llama_family(type);
  const bool has_llamas_rules =
      family.slides == checkpoint::Slides::never && !family.query_key_value_bias;
  if (!has_llamas_rules) return config;
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

/// A folder that is removed again unless it is kept.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& target)
      : target_(target.has_filename() ? target : target.parent_path()), partial_(target_) {
    partial_ += ".partial";
    std::error_code failure;
    for (const fs::path& path : {target_, partial_}) {
      if (fs::exists(fs::symlink_status(path, failure))) {
        refuse(path.string(), "exists already", "name a new folder");
      }
    }
    if (!fs::create_directories(partial_, failure)) fail("create", failure);
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!is_kept_) fs::remove_all(partial_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const fs::path& path() const { return partial_; }
  void keep() {
    std::error_code failure;
    fs::rename(partial_, target_, failure);
    if (failure) fail("name", failure);
    is_kept_ = true;
  }

 private:
  [[noreturn]] void fail(std::string_view action, std::error_code failure) const {
    throw base::Error(
        base::Fault::io, target_.string(),
        base::Problem{"", fmt::format("cannot {}: {}", action, failure.message()), ""});
  }

  fs::path target_;
  fs::path partial_;
  bool is_kept_ = false;
};

/// Old name -> LLaMA's name, for all tensors that are taken along.
std::map<std::string, std::string> new_names(const Examined& examined,
                                             const std::map<std::string, std::string>& standard,
                                             Renaming& renaming) {
  std::map<std::string, std::string> names;
  for (const auto& [name, tensor] : examined.subject.archive->tensors()) {
    const LayerName cut = split_layer(name, examined.layer_number);
    const auto pattern = standard.find(cut.pattern);
    if (pattern == standard.end()) {
      renaming.left_out.push_back(name + ": a stored rotary table; rope_theta says it exactly");
    } else {
      names[name] = with_layer(pattern->second, cut.layer);
    }
  }
  return names;
}

void write_shards(const SafetensorsArchive& archive, const fs::path& folder,
                  const std::map<std::string, std::string>& new_name, Renaming& renaming) {
  checkpoint::SafetensorsIndex index;
  index.total_size = 0;
  const size_t count = archive.files().size();
  for (size_t file = 0; file < count; ++file) {
    const std::string name = count == 1
                                 ? "model.safetensors"
                                 : fmt::format("model-{:05}-of-{:05}.safetensors", file + 1, count);
    write_shard(archive, file, folder / name, new_name);
    renaming.written.push_back(name);
    for (const auto& [old_name, tensor] : archive.tensors()) {
      if (tensor.file != file || !new_name.contains(old_name)) continue;
      index.file_of[new_name.at(old_name)] = name;
      *index.total_size += tensor.entry.bytes();
    }
  }
  if (count == 1) return;
  base::write_file_atomically(folder / "model.safetensors.index.json",
                              checkpoint::format_safetensors_index(index));
  renaming.written.push_back("model.safetensors.index.json");
}

}  // namespace

Renaming rename_to_llama(const Examined& examined, const fs::path& target) {
  const std::map<std::string, std::string> standard = standard_patterns(examined);
  const Json config = plain_config(examined.subject);
  const SafetensorsArchive& archive = *examined.subject.archive;
  NewFolder folder(target);
  Renaming renaming;
  const auto new_name = new_names(examined, standard, renaming);
  write_shards(archive, folder.path(), new_name, renaming);
  base::write_file_atomically(folder.path() / "config.json", config.dump(2) + "\n");
  renaming.written.push_back("config.json");
  copy_companions(examined.subject,
                  checkpoint::Directory(examined.subject.path, examined.subject.links),
                  folder.path(), renaming);
  verify(archive, folder.path(), new_name);
  renaming.tensors = std::ssize(new_name);
  folder.keep();
  return renaming;
}

}  // namespace audit
