#include <fmt/format.h>

#include <charconv>

#include "evals/perplexity.h"
#include "harness/base/citations.h"

namespace evals {
namespace {

namespace citations = base::citations;

const ProtocolParameter corpus{"corpus", "paths", "", "text files, each a document of its own"};
const ProtocolParameter targets{"targets", "integer", "1024",
                                "tokens scored, T; at most trained length / 4"};
const ProtocolParameter stride{"stride", "integer", "256", "tokens from window to window, S"};

constexpr std::string_view with_bos = "/bos";  // ends the ids of windows that start with BOS

}  // namespace

bool has_stride(Windows windows) {
  return windows == Windows::press || windows == Windows::full_window;
}

const std::vector<PerplexityProtocol>& perplexity_protocols() {
  static const std::vector<PerplexityProtocol> table = {
      {"ppl/fixed-target",
       1,
       Windows::fixed_target,
       Averaging::tokens,
       {corpus, targets},
       "the same last T tokens of a document behind more and more of it: lengths are paired",
       "bojone/rerope, eval_loss.py",
       citations::rerope},
      {"ppl/truncated",
       1,
       Windows::truncated,
       Averaging::tokens,
       {corpus},
       "the first L tokens of a document in one window: the curve of YaRN's figure 1",
       "Peng et al. 2023 (YaRN), eval/perplexity.py --truncate; its author in issue 13",
       citations::yarn},
      {"ppl/press",
       1,
       Windows::press,
       Averaging::tokens,
       {corpus, stride},
       "windows of L moved on by S; every token once, with L - S to L tokens before it",
       "Press et al. 2020 (Shortformer); PI section 3.2 with S = 256",
       citations::shortformer},
      {"ppl/full-window",
       1,
       Windows::full_window,
       Averaging::tokens,
       {corpus, stride},
       "all tokens of windows of L started every S, also those with little before them",
       "Chen et al. 2023 (LongLoRA), eval.py; ours: inside documents, the last window kept",
       citations::longlora},
      {"ppl/half-chunk",
       1,
       Windows::half_chunk,
       Averaging::tokens,
       {corpus},
       "second half of each disjoint chunk of L",
       "llama.cpp, tools/perplexity (its default)",
       citations::llama_cpp},
      {"ppl/window-mean",
       1,
       Windows::press,
       Averaging::windows,
       {corpus, stride},
       "bug-compatible: press, but the mean of window means, whatever their number of tokens",
       "Peng et al. 2023 (YaRN), eval/perplexity.py with a sliding window",
       citations::yarn},
      {"ppl/last-window",
       1,
       Windows::last_window,
       Averaging::tokens,
       {corpus, targets},
       "control: fixed-target with only the last trained-length tokens, whatever L",
       "ours",
       ""}};
  return table;
}

std::optional<int64_t> stride_in(std::string_view name) {
  for (const PerplexityProtocol& protocol : perplexity_protocols()) {
    if (!has_stride(protocol.windows)) continue;
    if (!name.starts_with(protocol.name) || name.size() <= protocol.name.size() + 1) continue;
    const std::string_view number = name.substr(protocol.name.size() + 1);
    if (name[protocol.name.size()] != '-') continue;
    int64_t value = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
    const std::string_view rest(end, static_cast<size_t>(number.data() + number.size() - end));
    if (fault == std::errc() && value > 0 &&
        (rest.empty() || rest == fmt::format("/{}", protocol.version))) {
      return value;
    }
  }
  return {};
}

const PerplexityProtocol* find_perplexity_protocol(std::string_view name) {
  const std::optional<int64_t> number = stride_in(name);
  for (const PerplexityProtocol& protocol : perplexity_protocols()) {
    const std::string full =
        number ? fmt::format("{}-{}", protocol.name, *number) : std::string(protocol.name);
    if (name == full || name == fmt::format("{}/{}", full, protocol.version)) return &protocol;
  }
  return nullptr;
}

std::string protocol_id(const PerplexitySettings& settings) {
  const PerplexityProtocol& protocol = *settings.protocol;
  return fmt::format("{}{}/{}{}", protocol.name,
                     has_stride(protocol.windows) ? fmt::format("-{}", settings.stride) : "",
                     protocol.version, settings.bos ? with_bos : "");
}

std::optional<CitedPerplexity> read_protocol_id(std::string_view id) {
  const bool bos = id.ends_with(with_bos);
  if (bos) id.remove_suffix(with_bos.size());
  const PerplexityProtocol* protocol = find_perplexity_protocol(id);
  if (!protocol) return {};
  return CitedPerplexity{protocol, bos};
}

}  // namespace evals
