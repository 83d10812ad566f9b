#include "harness/model/training/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "evals/retrieval.h"
#include "harness/base/error.h"
#include "harness/base/random.h"

namespace training {
namespace {

using evals::Token;

/// Draws one after another from counter-based random numbers.
class Dice {
 public:
  explicit Dice(const base::Json& identity) : random_(identity) {}
  int64_t below(int64_t bound) { return random_.below(next_++, bound); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }

 private:
  base::CounterRandom random_;
  uint64_t next_ = 0;
};

/// Windows of whole documents, each equally likely.
class Windows {
 public:
  Windows(const std::vector<evals::CorpusDocument>& documents, const std::string& name,
          int64_t longest)
      : documents_(documents) {
    int64_t most = 0;
    for (const evals::CorpusDocument& document : documents)
      most = std::max(most, document.length());
    if (most < longest) {
      throw base::Error(
          base::Fault::input, "corpus",
          {"source " + name,
           fmt::format("needs a document of {} tokens, the longest has {}", longest, most),
           "shorten the phase or add a longer text"});
    }
  }

  /// `tokens` consecutive tokens of one document.
  void append(std::vector<Token>& to, int64_t tokens, Dice& dice) const {
    const auto places = [&](const evals::CorpusDocument& document) {
      return std::max<int64_t>(0, document.length() - tokens + 1);
    };
    int64_t total = 0;
    for (const evals::CorpusDocument& document : documents_) total += places(document);
    int64_t place = dice.below(total);
    for (const evals::CorpusDocument& document : documents_) {
      if (place < places(document)) {
        const auto begin = document.tokens.begin() + place;
        to.insert(to.end(), begin, begin + tokens);
        return;
      }
      place -= places(document);
    }
  }

 private:
  const std::vector<evals::CorpusDocument>& documents_;
};

Sequence start(const evals::Tokenizer& tokenizer, int64_t length, double weight) {
  Sequence sequence;
  sequence.tokens.reserve(static_cast<size_t>(length + 1));
  if (tokenizer.bos()) sequence.tokens.push_back(*tokenizer.bos());
  sequence.weights.assign(static_cast<size_t>(length), static_cast<float>(weight));
  return sequence;
}

class TextSource : public Source {
 public:
  TextSource(const std::string& name, const SourceConfig& config, const SourceMaterial& material,
             int64_t longest)
      : name_(name),
        config_(config),
        material_(material),
        windows_(material.documents, name, longest + 1) {}

  Sequence sequence(int64_t length, int64_t number) const override {
    Dice dice(base::Json::array({material_.seed, "training/text", name_, length, number}));
    Sequence sequence = start(*material_.tokenizer, length, config_.filler_weight);
    windows_.append(sequence.tokens, length + 1 - std::ssize(sequence.tokens), dice);
    return sequence;
  }

 private:
  std::string name_;
  SourceConfig config_;
  const SourceMaterial& material_;
  Windows windows_;
};

class CopySource : public Source {
 public:
  CopySource(const std::string& name, const SourceConfig& config, const SourceMaterial& material,
             int64_t longest)
      : name_(name),
        config_(config),
        material_(material),
        windows_(material.documents, name, std::min(longest, config.longest_gap)) {}

  Sequence sequence(int64_t length, int64_t number) const override {
    Dice dice(base::Json::array({material_.seed, "training/copy", name_, length, number}));
    Sequence sequence = start(*material_.tokenizer, length, config_.filler_weight);
    std::vector<Token>& tokens = sequence.tokens;
    for (int64_t room = length + 1 - std::ssize(tokens); room >= 2 * config_.shortest_block;
         room = length + 1 - std::ssize(tokens)) {
      const std::vector<Token> block = draw_block(dice, room / 2);
      const int64_t room_for_gap = room - 2 * std::ssize(block);
      const int64_t gap = dice.between(0, std::min(config_.longest_gap, room_for_gap));
      const int64_t first = std::ssize(tokens);
      tokens.insert(tokens.end(), block.begin(), block.end());
      windows_.append(tokens, gap, dice);
      const int64_t second = std::ssize(tokens);
      tokens.insert(tokens.end(), block.begin(), block.end());
      for (int64_t i = 0; i < std::ssize(block); ++i) {
        if (first + i > 0) sequence.weight(first + i) = 0;
        sequence.weight(second + i) = i < 2 ? 0.0F : static_cast<float>(config_.copy_weight);
      }
    }
    windows_.append(tokens, length + 1 - std::ssize(tokens), dice);
    return sequence;
  }

 private:
  static constexpr int64_t kSpecialIds = 3;  // unknown, begin, end

