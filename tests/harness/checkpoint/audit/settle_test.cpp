#include "harness/checkpoint/audit/settle.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/checkpoint/audit/claims.h"
#include "harness/checkpoint/audit/compare.h"
#include "tests/harness/checkpoint/audit/judged_config.h"

namespace audit {
namespace {

using base::Json;

/// A structure that can be computed, so that there is something to paste.
Structure llama_structure() {
  return examine(std::string(ROPEWALK_SOURCE_DIR) + "/configs/checkpoints/llama-2-7b",
                 checkpoint::Links::none)
      .structure;
}

TEST(Claims, ACommandToPasteIsQuoted) {
  Subject subject;
  subject.path = "it's; rm -rf $HOME";
  subject.config = checkpoint::RawConfig::parse(llama_2().dump(), "config.json");
  const Structure structure = llama_structure();
  const Claims claims = read_claims(subject, 16'384);
  const Findings findings = lint_claims(subject, structure, claims);
  ASSERT_EQ(findings.front().id, "claim-contradicts-config");
  EXPECT_EQ(findings.front().settle.substr(0, 62),
            R"(printf '%s' '{"model":"it'\''s; rm -rf $HOME","trained_length")");
  EXPECT_NE(findings.front().settle.find("\"lengths\":[4096,8192,16384]}' > claim.json && ropewalk "
                                         "sweep claim.json --out runs/claim"),
            std::string::npos)
      << findings.front().settle;
}

TEST(Claims, ACommandComparesTheBasesThatTheWeightsMayKnow) {
  Json config = llama_2();
  config.erase("rope_theta");
  Subject subject;
  subject.path = "c";
  subject.config = checkpoint::RawConfig::parse(config.dump(), "config.json");
  const Structure structure = llama_structure();
  const Claims claims = read_claims(subject, {});
  const Findings findings = lint_claims(subject, structure, claims);
  ASSERT_EQ(findings.front().id, "missing-rope-theta");
  EXPECT_NE(findings.front().settle.find(
                R"("methods":{"plain":[],"base-500000":[{"type":"abf","theta":500000.0}],)"),
            std::string::npos)
      << findings.front().settle;
  EXPECT_NE(findings.front().settle.find(R"("lengths":[4096]})"), std::string::npos);
  // Nothing to paste for what cannot be computed here.
  EXPECT_EQ(lint_claims(subject, {}, claims).front().settle,
            "measure it with a tool that computes this architecture; Ropewalk does not");
}

}  // namespace
}  // namespace audit
