#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace sweep {

/// A named chain of scalings.
struct Method {
  std::string name;  ///< "yarn[factor=4]" for a member of a grid
  std::string grid;  ///< "yarn" for a member of a grid; else empty
  base::Json chain;  ///< array for scalings::make_chain, every default spelled out; or the string
                     ///< "as_configured", which stands for the checkpoint's own rope_scaling

  bool operator==(const Method&) const = default;
};

/// One question put to every method at every length.
struct Eval {
  std::string protocol;               ///< "passkey/landmark", "ppl/fixed-target" ...
  std::string placement;              ///< retrieval: "per-length" or "absolute"
  bool absent = false;                ///< retrieval: the negative control, same prompt, no needle
  std::map<int64_t, int64_t> trials;  ///< retrieval: trials by length, spread over the depths
  int64_t depths = 0;                 ///< retrieval: strata of the depth design
  int64_t targets = 0;                ///< ppl/fixed-target: scored tokens at the end
  int64_t stride = 0;                 ///< ppl/press, ppl/full-window: tokens between windows
  std::vector<std::string> corpus;    ///< files as written; niah/text and perplexity
  std::vector<std::string> methods;   ///< names of the methods that it is put to
  std::vector<int64_t> lengths;       ///< ascending

  bool is_retrieval() const { return protocol.rfind("ppl/", 0) != 0; }
  /// protocol, placement and control in one: what results cite.
  std::string id() const;
};

/// What is to be measured: read strictly, all defaults resolved.
struct Experiment {
  std::filesystem::path folder;  ///< of the experiment file: paths are relative to it
  std::string model;             ///< as written
  std::optional<int64_t> trained_length;
  std::string dtype;  ///< "float32" or "bfloat16"
  std::string bos;    ///< "auto", "always", "never"
  int64_t seed = 0;
  std::string baseline;  ///< the one method that others are compared with
  std::vector<Method> methods;
  std::vector<Eval> evals;
  std::vector<int64_t> lengths;                 ///< ascending tokens
  double tau = 0;                               ///< success probability to certify
  double alpha = 0;                             ///< error rate of every certificate
  double delta = 0;                             ///< nats: margin of "not worse"
  std::optional<int64_t> trials_after_failure;  ///< trials at lengths beyond a failed one
  std::optional<int64_t> skip_after;  ///< lengths in a row at floor before longer ones are skipped
};

/// Reads an experiment file. Throws base::Error with every problem and its JSON path in one go.
Experiment read_experiment(const std::filesystem::path& file);

/// The same from text; `file` names the source in messages and is where relative paths start.
Experiment parse_experiment(const std::string& text, const std::filesystem::path& file);

/// The experiment with every default spelled out; parse_experiment reads it back to the same.
base::Json resolved(const Experiment& experiment);

/// SHA-256 of what the experiment asks, apart from where its files lie: their contents have hashes
/// of their own in the manifest.
std::string fingerprint(const Experiment& experiment);

/// The file or folder that a path of the experiment means: absolute, relative to the experiment's
/// folder, or to one of the folders above it (the repository root). Nothing when there is none.
std::optional<std::filesystem::path> locate(const std::filesystem::path& folder,
                                            const std::string& path);

}  // namespace sweep
