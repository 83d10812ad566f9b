#include "harness/checkpoint/audit/safety.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "harness/checkpoint/audit/printable.h"
#include "harness/checkpoint/pickle.h"

namespace audit {
namespace fs = std::filesystem;
namespace {

/// Repositories that auto_map names code of: "owner/name--module.Class".
std::vector<std::string> foreign_repositories(const base::Json& auto_map) {
  std::vector<std::string> found;
  const auto look = [&](const base::Json& value) {
    if (!value.is_string()) return;
    const auto text = value.get<std::string>();
    const size_t at = text.find("--");
    if (at == text.npos) return;
    const std::string repository = text.substr(0, at);
    if (std::find(found.begin(), found.end(), repository) == found.end()) {
      found.push_back(repository);
    }
  };
  if (!auto_map.is_object()) return found;
  for (const auto& [key, value] : auto_map.items()) {
    if (!value.is_array()) look(value);
    for (const base::Json& element : value.is_array() ? value : base::Json::array()) look(element);
  }
  return found;
}

bool is_code(const std::string& name) {
  constexpr std::array<std::string_view, 6> endings{".py", ".pyc", ".so", ".sh", ".dll", ".exe"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_template(const std::string& name) {
  return name.ends_with(".jinja") || name == "chat_template.json";
}

std::string files(size_t count) { return count == 1 ? "1 file" : fmt::format("{} files", count); }

void inspect_entry(const Subject& subject, const std::string& name, Findings& findings) {
  std::error_code failure;
  const fs::path path = fs::path(subject.path) / name;
  const fs::file_status status = fs::symlink_status(path, failure);
  if (status.type() == fs::file_type::symlink) {
    if (checkpoint::Directory(subject.path, subject.links).refusal(name).empty()) return;
    const fs::path target = fs::read_symlink(path, failure);
    const fs::path plain = target.lexically_normal();
    const bool leaves = target.is_absolute() || (!plain.empty() && *plain.begin() == "..");
    const bool is_cache = plain.parent_path() == fs::path("../../blobs");
    findings.push_back(
        {"symbolic-link", leaves ? Severity::error : Severity::warning, printable(name), "",
         "-> " + printable(target.string()),
         leaves ? "leads outside the folder; it was not followed" : "was not followed",
         is_cache ? "if this is a snapshot of the Hugging Face cache, use --hub"
                  : "look at the target before you copy or load it"});
  } else if (status.type() == fs::file_type::directory) {
    findings.push_back(
        {"folder", Severity::note, printable(name), "", "a folder", "was not looked into", ""});
  } else if (status.type() != fs::file_type::regular) {
    findings.push_back({"special-file", Severity::error, printable(name), "",
                        "neither a file nor a folder",
                        "reading a pipe or a device can block or worse; it was not opened", ""});
  }
}

}  // namespace

Findings inspect_safety(const Subject& subject) {
  Findings findings;
  std::vector<std::string> code;
  std::vector<std::string> pickles;
  std::vector<std::string> templates;
  for (const std::string& name : subject.entries) {
    inspect_entry(subject, name, findings);
    if (is_code(name)) code.push_back(name);
    if (checkpoint::is_pickle_name(name)) pickles.push_back(name);
    if (is_template(name)) templates.push_back(name);
  }
  if (subject.config && subject.config->has("auto_map")) {
    findings.push_back(
        {"remote-code", Severity::warning, "config.json", "auto_map",
         shown(subject.config->json().at("auto_map")),
         "Transformers runs the named code of this checkpoint when it is loaded with "
         "trust_remote_code=True; leaderboards refuse it, and so does Ropewalk",
         "where the structure is LLaMA's: ropewalk audit --rename DIR writes it "
         "without the code"});
    const auto foreign = foreign_repositories(subject.config->json().at("auto_map"));
    if (!foreign.empty()) {
      findings.push_back(
          {"code-from-elsewhere", Severity::error, "config.json", "auto_map", listed(foreign),
           "the code that would run is not even in this folder: it is fetched from "
           "there whenever the checkpoint is loaded, and can change after you read it",
           ""});
    }
  }
  if (subject.tokenizer && subject.tokenizer->has_custom_code) {
    findings.push_back({"remote-code", Severity::warning, "tokenizer_config.json", "auto_map",
                        "present", "the tokenizer asks to run code of this checkpoint",
                        "read tokenizer.model or tokenizer.json without it"});
  }
  for (const std::string& name : subject.companions_with_code) {
    findings.push_back({"remote-code", Severity::warning, name, "auto_map", "present",
                        "this file, too, asks to run code of this checkpoint", ""});
  }
  if (!code.empty()) {
    findings.push_back({"code-files", Severity::warning, listed(code), "", files(code.size()),
                        "code beside weights; it was neither opened nor run", ""});
  }
  if (!pickles.empty()) {
    findings.push_back({"pickle-weights", Severity::warning, listed(pickles), "",
                        files(pickles.size()),
                        "loading a pickle can run any code; they were not opened, so that nothing "
                        "is said about them",
                        "convert them to safetensors on a machine you can lose"});
  }
  if (!templates.empty() || (subject.tokenizer && subject.tokenizer->has_chat_template)) {
    findings.push_back({"chat-template", Severity::note,
                        templates.empty() ? "tokenizer_config.json" : listed(templates),
                        templates.empty() ? "chat_template" : "", "present",
                        "a template is a program that other tools run on every prompt; it was not "
                        "rendered",
                        ""});
  }
  return findings;
}

}  // namespace audit
