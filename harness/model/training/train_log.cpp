#include "harness/model/training/train_log.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/json.h"

namespace training {
namespace {

/// Four significant digits: a log is read, not computed with.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double unit = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * unit) / unit;
}

}  // namespace

void TrainLog::keep_until(int64_t step) {
  if (!std::filesystem::exists(path_)) return;
  std::istringstream lines(base::read_file(path_));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const base::Json entry = base::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (entry.is_discarded() || entry.at("step").get<int64_t>() > step) break;
    kept += line + "\n";
  }
  base::write_file_atomically(path_, kept);
}

void TrainLog::append(const TrainProgress& progress) {
  base::Json nll = base::Json::object();
  for (const auto& [source, value] : progress.nll) nll[source] = rounded(value);
  const base::Json line = {{"step", progress.step},
                           {"tokens", progress.tokens},
                           {"length", progress.length},
                           {"loss", rounded(progress.loss)},
                           {"nll", nll},
                           {"learning_rate", rounded(progress.learning_rate)},
                           {"gradient_norm", rounded(progress.gradient_norm)},
                           {"tokens_per_second", rounded(progress.tokens_per_second)}};
  std::ofstream file(path_, std::ios::app);
  file << line.dump() << "\n";
  file.flush();
  if (!file) throw base::Error(base::Fault::io, path_.string(), {"", "cannot be written", ""});
}

}  // namespace training
