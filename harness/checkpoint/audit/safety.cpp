#include "harness/checkpoint/audit/safety.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "harness/checkpoint/pickle.h"

namespace audit {
namespace fs = std::filesystem;
namespace {

/// Names from a hostile folder may hold line breaks or terminal codes.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7F ? fmt::format("\\x{:02x}", code) : std::string(1, c);
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t most = 6;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

std::string shown(const base::Json& value) {
  std::string text = value.dump(-1, ' ', false, base::Json::error_handler_t::replace);
  if (text.size() > 160) text = text.substr(0, 157) + "...";
  return text;
}

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
    if (name.ends_with(".py") || name.ends_with(".so")) code.push_back(name);
    if (checkpoint::is_pickle_name(name)) pickles.push_back(name);
    if (name.ends_with(".jinja")) templates.push_back(name);
  }
  if (subject.config && subject.config->has("auto_map")) {
    findings.push_back(
        {"remote-code", Severity::warning, "config.json", "auto_map",
         shown(subject.config->json().at("auto_map")),
         "Transformers runs the named code of this checkpoint when it is loaded with "
         "trust_remote_code=True; leaderboards refuse it, and so does Ropewalk",
         "where the structure is LLaMA's: ropewalk audit --rename DIR writes it "
         "without the code"});
  }
  if (subject.tokenizer && subject.tokenizer->has_custom_code) {
    findings.push_back({"remote-code", Severity::warning, "tokenizer_config.json", "auto_map",
                        "present", "the tokenizer asks to run code of this checkpoint",
                        "read tokenizer.model without it"});
  }
  if (!code.empty()) {
    findings.push_back({"code-files", Severity::warning, listed(code), "",
                        fmt::format("{} files", code.size()),
                        "code beside weights; it was neither opened nor run", ""});
  }
  if (!pickles.empty()) {
    findings.push_back({"pickle-weights", Severity::warning, listed(pickles), "",
                        fmt::format("{} files", pickles.size()),
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
