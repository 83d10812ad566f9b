#pragma once

#include <vector>

#include "evals/document.h"

namespace evals {

/// Whole paths as branches of one document, so that what they begin with alike is computed once:
/// branch i is documents[i], and scores what that scores. The trunk is the beginning of the
/// document that has most in common with the others; forks are multiples of exact_fork. A single
/// document comes back as it is.
///
/// Throws std::invalid_argument for no documents, or several of which one has branches or does not
/// end with its scored range.
Document join(const std::vector<Document>& documents);

/// The scores of each of `count` joined documents, as if it had been asked alone.
std::vector<Scores> part(const Scores& joined, size_t count);

}  // namespace evals
