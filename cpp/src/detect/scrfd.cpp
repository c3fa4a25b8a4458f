#include "detect/anchor_planes.hpp"
#include "detect/families.hpp"

namespace facecap {
namespace {

/// So many answers a cell, all relative to its corner: distances to the sides of the box (left, top, right,
/// bottom) and offsets of the points, in strides. Scores are logits.
class Scrfd final : public DetectorHead {
 public:
  Scrfd(std::vector<int> strides, int anchors)
      : DetectorHead(strides, std::vector<int>(strides.size(), anchors)) {}

  std::vector<NetworkOutput> outputs(std::optional<Size> input) const override {
    return levels(AnchorPlanes::kChannels, input);
  }

  void collect(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) const override {
    collect_logits(answer, threshold, out);
  }

  Box box(const Answer& answer, const ScoredAnswer& candidate) const override {
    const Grid& grid = answer.grids[static_cast<std::size_t>(candidate.level)];
    const auto sides = AnchorPlanes(answer, candidate.level).box(candidate);
    const auto stride = static_cast<float>(grid.stride);
    const float column = grid.column(candidate.cell), row = grid.row(candidate.cell);
    return {(column - sides[0]) * stride, (row - sides[1]) * stride, (column + sides[2]) * stride,
            (row + sides[3]) * stride};
  }

  Landmarks landmarks(const Answer& answer, const ScoredAnswer& candidate) const override {
    const Grid& grid = answer.grids[static_cast<std::size_t>(candidate.level)];
    const auto offsets = AnchorPlanes(answer, candidate.level).points(candidate);
    const auto stride = static_cast<float>(grid.stride);
    Landmarks points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i].x = (grid.column(candidate.cell) + offsets[2 * i]) * stride;
      points[i].y = (grid.row(candidate.cell) + offsets[2 * i + 1]) * stride;
    }
    return points;
  }

  float edge() const override { return 1; }  // as published
};

std::shared_ptr<const DetectorHead> read(const Field& section, const std::vector<int>& strides) {
  return std::make_shared<Scrfd>(strides, section.get("anchors").integer());
}

}  // namespace

DetectorFamily scrfd() {
  return {"scrfd", {levels_form()}, {{"anchors", integer(1, 16)}}, read};
}

}  // namespace facecap
