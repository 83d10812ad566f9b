#include "evals/corpus.h"

#include <algorithm>
#include <map>

#include "evals/pieces.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/sha256.h"
#include "harness/base/with_commas.h"

namespace evals {

CorpusDocument read_document(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  CorpusDocument document;
  document.name = path.string();
  document.text = base::read_utf8_file(path);
  if (document.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos) {
    throw base::Error(base::Fault::input, document.name,
                      {"", document.text.empty() ? "is empty" : "holds nothing but white space",
                       "give a text file, or take it out of the corpus"});
  }
  document.sha256 = base::sha256_hex(document.text);
  document.tokens = tokenizer.encode(document.text);
  return document;
}

std::vector<CorpusDocument> read_corpus(const std::vector<std::filesystem::path>& paths,
                                        const Tokenizer& tokenizer) {
  base::Problems problems;
  std::vector<CorpusDocument> documents;
  std::map<std::string, std::string> name_of_text;
  if (paths.empty()) problems.add("", "names no file", "give at least one text file");
  for (const std::filesystem::path& path : paths) {
    try {
      CorpusDocument document = read_document(path, tokenizer);
      const auto [first, is_new] = name_of_text.emplace(document.sha256, document.name);
      if (!is_new) {
        problems.add(document.name, "has the same text as " + first->second,
                     "documents are the sampling unit; list each once");
      }
      documents.push_back(std::move(document));
    } catch (const base::Error& error) {
      if (error.fault() != base::Fault::input) throw;
      for (const base::Problem& problem : error.problems()) {
        const std::string colon = problem.place.empty() ? "" : ": ";
        problems.add(error.file() + colon + problem.place, problem.cause, problem.next_step);
      }
    }
  }
  problems.throw_if_any("corpus");
  return documents;
}

std::string fingerprint(const std::vector<CorpusDocument>& documents) {
  base::Sha256 hash;
  for (const CorpusDocument& document : documents) hash.update(document.sha256);
  return hash.hex();
}

std::optional<std::string> too_short(const CorpusDocument& document, int64_t needed) {
  if (document.length() >= needed) return {};
  return document.name + ": has " + base::with_commas(document.length()) + " tokens, " +
         base::with_commas(needed) + " are needed";
}

int64_t text_bytes(const CorpusDocument& document, Range range, const Tokenizer& tokenizer) {
  // A decoder may drop the space that begins its input, and needs all bytes of a character: so it
  // starts a few tokens earlier, and what they stand for is taken away again.
  constexpr int64_t lead = 8;
  const auto tokens = document.tokens.begin();
  const int64_t from = std::max<int64_t>(0, range.begin - lead);
  const auto bytes_before = [&](int64_t end) {
    return static_cast<int64_t>(tokenizer.decode({tokens + from, tokens + end}).size());
  };
  return bytes_before(range.end) - bytes_before(range.begin);
}

}  // namespace evals
