#include "harness/sweep/group.h"

#include <algorithm>

#include "harness/base/sha256.h"

namespace sweep {

std::string Group::id() const {
  base::Sha256 hash;
  for (const Row& cell : cells()) hash.update(cell.cell);
  return hash.hex();
}

int64_t Group::tokens() const {
  int64_t sum = 0;
  for (const Pass& pass : passes()) sum += pass.tokens;
  return sum;
}

bool is_done(const Row& cell, const Rows& rows, bool retry) {
  const auto found = rows.find(cell.cell);
  if (found == rows.end()) return false;
  const Status status = found->second.status;
  return !(retry && (status == Status::out_of_memory || status == Status::failed));
}

bool is_done(const Group& group, const Rows& rows, bool retry) {
  return std::all_of(group.cells().begin(), group.cells().end(),
                     [&](const Row& cell) { return is_done(cell, rows, retry); });
}

std::string cell_id(const Prepared& prepared, const PreparedMethod& method, size_t eval,
                    const base::Json& question) {
  const PreparedEval& asked = prepared.evals()[eval];
  const scalings::RopeShape shape = prepared.subject().shape();
  const base::Json identity = {{"weights", prepared.subject().weights_fingerprint()},
                               {"tokenizer", prepared.subject().tokenizer()->fingerprint()},
                               {"dtype", prepared.experiment().dtype},
                               {"chain", method.params},
                               {"shape",
                                {{"head_dim", shape.head_dim},
                                 {"rotary_dim", shape.rotary_dim},
                                 {"theta", shape.theta},
                                 {"trained_length", shape.trained_length}}},
                               {"protocol", asked.protocol},
                               {"corpus", asked.corpus_fingerprint},
                               {"question", question}};
  return base::sha256_hex(base::canonical_json(identity));
}

}  // namespace sweep
