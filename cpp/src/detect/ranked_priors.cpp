#include "detect/ranked_priors.hpp"

#include <algorithm>
#include <cmath>

namespace facecap {
namespace {

float probability(float logit) {
  return 1.0f / (1.0f + std::exp(-logit));
}

/// A value that no logit of a score above `threshold` lies under. Rounding is left to the exact comparison of
/// the few that pass.
float logit_floor(float threshold) {
  constexpr double kSlack = 1e-3;
  return static_cast<float>(std::log(threshold / (1.0 - threshold)) - kSlack);
}

bool better(const ScoredPrior& a, const ScoredPrior& b) {
  return a.score != b.score ? a.score > b.score : a.number < b.number;
}

}  // namespace

void rank_priors(const std::vector<HeadLevel>& levels, bool logits, float threshold, int top_k,
                 std::vector<ScoredPrior>& out) {
  out.clear();
  const float floor = logits ? logit_floor(threshold) : threshold;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const HeadLevel& level = levels[l];
    const int cells = level.cells();
    for (int prior = 0; prior < level.priors(); ++prior) {
      const float* values = level.scores.at(0, prior);
      for (int cell = 0; cell < cells; ++cell) {
        const float value = values[cell * level.scores.cell];
        if (!(value >= floor)) continue;
        const float score = logits ? probability(value) : value;
        if (!(score > threshold) || !std::isfinite(value)) continue;
        out.push_back(
            {score, level.first_prior + cell * level.priors() + prior, static_cast<int>(l), cell, prior});
      }
    }
  }
  if (out.size() > static_cast<std::size_t>(top_k)) {
    std::nth_element(out.begin(), out.begin() + top_k, out.end(), better);
    out.resize(static_cast<std::size_t>(top_k));
  }
  std::sort(out.begin(), out.end(), better);
}

}  // namespace facecap
