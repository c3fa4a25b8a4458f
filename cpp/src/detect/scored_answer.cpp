#include "detect/scored_answer.hpp"

#include <algorithm>
#include <cmath>

namespace facecap {
namespace {

bool better(const ScoredAnswer& a, const ScoredAnswer& b) {
  return a.score != b.score ? a.score > b.score : a.number < b.number;
}

}  // namespace

float probability(float logit) {
  return 1.0f / (1.0f + std::exp(-logit));
}

float logit_floor(float threshold) {
  constexpr double kSlack = 1e-3;
  return static_cast<float>(std::log(threshold / (1.0 - threshold)) - kSlack);
}

void keep_best(std::vector<ScoredAnswer>& candidates, int most) {
  if (candidates.size() > static_cast<std::size_t>(most)) {
    std::nth_element(candidates.begin(), candidates.begin() + most, candidates.end(), better);
    candidates.resize(static_cast<std::size_t>(most));
  }
  std::sort(candidates.begin(), candidates.end(), better);
}

}  // namespace facecap
