#include "harness/checkpoint/gguf/gguf_cursor.h"

#include <fmt/format.h>

#include "harness/base/error.h"

namespace checkpoint {

void GgufCursor::fail(int64_t at, std::string cause, std::string next_step) const {
  throw base::Error(
      base::Fault::input, name_,
      base::Problem{fmt::format("byte {}", at), std::move(cause), std::move(next_step)});
}

std::string_view GgufCursor::take(uint64_t bytes, const char* what) {
  if (bytes > left()) {
    fail(at(), fmt::format("{} takes {} bytes, but only {} follow", what, bytes, left()),
         "the file is cut; download it again");
  }
  const std::string_view taken = file_.substr(at_, static_cast<size_t>(bytes));
  at_ += static_cast<size_t>(bytes);
  return taken;
}

std::string_view GgufCursor::text(const char* what) {
  const auto size = number<uint64_t>(what);
  return take(size, what);
}

int64_t GgufCursor::count(const char* what, int64_t least_bytes) {
  const int64_t begin = at();
  const auto count = number<uint64_t>(what);
  if (count > left() / static_cast<uint64_t>(least_bytes)) {
    fail(begin,
         fmt::format("{} is {}, more than fit into the {} bytes that follow", what, count, left()),
         "the file is cut or damaged; download it again");
  }
  return static_cast<int64_t>(count);
}

}  // namespace checkpoint
