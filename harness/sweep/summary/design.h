#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evals/depths.h"
#include "evals/stats/certified_length.h"
#include "harness/base/json.h"

namespace sweep {

/// What a summary must know of an experiment: read from a run directory alone, so that old runs
/// stay readable where neither checkpoint nor corpus is at hand.
struct Design {
  struct Method {
    std::string name;
    std::string grid;     ///< "yarn" for "yarn[factor=4]": chosen by tuning; else empty
    base::Json chain;     ///< "as_configured" is spelled out where the manifest says what it is
    bool by_length;       ///< its plan changes with the length: a family of models
    std::string rows_of;  ///< name of the first method with the same chain: they share cells
  };

  /// One eval of the experiment.
  struct Asked {
    std::string protocol;  ///< as asked: "passkey/landmark/1", "ppl/press-256/1"
    bool is_retrieval = true;
    bool absolute = false;
    bool absent = false;
    bool own_hay = false;               ///< hay from the user's documents: trials may share one
    std::map<int64_t, int64_t> trials;  ///< retrieval: by length
    evals::DepthDesign depths;          ///< retrieval
    int64_t targets = 0;
    std::vector<std::string> corpus;
    std::vector<std::string> methods;
    std::vector<int64_t> lengths;  ///< ascending

    /// Whether rows of this protocol id answer this eval.
    bool is_answered_by(std::string_view id) const;
  };

  std::string model;
  std::string dtype;
  std::string baseline;
  int64_t seed = 0;
  int64_t trained_length = 0;
  evals::stats::Criterion criterion;
  double delta = 0;
  std::optional<int64_t> trials_after_failure;
  std::optional<int64_t> skip_after;
  std::vector<Method> methods;
  std::vector<Asked> evals;
  base::Json identity;
  std::set<std::string> programs;  ///< versions of ropewalk that contributed

  const Method& method(const std::string& name) const;
  /// Name of the method that scales nothing, the control of the perplexity lengths; may be none.
  std::optional<std::string> plain() const;
};

/// Calls `visit` with every scaling of a chain, those that apply_to_layers holds among them.
void each_scaling(const base::Json& chain, const std::function<void(const base::Json&)>& visit);

/// Reads experiment.json and manifest.json of a run directory. Throws base::Error naming the file
/// when one is missing or of another schema version, or when the experiment is not the one that was
/// run.
Design read_design(const std::filesystem::path& folder);

/// The same from their contents; `place` names them in messages.
Design make_design(const base::Json& experiment, const base::Json& identity,
                   const std::string& place);

}  // namespace sweep
