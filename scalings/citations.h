#pragma once

#include <string_view>

/// BibTeX entries of the catalog's sources.
namespace scalings::citations {

inline constexpr std::string_view position_interpolation =
    R"(@article{chen2023extending,
  title={Extending Context Window of Large Language Models via Positional Interpolation},
  author={Chen, Shouyuan and Wong, Sherman and Chen, Liangjian and Tian, Yuandong},
  journal={arXiv preprint arXiv:2306.15595},
  year={2023}
})";

inline constexpr std::string_view yarn =
    R"(@article{peng2023yarn,
  title={{YaRN}: Efficient Context Window Extension of Large Language Models},
  author={Peng, Bowen and Quesnelle, Jeffrey and Fan, Honglu and Shippole, Enrico},
  journal={arXiv preprint arXiv:2309.00071},
  year={2023}
})";

}  // namespace scalings::citations
