#include "evals/haystack.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "evals/pieces.h"
#include "evals/sentences.h"
#include "harness/base/error.h"
#include "harness/base/with_commas.h"

namespace evals {
namespace {

constexpr uint64_t first_draw = 1000;

int64_t size_of(const std::vector<Token>& tokens) { return static_cast<int64_t>(tokens.size()); }

/// The sentence over and over, as tokens: `first`, then `next` again and again.
struct Repetition {
  std::vector<Token> first;
  std::vector<Token> next;

  Repetition(const Tokenizer& tokenizer, const std::string& unit, const std::string& separator)
      : first(continue_with(tokenizer, unit)), next(continue_with(tokenizer, separator + unit)) {}

  int64_t tokens_of(int64_t units) const {
    return units == 0 ? 0 : size_of(first) + (units - 1) * size_of(next);
  }

  std::vector<Token> run(int64_t tokens) const {
    std::vector<Token> hay;
    hay.reserve(static_cast<size_t>(tokens));
    const std::vector<Token>* unit = &first;
    while (size_of(hay) < tokens) {
      const int64_t take = std::min(size_of(*unit), tokens - size_of(hay));
      hay.insert(hay.end(), unit->begin(), unit->begin() + take);
      unit = &next;
    }
    return hay;
  }
};

class RepeatedHaystack : public Haystack {
 public:
  RepeatedHaystack(const Tokenizer& tokenizer, const std::string& unit,
                   const std::string& separator)
      : repetition_(tokenizer, unit, separator) {}

  Straw cut(const HayOrder& order, const base::CounterRandom&) const override {
    if (!order.place) return {repetition_.run(order.tokens), {}, "units"};
    const int64_t before = boundary(std::min(*order.place, order.tokens), order.tokens);
    return {repetition_.run(before), repetition_.run(order.tokens - before), "units"};
  }

  int64_t unit_tokens() const override { return size_of(repetition_.first); }

 private:
  int64_t boundary(int64_t place, int64_t tokens) const {
    const int64_t after_first = std::max<int64_t>(0, place - size_of(repetition_.first));
    const int64_t units =
        place < size_of(repetition_.first) ? 0 : 1 + after_first / size_of(repetition_.next);
    const int64_t low = repetition_.tokens_of(units);
    const int64_t high = repetition_.tokens_of(units + 1);
    return high <= tokens && high - place < place - low ? high : low;
  }

  Repetition repetition_;
};

class SlicedHaystack : public Haystack {
 public:
  SlicedHaystack(const Tokenizer& tokenizer, const std::string& unit, const std::string& separator)
      : repetition_(tokenizer, unit, separator),
        period_(static_cast<int64_t>(unit.size() + separator.size())) {
    // Every place at which a unit can be cut, tokenised once.
    const Pieces pieces(tokenizer);
    for (size_t cut = 0; cut < unit.size(); ++cut) {
      first_part_.push_back(pieces(unit.substr(0, cut)));
    }
    const std::string next = separator + unit;
    for (size_t cut = 0; cut < next.size(); ++cut) {
      next_part_.push_back(pieces(next.substr(0, cut)));
    }
  }

  Straw cut(const HayOrder& order, const base::CounterRandom&) const override {
    if (!order.place) return {repetition_.run(order.tokens), {}, "characters"};
    std::vector<Token> before = slice(*order.place * period_ / size_of(repetition_.next));
    if (size_of(before) > order.tokens) before.resize(static_cast<size_t>(order.tokens));
    const int64_t rest = order.tokens - size_of(before);
    return {std::move(before), repetition_.run(rest), "characters"};
  }

  int64_t unit_tokens() const override { return size_of(repetition_.first); }

 private:
  /// The first `characters` of the endless text, tokenised.
  std::vector<Token> slice(int64_t characters) const {
    const auto unit = static_cast<int64_t>(first_part_.size());
    if (characters < unit) return first_part_[static_cast<size_t>(characters)];
    const int64_t behind_first = characters - unit;
    std::vector<Token> hay = repetition_.run(repetition_.tokens_of(1 + behind_first / period_));
    const std::vector<Token>& part = next_part_[static_cast<size_t>(behind_first % period_)];
    hay.insert(hay.end(), part.begin(), part.end());
    return hay;
  }

  Repetition repetition_;
  int64_t period_;
  std::vector<std::vector<Token>> first_part_;
  std::vector<std::vector<Token>> next_part_;
};

/// Cuts units [first boundary ...) of `flat` to an exact number of tokens.
Straw cut_at_boundary(const std::vector<Token>& flat, const std::vector<int64_t>& boundaries,
                      int64_t begin, const HayOrder& order, std::string source) {
  const auto at = [&](int64_t index) { return flat.begin() + index; };
  if (!order.place) {
    return {{at(begin), at(begin + order.tokens)}, {}, std::move(source)};
  }
  const int64_t wanted = begin + std::min(*order.place, order.tokens);
  auto above = std::upper_bound(boundaries.begin(), boundaries.end(), wanted);
  int64_t boundary = *std::prev(above);
  if (above != boundaries.end() && *above <= begin + order.tokens &&
      *above - wanted < wanted - boundary) {
    boundary = *above;
  }
  return {{at(begin), at(boundary)}, {at(boundary), at(begin + order.tokens)}, std::move(source)};
}

class PairHaystack : public Haystack {
 public:
  PairHaystack(const Tokenizer& tokenizer, int64_t digits) : pieces_(tokenizer), low_(1) {
    for (int64_t digit = 1; digit < digits; ++digit) low_ *= 10;
    unit_tokens_ = size_of(line(low_, low_));
  }

