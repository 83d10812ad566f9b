#include "harness/sweep/summary/methods_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "evals/perplexity.h"
#include "evals/retrieval.h"
#include "evals/stats/sample_size.h"
#include "harness/sweep/summary/tables.h"
#include "scalings/catalog.h"

namespace sweep {
namespace {

std::string hash_of(const Design& design, const char* key) {
  return design.identity.value(key, std::string("unknown"));
}

std::string model_paragraph(const Design& design) {
  return fmt::format(
      "Model. {} (SHA-256 of the weights {}, of the tokenizer {}), trained on {} tokens, computed "
      "in {}. Experiment {}, seed {}.\n",
      design.model, hash_of(design, "weights"), hash_of(design, "tokenizer"), design.trained_length,
      design.dtype, hash_of(design, "experiment"), design.seed);
}

std::string chains(const Design& design) {
  std::string text = "Methods. Scalings are given with every parameter:\n";
  for (const Design::Method& method : design.methods) {
    text += fmt::format("  {}: {}{}\n", method.name, method.chain.dump(),
                        method.by_length ? " (changes with the length: a family of models)" : "");
  }
  return text;
}

/// "50" or "50 (4096, 8192), 20 (16384)".
std::string by_length(const std::map<int64_t, int64_t>& trials) {
  std::map<int64_t, std::vector<int64_t>, std::greater<>> lengths;
  for (const auto& [length, count] : trials) lengths[count].push_back(length);
  if (lengths.size() == 1) return std::to_string(lengths.begin()->first);
  std::vector<std::string> parts;
  for (const auto& [count, at] : lengths) {
    parts.push_back(fmt::format("{} ({})", count, fmt::join(at, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// What was not asked, and why: n of a length may be smaller than planned.
std::string adaptation(const Design& design) {
  std::string text;
  if (design.trials_after_failure) {
    text += fmt::format(
        "Behind a length that a method was shown to fail, {} trials over all depths are asked. ",
        *design.trials_after_failure);
  }
  if (design.skip_after) {
    text += fmt::format(
        "Lengths behind {} in a row without a hit are skipped, and their trials missing. ",
        *design.skip_after);
  }
  return text;
}

/// What as many trials as are planned can certify, for each number of them.
std::string sample_sizes(const Design& design, const Design::Asked& asked) {
  std::set<int64_t, std::greater<>> counts;
  for (const auto& [length, count] : asked.trials) counts.insert(count);
  std::vector<std::string> sentences;
  for (const int64_t count : counts) {
    const std::string advice = evals::stats::sample_size_advice(
        count, static_cast<int64_t>(asked.lengths.size()), design.criterion);
    sentences.push_back(advice.substr(0, advice.find('\n')));
  }
  return fmt::format("{}", fmt::join(sentences, " "));
}

std::string retrieval_paragraph(const Design& design, const RetrievalSheet& sheet) {
  std::string text = fmt::format("Protocol {}. ", sheet.protocol);
  for (const Design::Asked& asked : design.evals) {
    if (!asked.is_answered_by(sheet.protocol)) continue;
    text += fmt::format(
        "Lengths {} tokens (prompt, answer and reserve), {} trials each over {} depths; every "
        "method saw identical prompts. ",
        fmt::join(asked.lengths, ", "), by_length(asked.trials), asked.depths.depths);
    if (asked.absent || asked.absolute || asked.trials.empty()) continue;
    text += adaptation(design) + sample_sizes(design, asked);
  }
  const std::vector<int64_t> dependent = sheet.dependent_lengths();
  if (!dependent.empty() && !sheet.absent && !sheet.absolute) {
    text += fmt::format(
        " At {} tokens several trials share a text: nothing is shown there, and a certificate ends "
        "before.",
        fmt::join(dependent, ", "));
  }
  return text + "\n";
}

std::string perplexity_paragraph(const Design& design, const PerplexitySheet& sheet) {
  std::string text = fmt::format("Protocol {}. ", sheet.protocol);
  for (const Design::Asked& asked : design.evals) {
    if (!asked.is_answered_by(sheet.protocol)) continue;
    text += fmt::format("Lengths {} tokens", fmt::join(asked.lengths, ", "));
    if (asked.targets > 0)
      text += fmt::format(", the same last {} tokens of each document", asked.targets);
    text += ". ";
  }
  return text + fmt::format("{} documents, of which {} reach every length and enter.\n",
                            sheet.documents, sheet.common.size());
}

std::string statistics_paragraph(const Design& design) {
  const double tau = design.criterion.tau;
  const double alpha = design.criterion.alpha;
  return fmt::format(
      "Statistics. The certified length L_cert is the longest length of an unbroken run at which "
      "the exact one-sided binomial test rejects a success probability of at most {0} at level "
      "{1}; lengths are tested upward in a fixed order, so that the error rate of each method's "
      "run is {1} and L_cert is a lower confidence bound. L_fail is the shortest length of the "
      "run, "
      "walked downward from the longest, at which a probability of at least {0} is rejected. "
      "L_point is the longest length with an estimate of at least {0} at it and at every shorter "
      "one. Worst depth: the same in each third of the haystack, with at least 20 trials each. "
      "Diverged trials are misses; trials that ran out of memory, failed, were skipped or not run "
      "are missing and end a certificate. Intervals of proportions are Wilson's, two-sided at "
      "{1}. Perplexity lengths: differences to the plain model at the trained length on the same "
      "targets, upper {2:.4g} % bound at most {3} nats (not worse) or below zero (better), fixed "
      "sequence upward. Bounds are percentile-t bootstraps ({4} resamples) over documents, "
      "token-weighted; with fewer than 8 documents over blocks of targets where all lengths score "
      "the same ones, conditional on these documents, and else none are given. Methods are "
      "compared "
      "with {5} on identical prompts (exact McNemar test, "
      "Newcombe's interval for paired proportions) or targets (paired bootstrap), Holm-adjusted "
      "over methods and lengths of a protocol. The best "
      "set holds the methods that an exact McNemar test does not tell from the best one; methods "
      "without an answer to every prompt, and members of a grid, take no part in it.\n",
      tau, alpha, 100 * (1 - alpha), design.delta, resamples, design.baseline);
}

std::string grid_paragraph(const Design& design) {
  std::set<std::string> grids;
  for (const Design::Method& method : design.methods) {
    if (!method.grid.empty()) grids.insert(method.grid);
  }
  if (grids.empty()) return {};
  return fmt::format(
      "Grids. {}: no member is called the best, since a maximum chosen from the rows that report "
      "it is biased upward. Choose with these rows, then report under another seed and on other "
      "documents.\n",
      fmt::join(grids, ", "));
}

/// BibTeX entries of an experiment's protocols and methods, each once.
std::string citations(const Design& design) {
  std::vector<std::string> entries;
  const auto cite = [&](std::string_view citation) {
    const std::string entry(citation);
    if (!entry.empty() && std::find(entries.begin(), entries.end(), entry) == entries.end()) {
      entries.push_back(entry);
    }
  };
  for (const Design::Asked& asked : design.evals) {
    if (const auto* retrieval = evals::find_retrieval_protocol(asked.protocol)) {
      cite(retrieval->citation);
    } else if (const auto* perplexity = evals::find_perplexity_protocol(asked.protocol)) {
      cite(perplexity->citation);
    }
  }
  std::set<std::string> used;
  for (const Design::Method& method : design.methods) {
    each_scaling(method.chain, [&](const base::Json& scaling) {
      if (scaling.contains("type")) used.insert(scaling.at("type").get<std::string>());
    });
  }
  for (const scalings::Method& method : scalings::catalog()) {
    const std::string name(method.name);
    if (used.count(name) + used.count(fmt::format("{}/{}", name, method.version)) == 0) continue;
    cite(method.citation);
  }
  return entries.empty() ? "" : fmt::format("\nBibTeX\n\n{}\n", fmt::join(entries, "\n\n"));
}

}  // namespace

std::vector<std::string> numerics_of(const Runs& runs) {
  std::set<std::string> kernels;
  for (const Row& row : runs.rows) {
    if (!is_missing(row.status)) kernels.insert(row.kernel);
  }
  return {kernels.begin(), kernels.end()};
}

std::string methods_text(const Runs& runs, const std::vector<RetrievalSheet>& retrieval,
                         const std::vector<PerplexitySheet>& perplexity) {
  const Design& design = runs.design;
  std::vector<std::string> paragraphs = {model_paragraph(design), chains(design)};
  for (const auto& sheet : retrieval) paragraphs.push_back(retrieval_paragraph(design, sheet));
  for (const auto& sheet : perplexity) paragraphs.push_back(perplexity_paragraph(design, sheet));
  paragraphs.push_back(statistics_paragraph(design));
  if (const std::string grids = grid_paragraph(design); !grids.empty()) paragraphs.push_back(grids);
  paragraphs.push_back(fmt::format("Software. {}; {}.\n", fmt::join(design.programs, "; "),
                                   fmt::join(numerics_of(runs), "; ")));
  return fmt::format("{}{}", fmt::join(paragraphs, "\n"), citations(design));
}

}  // namespace sweep
