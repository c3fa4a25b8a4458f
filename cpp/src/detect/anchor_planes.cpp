#include "detect/anchor_planes.hpp"

#include <cmath>

namespace facecap {

void collect_logits(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) {
  const float floor = logit_floor(threshold);
  for (std::size_t l = 0; l < answer.grids.size(); ++l) {
    const Grid& grid = answer.grids[l];
    const int level = static_cast<int>(l);
    for (int anchor = 0; anchor < grid.anchors; ++anchor) {
      const float* logits = AnchorPlanes(answer, level).logits(anchor);
      for (int cell = 0; cell < grid.cells(); ++cell) {
        if (!(logits[cell] >= floor)) continue;
        const float score = probability(logits[cell]);
        if (!(score > threshold) || !std::isfinite(logits[cell])) continue;
        out.push_back({score, grid.first + cell * grid.anchors + anchor, level, cell, anchor});
      }
    }
  }
}

}  // namespace facecap