  Straw cut(const HayOrder& order, const base::CounterRandom& random) const override {
    std::vector<Token> flat;
    std::vector<int64_t> boundaries = {0};
    std::unordered_set<int64_t> taken;
    if (!order.avoid.empty()) taken.insert(std::stoll(order.avoid));
    uint64_t draw = first_draw;
    while (size_of(flat) < order.tokens) {
      int64_t key = number(random, draw++);
      while (!taken.insert(key).second) key = number(random, draw++);
      const std::vector<Token> tokens = line(key, number(random, draw++));
      flat.insert(flat.end(), tokens.begin(), tokens.end());
      boundaries.push_back(size_of(flat));
    }
    return cut_at_boundary(flat, boundaries, 0, order, "pairs");
  }

  int64_t unit_tokens() const override { return unit_tokens_; }

 private:
  int64_t number(const base::CounterRandom& random, uint64_t draw) const {
    return low_ + random.below(draw, 9 * low_);
  }
  std::vector<Token> line(int64_t key, int64_t value) const {
    return pieces_("\n \"" + std::to_string(key) + "\": \"" + std::to_string(value) + "\",");
  }

  Pieces pieces_;
  int64_t low_;
  int64_t unit_tokens_;
};

class TextHaystack : public Haystack {
 public:
  TextHaystack(const Tokenizer& tokenizer, const std::vector<CorpusDocument>& documents) {
    if (documents.empty()) {
      throw base::Error(base::Fault::input, "haystack",
                        {"", "has no document", "give at least one text file"});
    }
    const Pieces pieces(tokenizer);
    for (const CorpusDocument& document : documents) {
      Source source{document.name, {}, {0}};
      for (const std::string_view sentence : sentences(document.text)) {
        const std::vector<Token> tokens = pieces(sentence);
        source.tokens.insert(source.tokens.end(), tokens.begin(), tokens.end());
        source.boundaries.push_back(size_of(source.tokens));
      }
      sources_.push_back(std::move(source));
    }
  }

  Straw cut(const HayOrder& order, const base::CounterRandom& random) const override {
    std::vector<const Source*> long_enough;
    for (const Source& source : sources_) {
      if (size_of(source.tokens) >= order.tokens) long_enough.push_back(&source);
    }
    if (long_enough.empty()) throw_too_short(order.tokens);
    const Source& source = *long_enough[static_cast<size_t>(order.trial) % long_enough.size()];
    const auto last = std::upper_bound(source.boundaries.begin(), source.boundaries.end(),
                                       size_of(source.tokens) - order.tokens);
    const int64_t start = random.below(first_draw, last - source.boundaries.begin());
    return cut_at_boundary(source.tokens, source.boundaries,
                           source.boundaries[static_cast<size_t>(start)], order,
                           source.name + "#" + std::to_string(start));
  }

  int64_t unit_tokens() const override { return 1; }

 private:
  struct Source {
    std::string name;
    std::vector<Token> tokens;
    std::vector<int64_t> boundaries;  ///< ascending, 0 and tokens.size() included
  };

  [[noreturn]] void throw_too_short(int64_t needed) const {
    const auto longest = std::max_element(sources_.begin(), sources_.end(),
                                          [](const Source& one, const Source& other) {
                                            return one.tokens.size() < other.tokens.size();
                                          });
    throw base::Error(
        base::Fault::input, "haystack",
        {longest->name,
         "is the longest document and has " + base::with_commas(size_of(longest->tokens)) +
             " tokens, " + base::with_commas(needed) + " are needed",
         "add a longer document or leave out this length"});
  }

  std::vector<Source> sources_;
};

}  // namespace

std::unique_ptr<const Haystack> repeated_haystack(const Tokenizer& tokenizer, std::string unit,
                                                  std::string separator) {
  return std::make_unique<RepeatedHaystack>(tokenizer, unit, separator);
}

std::unique_ptr<const Haystack> sliced_haystack(const Tokenizer& tokenizer, std::string unit,
                                                std::string separator) {
  return std::make_unique<SlicedHaystack>(tokenizer, unit, separator);
}

std::unique_ptr<const Haystack> pair_haystack(const Tokenizer& tokenizer, int64_t digits) {
  return std::make_unique<PairHaystack>(tokenizer, digits);
}

std::unique_ptr<const Haystack> text_haystack(const Tokenizer& tokenizer,
                                              const std::vector<CorpusDocument>& documents) {
  return std::make_unique<TextHaystack>(tokenizer, documents);
}

}  // namespace evals
