#include "harness/checkpoint/tokenizer/bpe_model.h"

#include <algorithm>
#include <functional>

#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

constexpr size_t long_word = 64;                 // bytes; longer ones are rarely seen twice
constexpr size_t most_cached = size_t{1} << 17;  // words

uint64_t pair_of(evals::Token left, evals::Token right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

BpeModel::BpeModel(BpeVocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)), merges_(vocabulary_.merges) {
  single_byte_.fill(-1);
  for (const auto& [text, token] : vocabulary_.token_of) {
    if (text.size() == 1) single_byte_[static_cast<unsigned char>(text[0])] = token;
  }
  find_seams();
  vocabulary_.merges = {};
}

void BpeModel::symbols_of(std::string_view word, std::vector<Symbol>& out) const {
  out.clear();
  const bool is_bytes = vocabulary_.alphabet == Alphabet::bytes;
  size_t end = 0;
  for (size_t at = 0; at < word.size(); at = end) {
    const auto byte = static_cast<unsigned char>(word[at]);
    end = at + (is_bytes ? 1 : utf8_length(byte));
    evals::Token token = -1;
    if (end - at == 1) {
      token = single_byte_[byte];
    } else {
      const auto found = vocabulary_.token_of.find(std::string(word.substr(at, end - at)));
      if (found != vocabulary_.token_of.end()) token = found->second;
    }
    if (token >= 0) {
      out.push_back({token, end});
    } else if (vocabulary_.byte_tokens) {
      for (size_t i = at; i < end; ++i) {
        out.push_back({(*vocabulary_.byte_tokens)[static_cast<unsigned char>(word[i])], end});
      }
    } else if (vocabulary_.unknown) {
      const bool fuses = vocabulary_.fuses_unknown && !out.empty() &&
                         out.back().token == *vocabulary_.unknown && out.back().end == at;
      if (fuses) {
        out.back().end = end;
      } else {
        out.push_back({*vocabulary_.unknown, end});
      }
    } else if (!out.empty()) {
      out.back().end = end;  // left out
    }
  }
}

void BpeModel::find_seams() {
  std::unordered_map<evals::Token, const std::string*> text_of;
  for (const auto& [text, token] : vocabulary_.token_of) text_of[token] = &text;
  // These are first symbols as well, wherever their text is not what stands there.
  std::unordered_set<evals::Token> stand_ins;
  if (vocabulary_.unknown) stand_ins.insert(*vocabulary_.unknown);
  if (vocabulary_.byte_tokens) {
    stand_ins.insert(vocabulary_.byte_tokens->begin(), vocabulary_.byte_tokens->end());
  }
  std::vector<Symbol> symbols;
  // The first symbols that a token may begin or end with.
  const auto edge = [&](evals::Token token, bool is_last) {
    std::vector<evals::Token> edges;
    if (stand_ins.contains(token)) edges.push_back(token);
    const auto text = text_of.find(token);
    if (text == text_of.end()) return edges;
    symbols_of(*text->second, symbols);
    if (!symbols.empty()) edges.push_back((is_last ? symbols.back() : symbols.front()).token);
    return edges;
  };
  for (const Merge& merge : vocabulary_.merges) {
    for (const evals::Token before : edge(merge.left, true)) {
      for (const evals::Token after : edge(merge.right, false)) {
        joined_.insert(pair_of(before, after));
      }
    }
  }
}

bool BpeModel::is_seam(evals::Token before, evals::Token after) const {
  const bool fuses = vocabulary_.unknown && before == *vocabulary_.unknown && after == before;
  return !fuses && !joined_.contains(pair_of(before, after));
}

/// One call of encode: what it has seen already, and room to work in.
class BpeModel::Encoder {
 public:
  Encoder(const BpeModel& model, std::vector<evals::Token>& out) : model_(model), out_(out) {}

