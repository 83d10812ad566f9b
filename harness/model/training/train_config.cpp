#include "harness/model/training/train_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/file.h"
#include "scalings/catalog.h"

namespace training {
namespace {

constexpr int64_t kLargest = int64_t{1} << 40;
constexpr int64_t kLongest = int64_t{1} << 20;

checkpoint::LlamaSpec read_model(base::StrictObject object) {
  checkpoint::LlamaSpec spec;
  spec.vocabulary = object.integer("vocabulary", 300, 1 << 20);  // 256 byte pieces and specials
  spec.hidden = object.integer("hidden", 8, 1 << 16);
  spec.intermediate = object.integer("intermediate", 8, 1 << 18);
  spec.layers = object.integer("layers", 1, 1000);
  spec.heads = object.integer("heads", 1, 1000);
  spec.kv_heads = object.integer("kv_heads", 1, 1000, spec.heads);
  spec.head_dim = object.integer("head_dim", 2, 1024);
  spec.rotary_dim = spec.head_dim;
  spec.rope_theta = object.number("rope_theta", base::Bounds::above(1), 10000.0);
  spec.rms_norm_eps = object.number("rms_norm_eps", base::Bounds::above(0), 1e-5);
  spec.tied_embeddings = object.boolean("tied_embeddings", true);
  if (spec.kv_heads > 0 && spec.heads % spec.kv_heads != 0) {
    object.problems().add(object.at("kv_heads"),
                          fmt::format("must divide heads ({} and {})", spec.kv_heads, spec.heads));
  }
  if (spec.head_dim % 2 != 0) object.problems().add(object.at("head_dim"), "must be even");
  object.finish();
  return spec;
}

SourceConfig read_source(base::StrictObject object) {
  SourceConfig source;
  const std::string kind = object.choice("type", {"text", "copy", "retrieval"});
  const base::Bounds weight = base::Bounds::at_least(0);
  if (kind == "copy") {
    source.kind = SourceConfig::Kind::copy;
    const auto block = object.integers("block", 3, 1 << 16, std::vector<int64_t>{6, 48});
    if (block.size() == 2 && block[0] <= block[1]) {
      source.shortest_block = block[0];
      source.longest_block = block[1];
    } else {
      object.problems().add(object.at("block"), "must be [shortest, longest]");
    }
    source.pools = object.integers("pools", 2, 1 << 20, source.pools);
    source.longest_gap = object.integer("gap", 0, 1 << 16, source.longest_gap);
    source.filler_weight = object.number("filler_weight", weight, 0.0);
    source.copy_weight = object.number("copy_weight", weight, 1.0);
  } else if (kind == "retrieval") {
    source.kind = SourceConfig::Kind::retrieval;
    source.protocol = object.text("protocol", "passkey/landmark");
    source.text_haystack = object.choice("haystack", {"own", "text"}, "own") == "text";
    source.filler_weight = object.number("filler_weight", weight, 0.2);
    source.copy_weight = object.number("copy_weight", weight, 3.0);
    source.answer_weight = object.number("answer_weight", weight, 10.0);
  } else {
    source.filler_weight = object.number("filler_weight", weight, 1.0);
  }
  object.finish();
  return source;
}

Phase read_phase(base::StrictObject object, const std::map<std::string, SourceConfig>& sources,
                 int64_t batch_tokens) {
  Phase phase;
  phase.length = object.integer("length", 16, kLongest);
  phase.tokens = object.integer("tokens", 1, kLargest);
  phase.batch_tokens = object.integer("batch_tokens", 1, kLargest, batch_tokens);
  if (phase.batch_tokens < phase.length) {
    object.problems().add(object.at("batch_tokens"), "must hold at least one sequence");
  }
  if (const base::Json* mixture = object.required("mixture")) {
    base::StrictObject shares(*mixture, object.at("mixture"), object.problems());
    double total = 0;
    for (const auto& [name, source] : sources) {
      const double share = shares.number(name, base::Bounds::at_least(0), 0.0);
      if (share > 0) phase.mixture[name] = share;
      total += share;
    }
    if (!(total > 0)) object.problems().add(object.at("mixture"), "must name a source");
    shares.finish();
  }
  object.finish();
  return phase;
}

std::vector<std::filesystem::path> read_corpus_paths(const base::Json& value,
                                                     const std::string& place,
                                                     const std::filesystem::path& folder,
                                                     base::Problems& problems) {
  std::vector<std::filesystem::path> files;
  if (!value.is_array() || value.empty()) {
    problems.add(place, "must be a list of text files or folders of *.txt");
    return files;
  }
  for (const base::Json& item : value) {
    if (!item.is_string()) {
      problems.add(place, "must hold strings");
      continue;
    }
    std::filesystem::path path = folder / item.get<std::string>();
    if (!std::filesystem::exists(path)) path = item.get<std::string>();
    if (std::filesystem::is_directory(path)) {
      const size_t before = files.size();
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
      }
      if (files.size() == before) problems.add(place, path.string() + " holds no *.txt");
    } else if (std::filesystem::exists(path)) {
      files.push_back(path);
    } else {
      problems.add(place, item.get<std::string>() + " does not exist",
                   "scripts/corpora installs the texts of the committed configs");
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.filename() < b.filename(); });
  return files;
}

AdamWConfig read_optimizer(base::StrictObject object, TrainConfig& config) {
  AdamWConfig optimizer;
  optimizer.learning_rate = object.number("learning_rate", base::Bounds::above(0), 2e-3);
  optimizer.beta1 = object.number("beta1", base::Bounds::between(0, 0.9999), 0.9);
  optimizer.beta2 = object.number("beta2", base::Bounds::between(0, 0.9999), 0.95);
  optimizer.eps = object.number("eps", base::Bounds::above(0), 1e-8);
  optimizer.decay = object.number("decay", base::Bounds::at_least(0), 0.1);
  optimizer.clip = object.number("clip", base::Bounds::above(0), 1.0);
  config.warmup_steps = object.integer("warmup_steps", 0, kLargest, 200);
  config.final_fraction = object.number("final_fraction", base::Bounds::between(0, 1), 0.05);
  object.finish();
  return optimizer;
}

}  // namespace

