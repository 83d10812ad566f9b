#include "harness/sweep/identity.h"

namespace sweep {

base::Json comparable_with(const base::Json& other, base::Json identity) {
  for (const char* key : stated_lately) {
    if (!other.contains(key)) identity.erase(key);
  }
  return identity;
}

}  // namespace sweep