  std::vector<Token> draw_block(Dice& dice, int64_t at_most) const {
    const int64_t ids = material_.tokenizer->vocabulary_size() - kSpecialIds;
    const int64_t pool_size =
        std::min(ids, config_.pools[static_cast<size_t>(dice.below(std::ssize(config_.pools)))]);
    std::vector<Token> pool;  // when it is nearly everything, everything
    for (int64_t i = 0; i < pool_size && 2 * pool_size < ids; ++i) {
      pool.push_back(static_cast<Token>(kSpecialIds + dice.below(ids)));
    }
    const int64_t size =
        dice.between(config_.shortest_block, std::min(at_most, config_.longest_block));
    std::vector<Token> block;
    for (int64_t i = 0; i < size; ++i) {
      block.push_back(pool.empty() ? static_cast<Token>(kSpecialIds + dice.below(ids))
                                   : pool[static_cast<size_t>(dice.below(pool_size))]);
    }
    return block;
  }

  std::string name_;
  SourceConfig config_;
  const SourceMaterial& material_;
  Windows windows_;
};

class RetrievalSource : public Source {
 public:
  RetrievalSource(const std::string& name, const SourceConfig& config,
                  const SourceMaterial& material, int64_t shortest, int64_t longest)
      : config_(config), material_(material), retrieval_(make(name, config, material)) {
    // The nominal length holds a reserve that is not part of the path.
    const int64_t least = retrieval_.minimum_length();
    const evals::Prompt prompt = draw(least, 0);
    reserve_ = least - std::ssize(prompt.document.trunk);
    if (shortest + 1 < std::ssize(prompt.document.trunk)) {
      throw base::Error(
          base::Fault::input, "source " + name,
          {"",
           fmt::format("{} needs phases of at least {} tokens (the shortest has {})",
                       config.protocol, std::ssize(prompt.document.trunk) - 1, shortest),
           "lengthen the phase"});
    }
    draw(longest + 1 + reserve_, 0);  // throws when the corpus is too short for it
  }

  Sequence sequence(int64_t length, int64_t number) const override {
    const evals::Prompt prompt = draw(length + 1 + reserve_, number);
    Sequence sequence;
    sequence.tokens = prompt.document.trunk;
    sequence.weights.assign(static_cast<size_t>(length), static_cast<float>(config_.filler_weight));
    const auto& tokens = sequence.tokens;
    const auto digits = prompt.answer.begin() + prompt.first_digit;
    const int64_t count = prompt.answer.end() - digits;
    bool is_first = true;
    for (int64_t at = prompt.needle.begin; at + count <= prompt.needle.end; ++at) {
      if (!std::equal(digits, prompt.answer.end(), tokens.begin() + at)) continue;
      for (int64_t i = 0; i < count; ++i) {
        sequence.weight(at + i) = is_first ? 0.0F : static_cast<float>(config_.copy_weight);
      }
      is_first = false;
    }
    for (int64_t i = prompt.document.scored.begin; i < prompt.document.scored.end; ++i) {
      sequence.weight(i) = static_cast<float>(config_.answer_weight);
    }
    return sequence;
  }

 private:
  static evals::Retrieval make(const std::string& name, const SourceConfig& config,
                               const SourceMaterial& material) {
    const evals::RetrievalProtocol* protocol = evals::find_retrieval_protocol(config.protocol);
    if (protocol == nullptr) {
      throw base::Error(
          base::Fault::input, "source " + name,
          {"/protocol", "no protocol is called " + config.protocol, "`ropewalk list` prints them"});
    }
    const bool needs_text = config.text_haystack || protocol->hay == evals::Hay::text;
    return {*protocol, material.tokenizer,
            needs_text ? evals::text_haystack(*material.tokenizer, material.documents) : nullptr};
  }

  evals::Prompt draw(int64_t nominal, int64_t number) const {
    evals::Trial trial;
    trial.seed = -1 - material_.seed;
    trial.length = nominal;
    trial.trial = number;
    trial.depth = evals::DepthDesign{}.of_trial(number);
    return retrieval_.prompt(trial);
  }

  SourceConfig config_;
  const SourceMaterial& material_;
  evals::Retrieval retrieval_;
  int64_t reserve_ = 0;
};

}  // namespace

std::unique_ptr<const Source> make_source(const std::string& name, const SourceConfig& config,
                                          const SourceMaterial& material, int64_t shortest,
                                          int64_t longest) {
  switch (config.kind) {
    case SourceConfig::Kind::text:
      return std::make_unique<TextSource>(name, config, material, longest);
    case SourceConfig::Kind::copy:
      return std::make_unique<CopySource>(name, config, material, longest);
    case SourceConfig::Kind::retrieval:
      return std::make_unique<RetrievalSource>(name, config, material, shortest, longest);
  }
  throw std::logic_error("a kind of source that make_source does not know");
}

}  // namespace training
