#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace scalings {

/// What the model was trained with.
struct RopeShape {
  int64_t head_dim = 0;
  int64_t rotary_dim = 0;  ///< even, <= head_dim; the first rotary_dim channels rotate
  double theta = 0;
  int64_t trained_length = 0;  ///< tokens

  int64_t pairs() const { return rotary_dim / 2; }
  bool operator==(const RopeShape&) const = default;
};

/// Where a plan is wanted.
struct Context {
  RopeShape shape;
  int64_t length = 0;  ///< tokens of the scored path
  int64_t layer = 0;
  int64_t layers = 1;
};

/// Throws base::Error naming the field: odd or too large rotary_dim, theta <= 1, lengths outside
/// [1, 2^31], layer outside [0, layers).
void validate(const Context& context);

/// Position of every token, and the set of inverse frequencies that turns it.
struct Ruler {
  Eigen::ArrayXd position;  ///< [length]
  int64_t frequencies = 0;  ///< index into RotaryPlan::inv_freq
};

/// Two rulers that measure a distance:
/// distance(i, j) = rulers[query].position[i] - rulers[key].position[j].
struct View {
  int64_t query = 0;
  int64_t key = 0;
  bool operator==(const View&) const = default;
};

/// Keys [begin, end) of a query are measured with views[view].
struct Span {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t view = 0;
  bool operator==(const Span&) const = default;
};

/// The spans of every query, sorted and disjoint inside [0, i]; keys left out are not attended.
class SpanTable {
 public:
  SpanTable() = default;

  /// Every query i attends [0, i] through view 0.
  static SpanTable causal(int64_t length);

  /// Appends the spans of the next query; empty spans are dropped, neighbours of one view joined.
  /// Throws std::logic_error when the row is unsorted, overlapping, reaches beyond the query or
  /// leaves out the query itself.
  void push_row(std::span<const Span> spans);

  int64_t rows() const { return static_cast<int64_t>(offset_.size()) - 1; }
  std::span<const Span> row(int64_t query) const;
  /// The table of the first `rows` queries.
  SpanTable first(int64_t rows) const;

  bool operator==(const SpanTable&) const = default;

 private:
  std::vector<int64_t> offset_{0};
  std::vector<Span> spans_;
};

/// How positions become rotations at one length: pure data, comparable, hashable, printable.
///
///   logit(i, j) = gain[i] * ( magnitude^2 * <R q_i, R k_j> over the rotary_dim channels
///                             + <q_i, k_j> over the rest ) / sqrt(head_dim)
///
/// where R turns pair p of a token on ruler r by the angle position * inv_freq[r.frequencies][p].
/// Memory is O(length), never O(length^2).
struct RotaryPlan {
  double theta = 0;  ///< base in force: what later methods of a chain start from
  std::vector<Eigen::ArrayXd> inv_freq;  ///< [sets][pairs], radians per position
  std::vector<Ruler> rulers;
  std::vector<View> views;
  SpanTable spans;
  Eigen::ArrayXd gain;     ///< [length], multiplies the logits of query i
  double magnitude = 1.0;  ///< multiplies cos and sin of q and of k, on the rotated channels only

  int64_t length() const { return spans.rows(); }
};

bool operator==(const RotaryPlan& left, const RotaryPlan& right);

/// Plain RoPE, the empty chain (Su et al., arXiv:2104.09864): inv_freq_i = theta^(-2i/rotary_dim),
/// one ruler 0, 1, 2 ..., causal attention, gain and magnitude 1.
RotaryPlan plain_plan(const Context& context);

/// theta^(-2i/rotary_dim), one entry per pair.
Eigen::ArrayXd plain_frequencies(double theta, int64_t rotary_dim);

/// The one way of writing a plan down: what no span uses is dropped, what is equal is merged, the
/// rest is numbered in order of first use. make_plan and prefix return this form, so that plans
/// that rotate alike compare equal (Self-Extend inside its window is plain RoPE).
RotaryPlan normal_form(const RotaryPlan& plan);

/// SHA-256 of all numbers of the plan (IEEE bytes): differs when and only when a number differs.
std::string fingerprint(const RotaryPlan& plan);

/// The plan cut to its first `length` tokens.
RotaryPlan prefix(const RotaryPlan& plan, int64_t length);

/// Whether `longer` cut to the length of `shorter` equals `shorter`: then, and only then, both may
/// share the trunk of a document.
bool prefix_equal(const RotaryPlan& longer, const RotaryPlan& shorter);

/// Distance at which query i sees key j of one of its spans.
double distance(const RotaryPlan& plan, const Span& span, int64_t query, int64_t key);
/// The same, or nothing where j is not attended.
std::optional<double> distance(const RotaryPlan& plan, int64_t query, int64_t key);

/// Largest distance at which any query sees any key.
double largest_distance(const RotaryPlan& plan);

}  // namespace scalings
