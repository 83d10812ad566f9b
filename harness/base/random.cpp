#include "harness/base/random.h"

#include <string>

#include "harness/base/sha256.h"

namespace base {
namespace {

__extension__ typedef unsigned __int128 uint128;

uint32_t word(const std::string& hex, size_t index) {
  return static_cast<uint32_t>(std::stoul(hex.substr(8 * index, 8), nullptr, 16));
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xD2511F53} * counter[0];
    const uint64_t second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(second),
        static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

CounterRandom::CounterRandom(const Json& identity) {
  const std::string hash = sha256_hex(canonical_json(identity));
  key_ = {word(hash, 0), word(hash, 1)};
  stream_ = {word(hash, 2), word(hash, 3)};
}

uint64_t CounterRandom::bits(uint64_t draw) const {
  const auto out = philox4x32(
      {static_cast<uint32_t>(draw), static_cast<uint32_t>(draw >> 32), stream_[0], stream_[1]},
      key_);
  return (uint64_t{out[1]} << 32) | out[0];
}

int64_t CounterRandom::below(uint64_t draw, int64_t bound) const {
  return static_cast<int64_t>((static_cast<uint128>(bits(draw)) * static_cast<uint64_t>(bound)) >>
                              64);
}

double CounterRandom::unit(uint64_t draw) const {
  return static_cast<double>(bits(draw) >> 11) * 0x1p-53;
}

}  // namespace base
