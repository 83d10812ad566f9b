// make_random_checkpoint FOLDER JSON: writes a random checkpoint for tests written in Python. JSON
// is a config.json (as checkpoint::read_llama_spec reads it) in which these keys may stand besides:
// "seed", "dtype" (F32, F16, BF16), "shards", "yi_names", "attention_std".
#include <cstdio>
#include <exception>
#include <filesystem>

#include "harness/base/json.h"
#include "harness/checkpoint/llama_config.h"
#include "harness/checkpoint/safetensors_header.h"
#include "tests/support/random_checkpoint.h"

namespace {

template <typename Value>
Value take(base::Json& json, const char* key, Value fallback) {
  const auto found = json.find(key);
  if (found == json.end()) return fallback;
  Value value = found->get<Value>();
  json.erase(found);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_random_checkpoint FOLDER JSON\n");
    return 2;
  }
  try {
    base::Json json = base::parse_json(argv[2], "JSON");
    tests::RandomCheckpoint wanted;
    wanted.seed = take(json, "seed", wanted.seed);
    wanted.shards = take(json, "shards", wanted.shards);
    wanted.yi_names = take(json, "yi_names", wanted.yi_names);
    wanted.attention_std = take(json, "attention_std", wanted.attention_std);
    wanted.dtype = checkpoint::computable_dtype(take<std::string>(json, "dtype", "F32")).value();
    std::vector<std::string> warnings;
    wanted.spec =
        checkpoint::read_llama_spec(checkpoint::RawConfig::parse(json.dump(), "JSON"), warnings);
    std::filesystem::create_directories(argv[1]);
    tests::write_random_checkpoint(wanted, argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_random_checkpoint: %s\n", error.what());
    return 1;
  }
}
