#include <cmath>

#include "detect/families.hpp"

namespace facecap {
namespace {

// Channels of a level. Lengths are in strides, places relative to the cell's column and row.
constexpr int kClass = 0;   // logit
constexpr int kObject = 1;  // logit; the score is the root of both probabilities' product
constexpr int kBox = 2;     // x and y of the centre, logarithms of width and height
constexpr int kPoints = 6;  // x, y of five points
constexpr int kChannels = 16;

/// One answer a cell.
class YuNet final : public DetectorHead {
 public:
  explicit YuNet(std::vector<int> strides) : DetectorHead(strides, std::vector<int>(strides.size(), 1)) {}

  std::vector<NetworkOutput> outputs(std::optional<Size> input) const override {
    return levels(kChannels, input);
  }

  void collect(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) const override {
    // A root above the threshold needs both factors above its square.
    const float floor = logit_floor(threshold * threshold);
    for (std::size_t l = 0; l < answer.grids.size(); ++l) {
      const Grid& grid = answer.grids[l];
      const float* classes = answer.outputs[l] + kClass * grid.cells();
      const float* objects = answer.outputs[l] + kObject * grid.cells();
      for (int cell = 0; cell < grid.cells(); ++cell) {
        if (!(classes[cell] >= floor && objects[cell] >= floor)) continue;
        const float score = std::sqrt(probability(classes[cell]) * probability(objects[cell]));
        if (!(score > threshold) || !std::isfinite(classes[cell]) || !std::isfinite(objects[cell])) continue;
        out.push_back({score, grid.first + cell, static_cast<int>(l), cell, 0});
      }
    }
  }

  Box box(const Answer& answer, const ScoredAnswer& candidate) const override {
    const Grid& grid = answer.grids[static_cast<std::size_t>(candidate.level)];
    const auto numbers = at<4>(answer, candidate, kBox);
    const auto stride = static_cast<float>(grid.stride);
    const float center_x = (grid.column(candidate.cell) + numbers[0]) * stride;
    const float center_y = (grid.row(candidate.cell) + numbers[1]) * stride;
    const float half_width = std::exp(numbers[2]) * stride / 2;
    const float half_height = std::exp(numbers[3]) * stride / 2;
    return {center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height};
  }

  Landmarks landmarks(const Answer& answer, const ScoredAnswer& candidate) const override {
    const Grid& grid = answer.grids[static_cast<std::size_t>(candidate.level)];
    const auto numbers = at<10>(answer, candidate, kPoints);
    const auto stride = static_cast<float>(grid.stride);
    Landmarks points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i].x = (grid.column(candidate.cell) + numbers[2 * i]) * stride;
      points[i].y = (grid.row(candidate.cell) + numbers[2 * i + 1]) * stride;
    }
    return points;
  }

  float edge() const override { return 1; }  // as its models have been measured

 private:
  template <std::size_t N>
  static std::array<float, N> at(const Answer& answer, const ScoredAnswer& candidate, int channel) {
    const auto level = static_cast<std::size_t>(candidate.level);
    const std::ptrdiff_t plane = answer.grids[level].cells();
    return numbers_at<N>(answer.outputs[level] + channel * plane + candidate.cell, plane);
  }
};

std::shared_ptr<const DetectorHead> read(const Field&, const std::vector<int>& strides) {
  return std::make_shared<YuNet>(strides);
}

}  // namespace

DetectorFamily yunet() {
  return {"yunet", {levels_form()}, {}, read};
}

}  // namespace facecap
