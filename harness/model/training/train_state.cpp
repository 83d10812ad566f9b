#include "harness/model/training/train_state.h"

#include <fmt/format.h>

#include <cstring>
#include <map>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/checkpoint/mapped_file.h"
#include "harness/checkpoint/safetensors_header.h"
#include "harness/checkpoint/safetensors_writer.h"

namespace training {
namespace {

constexpr const char* kSchema = "ropewalk-train/1";

/// Every tensor that a checkpoint holds, by name.
std::map<std::string, at::Tensor> tensors_of(const TrainableLlama& model) {
  std::map<std::string, at::Tensor> tensors;
  for (const Parameter& parameter : model.parameters()) {
    tensors["master/" + parameter.name] = parameter.master;
    tensors["mean/" + parameter.name] = parameter.mean;
    tensors["square/" + parameter.name] = parameter.square;
  }
  return tensors;
}

std::span<std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<std::byte*>(tensor.data_ptr()), static_cast<size_t>(tensor.nbytes())};
}

}  // namespace

void save_state(const std::filesystem::path& path, const TrainableLlama& model,
                const TrainState& state, const std::string& identity) {
  const std::map<std::string, at::Tensor> tensors = tensors_of(model);
  std::vector<checkpoint::TensorPlan> plans;
  for (const auto& [name, tensor] : tensors) plans.push_back({name, "F32", tensor.sizes().vec()});
  const base::Json numbers = {{"step", state.step},
                              {"smoothed_loss", state.smoothed_loss},
                              {"steps_in_spike", state.steps_in_spike},
                              {"seconds", state.seconds}};
  checkpoint::SafetensorsWriter writer(
      path, plans, {{"schema", kSchema}, {"identity", identity}, {"state", numbers.dump()}});
  for (const auto& [name, tensor] : tensors) writer.write(name, bytes_of(tensor));
  writer.finish();
}

std::optional<TrainState> load_state(const std::filesystem::path& path, TrainableLlama& model,
                                     const std::string& identity) {
  if (!std::filesystem::exists(path)) return {};
  const auto file = checkpoint::MappedFile::open(path);
  const auto bytes = file->bytes();
  checkpoint::SafetensorsHeader header =
      checkpoint::parse_safetensors_header(file->text(), std::ssize(bytes), path.string());
  const auto refuse = [&](const std::string& place, const std::string& cause) {
    throw base::Error(base::Fault::input, path.string(),
                      {place, cause, "train into another folder, or remove the checkpoint"});
  };
  if (header.metadata["schema"] != kSchema) refuse("", "is no checkpoint of a training run");
  if (header.metadata["identity"] != identity) {
    refuse("", "belongs to a run with another config, corpus or starting model");
  }
  std::map<std::string, at::Tensor> tensors = tensors_of(model);
  for (const checkpoint::TensorEntry& entry : header.tensors) {
    const auto found = tensors.find(entry.name);
    if (found == tensors.end()) refuse(entry.name, "is no tensor of this model");
    const std::span<std::byte> to = bytes_of(found->second);
    if (entry.dtype != "F32" || entry.bytes() != std::ssize(to))
      refuse(entry.name, "has another shape");
    std::memcpy(to.data(), bytes.data() + entry.begin, to.size());
    tensors.erase(found);
  }
  if (!tensors.empty()) refuse(tensors.begin()->first, "is missing");
  model.refresh();
  const base::Json numbers = base::parse_json(header.metadata["state"], path.string());
  return TrainState{numbers.at("step"), numbers.at("smoothed_loss"), numbers.at("steps_in_spike"),
                    numbers.at("seconds")};
}

}  // namespace training