int64_t TrainConfig::longest() const {
  int64_t longest = 0;
  for (const Phase& phase : phases) longest = std::max(longest, phase.length);
  return longest;
}

int64_t TrainConfig::total_tokens() const {
  int64_t total = 0;
  for (const Phase& phase : phases) {
    const int64_t batch = phase.batch_tokens / phase.length * phase.length;
    total += (phase.tokens + batch - 1) / batch * batch;
  }
  return total;
}

TrainConfig read_train_config(const std::filesystem::path& path) {
  const std::string file = path.string();
  base::Problems problems;
  const base::Json json = base::parse_json(base::read_utf8_file(path), file, problems);
  problems.throw_if_any(file);
  TrainConfig config;
  base::StrictObject object(json, "", problems);
  const auto child = [&](const std::string& key, const base::Json& value) {
    return base::StrictObject(value, object.at(key), problems);
  };
  if (const base::Json* model = object.value("model"))
    config.model = read_model(child("model", *model));
  if (const base::Json* corpus = object.required("corpus")) {
    config.corpus = read_corpus_paths(*corpus, object.at("corpus"), path.parent_path(), problems);
  }
  if (const base::Json* sources = object.required("sources"); sources && sources->is_object()) {
    for (const auto& [name, source] : sources->items()) {
      config.sources[name] =
          read_source(base::StrictObject(source, object.at("sources") + "/" + name, problems));
    }
  } else if (sources) {
    problems.add(object.at("sources"), "must be an object");
  }
  const int64_t batch_tokens = object.integer("batch_tokens", 16, kLargest, 8192);
  const base::Json* phases = object.required("phases");
  if (phases && phases->is_array() && !phases->empty()) {
    for (size_t i = 0; i < phases->size(); ++i) {
      config.phases.push_back(read_phase(
          base::StrictObject((*phases)[i], fmt::format("{}/{}", object.at("phases"), i), problems),
          config.sources, batch_tokens));
    }
  } else if (phases) {
    problems.add(object.at("phases"), "must be a list with at least one phase");
  }
  const base::Json empty = base::Json::object();
  const base::Json* optimizer = object.value("optimizer");
  config.optimizer = read_optimizer(child("optimizer", optimizer ? *optimizer : empty), config);
  if (const base::Json* scaling = object.value("scaling")) config.scaling = *scaling;
  scalings::make_chain(config.scaling, object.at("scaling"), problems);  // its problems only
  config.seed = object.integer("seed", 0, kLargest, 1);
  const std::vector<std::string> types = {"bfloat16", "float32"};
  config.bfloat16 = object.choice("dtype", types, "bfloat16") == types[0];
  config.export_bfloat16 = object.choice("export_dtype", types, "bfloat16") == types[0];
  config.shard_tokens = object.integer("shard_tokens", 1, kLargest, 4096);
  config.checkpoint_seconds = object.number("checkpoint_seconds", base::Bounds::at_least(0), 180.0);
  config.log_every = object.integer("log_every", 1, kLargest, 10);
  object.finish();
  problems.throw_if_any(file);
  config.source = json;
  return config;
}

}  // namespace training
