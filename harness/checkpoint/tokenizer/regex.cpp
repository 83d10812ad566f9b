#define PCRE2_CODE_UNIT_WIDTH 8
#include "harness/checkpoint/tokenizer/regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>

#include "harness/checkpoint/tokenizer/unicode.h"

namespace checkpoint {
namespace {

constexpr size_t longest_pattern = 4096;  // of those in use the longest has about 300
constexpr size_t machine_stack_text = 4096;

/// What is written at `at` and not read here, or nothing: goes through a pattern once.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  std::optional<std::string> unsupported() {
    while (at_ < pattern_.size()) {
      const size_t begin = at_;
      if (!read_one()) return std::string(pattern_.substr(begin, 8));
    }
    return {};
  }

 private:
  bool take(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  bool read_one() {
    if (take("\\")) return read_escape();
    if (in_class_ && pattern_[at_] == '[') return false;  // a class of classes, to Oniguruma
    if (take("[")) {
      in_class_ = true;
      take("^");
      return !pattern_.substr(at_).starts_with("]");  // a literal ] only to some
    }
    if (in_class_) {
      if (take("]")) {
        in_class_ = false;
        return true;
      }
      if (pattern_.substr(at_).starts_with("&&")) return false;  // intersection, to Oniguruma
      ++at_;
      return true;
    }
    if (take("(")) {
      for (const char* kind : {"?:", "?i:", "?=", "?!", "?<=", "?<!"}) {
        if (take(kind)) return true;
      }
      return false;
    }
    if (pattern_[at_] == '^' || pattern_[at_] == '$') return false;  // ends of lines, to Oniguruma
    if (take("{")) {
      const size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) return false;
      at_ = end + 1;
      return !pattern_.substr(at_).starts_with("+");  // possessive, but not to Oniguruma
    }
    ++at_;
    return true;
  }

  bool read_escape() {
    if (at_ == pattern_.size()) return false;
    const char c = pattern_[at_++];
    if (std::string_view("sdrntSD").find(c) != std::string_view::npos) return true;
    if (c == 'x') return take("{");
    if (c == 'p' || c == 'P') {
      static const std::set<std::string_view> categories{
          "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",
          "Nd", "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
          "S",  "Sm", "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp"};
      const size_t end = pattern_.find('}', at_);
      if (!take("{") || end == std::string_view::npos) return false;
      const bool is_known = categories.contains(pattern_.substr(at_, end - at_));
      at_ = end + 1;
      return is_known;
    }
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return !is_word && static_cast<unsigned char>(c) < 0x80;
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool in_class_ = false;
};

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using MatchData = std::unique_ptr<pcre2_match_data, Release<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Release<pcre2_match_context_free>>;
using JitStack = std::unique_ptr<pcre2_jit_stack, Release<pcre2_jit_stack_free>>;

}  // namespace

struct Regex::Program {
  struct Free {
    void operator()(pcre2_code* object) const { pcre2_code_free(object); }
  };
  std::unique_ptr<pcre2_code, Free> code;
};

Regex::Regex(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Regex::~Regex() = default;

std::shared_ptr<const Regex> Regex::compile(std::string_view pattern, const std::string& place,
                                            base::Problems& problems) {
  if (pattern.size() > longest_pattern) {
    problems.add(place, fmt::format("has {} bytes, more than the {} that are read", pattern.size(),
                                    longest_pattern));
    return nullptr;
  }
  if (const auto what = Reader(pattern).unsupported()) {
    problems.add(place, fmt::format("uses \"{}\", which is not supported in a pattern", *what));
    return nullptr;
  }
  int error = 0;
  size_t offset = 0;
  auto program = std::make_unique<Program>();
  program->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                    PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
  if (!program->code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    problems.add(place, fmt::format("is not a pattern: {} at byte {}",
                                    reinterpret_cast<const char*>(message.data()), offset));
    return nullptr;
  }
  uint32_t may_be_empty = 0;
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_MATCHEMPTY, &may_be_empty);
  if (may_be_empty != 0) {
    problems.add(place, "may match nothing, which is not supported in a pattern");
    return nullptr;
  }
  pcre2_jit_compile(program->code.get(), PCRE2_JIT_COMPLETE);  // without it only slower
  return std::shared_ptr<const Regex>(new Regex(std::move(program)));
}

std::shared_ptr<const Regex> Regex::built_in(std::string_view pattern) {
  base::Problems none;
  return compile(pattern, "", none);
}

void Regex::for_each_match(std::string_view utf8,
                           const std::function<void(size_t, size_t)>& call) const {
  const auto known = with_known_characters(utf8);
  const std::string_view text = known ? *known : utf8;
  const MatchData data(pcre2_match_data_create(1, nullptr));
  MatchContext context;
  JitStack stack;
  if (text.size() > machine_stack_text) {  // 32 KB on the machine's stack are always there
    context.reset(pcre2_match_context_create(nullptr));
    stack.reset(pcre2_jit_stack_create(size_t{1} << 15, size_t{1} << 26, nullptr));
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
  const size_t* const range = pcre2_get_ovector_pointer(data.get());
  for (size_t at = 0; at < text.size(); at = range[1]) {
    const int found = pcre2_match(program_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                  text.size(), at, PCRE2_NO_UTF_CHECK, data.get(), context.get());
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0) {
      base::reject("", "", "the text needs more work of the tokenizer's pattern than is allowed",
                   "break up its longest runs of one kind of character");
    }
    call(range[0], range[1]);
  }
}

}  // namespace checkpoint
