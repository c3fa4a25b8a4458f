#pragma once

#include <vector>

#include "detect/heads.hpp"

namespace facecap {

/// A prior whose score is above the threshold.
struct ScoredPrior {
  float score = 0;
  int number = 0;  // of the prior
  int level = 0;
  int cell = 0;
  int prior = 0;  // of the cell
};

/// The `top_k` best priors with a score above `threshold`, by descending score, equal scores by number. NaN
/// is no score.
void rank_priors(const std::vector<HeadLevel>& levels, bool logits, float threshold, int top_k,
                 std::vector<ScoredPrior>& out);

}  // namespace facecap
