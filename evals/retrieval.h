#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evals/depths.h"
#include "evals/document.h"
#include "evals/haystack.h"
#include "evals/tokenizer.h"

namespace evals {

/// per_length: every length has its own prompt (the papers' way), depth is a share of the haystack.
/// absolute: the needle stays at one token and the question is forked at every longer length, so
/// that one trunk serves all of them. It yields a distance curve, never a certified length.
enum class Placement { per_length, absolute };

enum class Hay { repeated, sliced, pairs, text };

/// What a depth is a share of. hay: the tokens of the haystack. path: the nominal length, so that
/// depth 1 - k / L puts the needle k tokens from the end.
enum class Frame { hay, path };

struct ProtocolParameter {
  std::string_view name;
  std::string_view type;
  std::string_view fallback;  ///< as JSON text; empty when required
  std::string_view meaning;   ///< one line, with unit
};

/// One line of the table of retrieval protocols. In the texts, {key} is the number asked for and
/// {word} what it belongs to (a name, or in kv/json the key whose value is asked for).
/// Prompt = [BOS] head, hay, needle, hay, question; then come answer and terminator.
struct RetrievalProtocol {
  std::string_view name;  ///< "passkey/landmark"
  int version;            ///< raised when prompts or judgement would change
  bool forced;            ///< the published scorer accepts answers that are not these tokens
  int64_t digits;         ///< of the key, fixed width
  bool leading_zeros;     ///< the key may begin with 0
  int64_t generation;     ///< tokens kept after the prompt for the answer, as published
  Frame frame;
  Hay hay;
  std::string_view unit;
  std::string_view separator;  ///< between units
  std::string_view head;
  std::string_view needle;
  bool lines;  ///< hay is lines and the needle one of them: no newline between head and needle
  std::string_view question;
  std::string_view answer;
  std::string_view terminator;  ///< text that follows a complete answer; its score does not count
  DepthDesign design;           ///< unless the experiment says otherwise
  std::vector<ProtocolParameter> parameters;
  std::string_view summary;
  std::string_view source;
  std::string_view citation;  ///< BibTeX entry of the source; empty: ours
};

/// All retrieval protocols, in the order in which they are listed.
const std::vector<RetrievalProtocol>& retrieval_protocols();

/// By "passkey/landmark" or "passkey/landmark/1"; nullptr when there is none.
const RetrievalProtocol* find_retrieval_protocol(std::string_view name);

/// What results cite: name/version[/forced]/(per-length|absolute)[/absent].
std::string protocol_id(const RetrievalProtocol& protocol, Placement placement, bool absent);

/// One prompt of placement per_length.
struct Trial {
  int64_t seed = 0;
  int64_t length = 0;  ///< nominal: prompt + answer + reserve
  Depth depth;
  int64_t trial = 0;    ///< number within the length
  bool absent = false;  ///< negative control: hay where the needle was; text hay, of which more is
                        ///< needed then, may begin elsewhere
};

/// One trunk of placement absolute. A longer length added to `lengths` changes nothing of the
/// shorter ones, except with natural text: which document, and from where, depends on the longest.
struct AbsoluteTrial {
  int64_t seed = 0;
  int64_t needle_position = 0;   ///< token at which the needle is wanted: the nearest unit boundary
                                 ///< from which it ends within the shortest length
  std::vector<int64_t> lengths;  ///< nominal, ascending; all far enough behind the needle
  int64_t trial = 0;
  bool absent = false;
};

/// One question that a document asks.
struct Question {
  int64_t length = 0;         ///< nominal
  int64_t path = 0;           ///< tokens really scored: prompt + answer + terminator
  int64_t distance = 0;       ///< tokens from the needle's first to the answer's first; 0 if absent
  std::string prompt_sha256;  ///< of the path without answer and terminator, see prompt_sha256()
};

/// A document, what it asks, and what is right.
struct Prompt {
  Document document;  ///< per_length: all in the trunk. absolute: one branch per question
  Range needle;       ///< in the trunk; empty when absent
  double depth = 0;   ///< share of the hay that really lies before the needle
  std::string key;    ///< digits
  std::vector<Token> answer;
  int64_t first_digit = 0;  ///< answer tokens before it carry no digit (SentencePiece's lone "▁")
  Token terminator = 0;
  std::string source;  ///< of the hay
  std::vector<Question> questions;
};

/// SHA-256 of token ids, each as four bytes, least significant first.
std::string prompt_sha256(const std::vector<Token>& tokens);

/// How one question was answered. Teacher-forced: greedy decoding reproduces the answer exactly
/// when every answer token is the argmax.
struct Answer {
  bool hit = false;              ///< every answer token is the argmax, and the number ends there
  bool diverged = false;         ///< a score is not finite: a miss
  bool runs_on = false;          ///< the argmax in the terminator's place goes on with a digit
  std::vector<bool> token_hits;  ///< [answer], each conditional on a correct prefix
  std::vector<Token> argmax;     ///< [answer + 1], the last in the terminator's place
  std::vector<int32_t> ranks;    ///< [answer]
  std::vector<float> log_probs;  ///< [answer]
};

/// Judges the scores of one question: answer and terminator. Throws std::invalid_argument when
/// there are not answer.size() + 1 of them.
Answer judge_answer(const Prompt& prompt, const std::vector<TokenScore>& scores,
                    const Tokenizer& tokenizer);

/// A protocol made ready for one tokenizer: fixed parts are tokenised once, each as a continuation
/// of what stands before it. Cheap to copy, immutable, usable from several threads.
class Retrieval {
 public:
  /// `hay` replaces the protocol's own (the only way to serve Hay::text). Throws
  /// base::Error(Fault::input) naming the protocol when the tokenizer cannot round-trip digits, or
  /// when a Hay::text protocol gets no hay.
  Retrieval(const RetrievalProtocol& protocol, std::shared_ptr<const Tokenizer> tokenizer,
            std::shared_ptr<const Haystack> hay = nullptr);

  const RetrievalProtocol& protocol() const;

  /// Smallest nominal length that leaves room for one whole unit of hay.
  int64_t minimum_length() const;

  /// Throws base::Error(Fault::input): length below minimum_length() (says it), depth outside
  /// [0, 1], hay too short. A pure function of the arguments; 200,000 tokens take milliseconds.
  Prompt prompt(const Trial& trial) const;

  /// Throws base::Error(Fault::input) also when a length ends before the wanted place.
  Prompt prompt(const AbsoluteTrial& trial) const;

  /// One answer per question. Throws std::invalid_argument when the scores are not the document's.
  std::vector<Answer> judge(const Prompt& prompt, const Scores& scores) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace evals
