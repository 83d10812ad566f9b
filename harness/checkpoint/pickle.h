#pragma once

#include <string_view>

namespace checkpoint {

/// Whether a file is, by its name, a PyTorch pickle: loading one can run any code, so Ropewalk
/// reports such files and never reads them.
bool is_pickle_name(std::string_view file_name);

}  // namespace checkpoint
