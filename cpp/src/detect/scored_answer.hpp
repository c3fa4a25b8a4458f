#pragma once

#include <vector>

namespace facecap {

/// An answer of a network whose score is above the threshold.
struct ScoredAnswer {
  float score = 0;
  int number = 0;  // of the answer, in the order level, row, column, anchor
  int level = 0;
  int cell = 0;
  int anchor = 0;  // of the cell
};

float probability(float logit);

/// A value that no logit of a probability above `threshold`, 0 to 1, lies under. Rounding is left to the
/// exact comparison of the few that pass.
float logit_floor(float threshold);

/// Keeps the `most` best, by descending score, equal scores by number.
void keep_best(std::vector<ScoredAnswer>& candidates, int most);

}  // namespace facecap
