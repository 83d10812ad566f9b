#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evals/perplexity.h"
#include "harness/base/json.h"

namespace sweep {

/// How a trial ended. A diverged trial is a miss; the last three are missing, never zeros.
enum class Status { ok, diverged, out_of_memory, failed, skipped };

std::string_view name(Status status);
bool is_missing(Status status);

/// Raw answer of a retrieval trial: everything that a scorer could want later.
struct RetrievalResult {
  double depth = 0;         ///< of the needle: 0 = start, 1 = end of the haystack
  int64_t depth_index = 0;  ///< stratum of the depth design
  int64_t trial = 0;
  std::string source;            ///< of the hay; trials of one document are not independent
  std::string prompt_sha256;     ///< of the prompt's token ids
  bool hit = false;              ///< every answer token is the argmax, and no digit follows
  std::vector<bool> token_hits;  ///< conditional on a correct prefix (teacher-forced)
  std::vector<int32_t> argmax;   ///< of the answer tokens and of the terminator's place
  std::vector<int32_t> ranks;
  std::vector<float> log_probs;          ///< nats
  std::optional<int64_t> distance = {};  ///< absolute placement: tokens from needle to answer
};

/// One forward of a perplexity cell. Several cells may read one file: the first scored.size()
/// values belong to this cell.
struct Forward {
  std::string nll_file;  ///< "nll/<sha256>.npy": nats of every scored token
  evals::Window window;
};

/// Where the raw scores of a perplexity cell lie.
struct PerplexityResult {
  std::string document;         ///< name of the corpus document
  std::string document_sha256;  ///< of its text
  std::vector<Forward> forwards;
  int64_t bytes = 0;  ///< of UTF-8 text that the scored tokens stand for
  double nll = 0;     ///< nats per scored token, by the protocol's own rule; for a quick look:
                      ///< everything that is reported is computed from the files
};

/// One line of rows.jsonl: one trial or one document of one cell.
struct Row {
  static constexpr int64_t schema_version = 1;

  std::string cell;      ///< SHA-256 of the parameters that determine the result
  std::string method;    ///< name in the experiment
  std::string protocol;  ///< Eval::id(): protocol, placement, control
  int64_t length = 0;    ///< nominal tokens
  Status status = Status::ok;
  std::string reason;  ///< of any status but ok
  std::string plan;    ///< fingerprint of the rotary plan (of layer 0)
  std::string kernel;  ///< numerics: attention kernel, dtype, CPU features, LibTorch version
  std::optional<RetrievalResult> retrieval;    ///< also when missing: says which trial it was
  std::optional<PerplexityResult> perplexity;  ///< also when missing: says which document it was
};

/// One line of JSON, without its newline.
std::string to_line(const Row& row);

/// Throws base::Error with `place` (file:line) when the line is not a row that this version reads.
Row parse_row(std::string_view line, const std::string& place);

}  // namespace sweep
