#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/checkpoint/audit/report.h"
#include "harness/checkpoint/audit/tensor_table.h"

/// Any bytes, cut at NUL into config.json, tokenizer_config.json, claims.json and tensors.json, are
/// audited to the end: parts that cannot be read are left out, the report is UTF-8 without control
/// characters, and its JSON can be read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  const auto next = [&] {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
  };
  const auto attempt = [](auto&& step) {
    try {
      step();
    } catch (const base::Error&) {
    }
  };
  audit::Subject subject;
  subject.path = "fuzz";
  attempt([&, text = next()] { subject.config = checkpoint::RawConfig::parse(text, "config"); });
  attempt([&, text = next()] {
    subject.tokenizer = checkpoint::parse_tokenizer_config(text, "tokenizer");
  });
  attempt([&, text = next()] { subject.statements = audit::parse_statements(text, "claims"); });
  attempt([&, text = next()] { subject.tensors = audit::parse_tensor_table(text, "tensors"); });
  const audit::Report report = audit::make_report(audit::examine(std::move(subject)), {});
  const std::string text = audit::to_text(report);
  if (base::find_invalid_utf8(text) != std::string::npos) std::abort();
  for (const char c : text) {
    if (c != '\n' && static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  base::parse_json(audit::to_json(report).dump(2, ' ', true, base::Json::error_handler_t::replace),
                   "report");
  return 0;
}