  void encode(std::string_view word) {
    if (word.size() <= long_word || model_.vocabulary_.ignores_merges) return encode_part(word);
    model_.symbols_of(word, symbols_);
    // Merges never cross a seam, so that the parts of a long word may be encoded one by one.
    cuts_.clear();
    for (size_t i = 0; i + 1 < symbols_.size(); ++i) {
      const bool is_boundary = symbols_[i].end != symbols_[i + 1].end;  // not inside a character
      if (is_boundary && model_.is_seam(symbols_[i].token, symbols_[i + 1].token)) {
        cuts_.push_back(symbols_[i].end);
      }
    }
    cuts_.push_back(word.size());
    size_t begin = 0;
    for (const size_t end : cuts_) {
      encode_part(word.substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  struct Stored {
    size_t begin = 0;
    size_t size = 0;
  };
  struct Node {
    evals::Token token = -1;  ///< -1: merged into an earlier one
    int64_t previous = -1;
    int64_t next = -1;
  };
  struct Candidate {
    int32_t rank = 0;
    evals::Token merged = 0;
    int64_t left = 0;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };

  bool append_if_token(std::string_view word) {
    if (!model_.vocabulary_.ignores_merges) return false;
    const auto found = model_.vocabulary_.token_of.find(std::string(word));
    if (found == model_.vocabulary_.token_of.end()) return false;
    out_.push_back(found->second);
    return true;
  }

  void encode_part(std::string_view part) {
    const bool is_short = part.size() <= long_word;
    if (is_short) {
      const auto seen = seen_.find(part);
      if (seen != seen_.end()) {
        const auto begin = stored_.begin() + static_cast<std::ptrdiff_t>(seen->second.begin);
        out_.insert(out_.end(), begin, begin + static_cast<std::ptrdiff_t>(seen->second.size));
        return;
      }
    }
    const size_t begin = out_.size();
    if (!append_if_token(part)) merge(part);
    if (is_short && seen_.size() < most_cached) {
      seen_.emplace(part, Stored{stored_.size(), out_.size() - begin});
      stored_.insert(stored_.end(), out_.begin() + static_cast<std::ptrdiff_t>(begin), out_.end());
    }
  }

  void propose(int64_t left) {
    const int64_t right = left < 0 ? -1 : nodes_[static_cast<size_t>(left)].next;
    if (right < 0) return;
    const Merge* merge = model_.merges_.find(nodes_[static_cast<size_t>(left)].token,
                                             nodes_[static_cast<size_t>(right)].token);
    if (!merge) return;
    queue_.push_back({merge->rank, merge->merged, left});
    std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
  }

  void merge(std::string_view part) {
    model_.symbols_of(part, symbols_of_part_);
    const auto count = static_cast<int64_t>(symbols_of_part_.size());
    nodes_.clear();
    queue_.clear();
    for (int64_t i = 0; i < count; ++i) {
      nodes_.push_back(
          {symbols_of_part_[static_cast<size_t>(i)].token, i - 1, i + 1 < count ? i + 1 : -1});
    }
    for (int64_t i = 0; i < count; ++i) propose(i);
    while (!queue_.empty()) {
      const Candidate best = queue_.front();
      std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
      queue_.pop_back();
      Node& left = nodes_[static_cast<size_t>(best.left)];
      if (left.token < 0 || left.next < 0) continue;
      Node& right = nodes_[static_cast<size_t>(left.next)];
      const Merge* now = model_.merges_.find(left.token, right.token);
      if (!now || now->merged != best.merged) continue;  // the pair has changed since
      left.token = best.merged;
      left.next = right.next;
      right.token = -1;
      if (left.next >= 0) nodes_[static_cast<size_t>(left.next)].previous = best.left;
      propose(left.previous);
      propose(best.left);
    }
    for (const Node& node : nodes_) {
      if (node.token >= 0) out_.push_back(node.token);
    }
  }

  const BpeModel& model_;
  std::vector<evals::Token>& out_;
  std::unordered_map<std::string_view, Stored> seen_;
  std::vector<evals::Token> stored_;
  std::vector<Symbol> symbols_;
  std::vector<Symbol> symbols_of_part_;
  std::vector<size_t> cuts_;
  std::vector<Node> nodes_;
  std::vector<Candidate> queue_;
};

void BpeModel::encode(std::span<const std::string_view> words,
                      std::vector<evals::Token>& out) const {
  Encoder encoder(*this, out);
  for (const std::string_view word : words) encoder.encode(word);
}

}  // namespace checkpoint
