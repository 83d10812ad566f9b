#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evals/depths.h"
#include "evals/retrieval.h"
#include "harness/base/error.h"
#include "harness/base/json.h"

namespace sweep {

/// The greatest length, count or stride that an experiment may name.
constexpr int64_t greatest_count = int64_t{1} << 31;

/// A named chain of scalings.
struct Method {
  std::string name;  ///< "yarn[factor=4]" for a member of a grid
  std::string grid;  ///< "yarn" for a member of a grid; else empty
  base::Json chain;  ///< array for scalings::make_chain, every default spelled out; or the string
                     ///< "as_configured", which stands for the checkpoint's own rope_scaling

  bool operator==(const Method&) const = default;
};

/// A retrieval question, put to every method at every length.
struct RetrievalEval {
  std::string protocol;  ///< "passkey/landmark/1"
  evals::Placement placement = evals::Placement::per_length;
  bool absent = false;                ///< the negative control: same prompt, no needle
  std::map<int64_t, int64_t> trials;  ///< by length; absolute placement: the same at every length
  evals::DepthDesign depths;          ///< trial t gets depth t mod depths.depths
  std::vector<std::string> hay;       ///< corpus files as written; empty: the protocol's own hay
};

/// A perplexity measurement of every document at every length.
struct PerplexityEval {
  std::string protocol;             ///< "ppl/fixed-target/1"
  int64_t targets = 0;              ///< T, where the protocol has them
  int64_t stride = 0;               ///< S, where the protocol has one
  std::vector<std::string> corpus;  ///< files as written
};

/// One question put to a set of methods at a set of lengths: exactly one of the two is set.
struct Eval {
  std::optional<RetrievalEval> retrieval;
  std::optional<PerplexityEval> perplexity;
  std::vector<std::string> methods;  ///< names
  std::vector<int64_t> lengths;      ///< ascending tokens
};

/// What is to be measured: read strictly, all defaults resolved.
struct Experiment {
  std::string file;              ///< as messages name it
  std::filesystem::path folder;  ///< of the experiment file: paths are relative to it
  std::string model;             ///< as written
  std::optional<int64_t> trained_length;
  std::string dtype;  ///< "float32" or "bfloat16"
  std::string bos;    ///< "auto", "always", "never"
  int64_t seed = 0;
  std::string baseline;  ///< the one method that others are compared with
  std::vector<Method> methods;
  std::vector<Eval> evals;
  double tau = 0;                               ///< success probability to certify
  double alpha = 0;                             ///< error rate of every certificate
  double delta = 0;                             ///< nats: margin of "not worse"
  std::optional<int64_t> trials_after_failure;  ///< at lengths beyond one shown to fail
  std::optional<int64_t> skip_after;  ///< lengths in a row without a hit before longer ones are
                                      ///< skipped

  const Method& method(const std::string& name) const;
};

/// Reads an experiment file. Throws base::Error with every problem and its JSON path in one go.
///   model: takes the place of the experiment's own, unless empty; relative to the working
///   directory
Experiment read_experiment(const std::filesystem::path& file, const std::string& model = "");

/// The same from text; `file` names the source in messages and is where relative paths start.
Experiment parse_experiment(const std::string& text, const std::filesystem::path& file,
                            const std::string& model = "");

/// The experiment with every default spelled out; parse_experiment reads it back to the same.
base::Json to_json(const Experiment& experiment);

/// What a written experiment asks, apart from where its files lie: their contents have hashes of
/// their own in the manifest.
base::Json question_of(base::Json experiment);

/// SHA-256 of what an experiment asks.
std::string fingerprint(const Experiment& experiment);
/// The same of a written one, with every default spelled out.
std::string fingerprint(const base::Json& experiment);

/// The file or folder that a path of an experiment means: absolute, relative to the experiment's
/// folder, or to one of the folders above it (the repository root). Nothing when there is none.
std::optional<std::filesystem::path> locate(const std::filesystem::path& folder,
                                            const std::string& path);

}  // namespace sweep
