#include "detect/decode.hpp"

#include <cmath>

namespace facecap {

Box decode_box(const Prior& prior, const std::array<float, 4>& deltas, const BoxCoding& coding) {
  const float center_x = prior.center_x + deltas[0] * coding.center_variance * prior.size;
  const float center_y = prior.center_y + deltas[1] * coding.center_variance * prior.size;
  const float half_width = prior.size * std::exp(deltas[2] * coding.size_variance) / 2;
  const float half_height = prior.size * std::exp(deltas[3] * coding.size_variance) / 2;
  return {center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height};
}

Landmarks decode_landmarks(const Prior& prior, const std::array<float, 10>& deltas, const BoxCoding& coding) {
  Landmarks points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].x = prior.center_x + deltas[2 * i] * coding.center_variance * prior.size;
    points[i].y = prior.center_y + deltas[2 * i + 1] * coding.center_variance * prior.size;
  }
  return points;
}

}  // namespace facecap
