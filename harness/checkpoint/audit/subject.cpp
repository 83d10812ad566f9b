#include "harness/checkpoint/audit/subject.h"

#include <fmt/format.h>

#include <array>

#include "harness/checkpoint/audit/attempt.h"
#include "harness/checkpoint/audit/gguf_subject.h"
#include "harness/checkpoint/audit/tensor_table.h"
#include "harness/checkpoint/checkpoint.h"

namespace audit {
namespace {

constexpr std::string_view table_name = "tensors.json";

/// Small files beside config.json in which Transformers looks for an auto_map.
constexpr std::array<const char*, 3> companions{
    "generation_config.json", "preprocessor_config.json", "processor_config.json"};

void read_tensors(Subject& subject, const checkpoint::Directory& directory) {
  const bool has_weights =
      directory.has("model.safetensors") || directory.has("model.safetensors.index.json");
  if (!has_weights && directory.has(table_name)) {
    subject.tensors_from = table_name;
    subject.tensors = parse_tensor_table(directory.read_text(table_name),
                                         (directory.root() / table_name).string());
    return;
  }
  if (!has_weights) return;
  subject.archive = std::make_shared<checkpoint::SafetensorsArchive>(directory);
  subject.tensors_from =
      directory.has("model.safetensors") ? "model.safetensors" : "model.safetensors.index.json";
  for (const auto& [name, tensor] : subject.archive->tensors()) {
    subject.tensors.push_back({name, tensor.entry.dtype, tensor.entry.shape});
  }
  for (const std::string& warning : subject.archive->warnings()) {
    subject.findings.push_back({"weights-files", Severity::warning, subject.tensors_from, "",
                                warning, "tools may read different weights from this folder", ""});
  }
}

}  // namespace

std::vector<Statement> parse_statements(std::string_view text, const std::string& file) {
  base::Problems problems;
  const base::Json json = base::parse_json(text, file, problems);
  base::StrictObject object(json, "", problems);
  object.integer("schema_version", 1, 1);
  std::vector<Statement> statements;
  const base::Json* claims = object.required("claims");
  if (claims && !claims->is_array()) problems.add("/claims", "must be a list");
  for (size_t i = 0; claims && claims->is_array() && i < claims->size(); ++i) {
    base::StrictObject claim((*claims)[i], fmt::format("/claims/{}", i), problems);
    statements.push_back({claim.integer("length", 1, int64_t{1} << 40), claim.text("source")});
    claim.finish();
  }
  object.finish();
  problems.throw_if_any(file);
  return statements;
}

Subject read_subject(const std::filesystem::path& path, checkpoint::Links links) {
  if (checkpoint::is_gguf(path)) return read_gguf_subject(path, links);
  const checkpoint::Directory directory(path, links);
  Subject subject;
  subject.path = path.string();
  subject.links = links;
  attempt(subject, [&] { subject.entries = directory.names(); });
  attempt(subject, [&] {
    if (!directory.has("config.json")) return;
    subject.config = checkpoint::RawConfig::read(directory);
    for (const base::Problem& problem : subject.config->problems()) {
      subject.findings.push_back(
          {"unreadable", Severity::error, subject.config->file(), problem.place, problem.cause,
           "parsers disagree on which of the two values counts", problem.next_step});
    }
  });
  attempt(subject, [&] {
    if (!directory.has("tokenizer_config.json")) return;
    const std::string name = "tokenizer_config.json";
    subject.tokenizer =
        checkpoint::parse_tokenizer_config(directory.read_text(name), (path / name).string());
  });
  for (const char* name : companions) {
    attempt(subject, [&] {
      if (!directory.has(name)) return;
      if (checkpoint::RawConfig::read(directory, name).has("auto_map")) {
        subject.companions_with_code.push_back(name);
      }
    });
  }
  attempt(subject, [&] {
    if (!directory.has("claims.json")) return;
    subject.statements =
        parse_statements(directory.read_text("claims.json"), (path / "claims.json").string());
  });
  attempt(subject, [&] { read_tensors(subject, directory); });
  return subject;
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

}  // namespace audit
