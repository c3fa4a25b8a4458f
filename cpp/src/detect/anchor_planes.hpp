#pragma once

#include <cstddef>
#include <vector>

#include "detect/head.hpp"

namespace facecap {

/// Channels of a level with A anchors a cell, as RetinaFace and SCRFD share them: A face logits, then A * 4
/// numbers of a box (channel A + a * 4 + k), then A * 10 of five points (channel A * 5 + a * 10 + k).
class AnchorPlanes {
 public:
  static constexpr int kChannels = 15;  // an anchor

  AnchorPlanes(const Answer& answer, int level)
      : grid_(answer.grids[static_cast<std::size_t>(level)]),
        values_(answer.outputs[static_cast<std::size_t>(level)]) {}

  const float* logits(int anchor) const { return values_ + anchor * plane(); }
  std::array<float, 4> box(const ScoredAnswer& candidate) const {
    return numbers_at<4>(first(grid_.anchors + 4 * candidate.anchor, candidate), plane());
  }
  std::array<float, 10> points(const ScoredAnswer& candidate) const {
    return numbers_at<10>(first(5 * grid_.anchors + 10 * candidate.anchor, candidate), plane());
  }

 private:
  std::ptrdiff_t plane() const { return grid_.cells(); }
  const float* first(int channel, const ScoredAnswer& candidate) const {
    return values_ + channel * plane() + candidate.cell;
  }

  const Grid& grid_;
  const float* values_;
};

/// DetectorHead::collect over such levels.
void collect_logits(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out);

}  // namespace facecap
