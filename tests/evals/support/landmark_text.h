#pragma once

#include <string>

namespace evals {

/// What passkey/landmark begins with, and the unit of its hay, written down here once more.
inline const std::string landmark_head =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.\n";
inline const std::string unit =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

}  // namespace evals
