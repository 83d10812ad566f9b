#include "harness/cli/verbs.h"

namespace cli {

std::vector<Verb> verbs() {
  return {
      add_list, add_show, add_check, add_sweep, add_verify, add_audit, add_summarize, add_train,
  };
}

}  // namespace cli
