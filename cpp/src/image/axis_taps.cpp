#include "image/axis_taps.hpp"

#include <algorithm>
#include <cmath>

namespace facecap {
namespace {

void fill_area(AxisTaps& taps, int source, int target) {
  const double scale = static_cast<double>(source) / target;
  taps.stride = static_cast<int>(std::ceil(scale)) + 1;
  taps.weights.assign(static_cast<std::size_t>(target) * taps.stride, 0.0f);
  constexpr double kSliver = 1e-6;  // coverage that is only a rounding error of begin and end
  for (int i = 0; i < target; ++i) {
    const double begin = i * scale;
    const double end = std::min(begin + scale, static_cast<double>(source));
    const int first = std::min(static_cast<int>(std::floor(begin + kSliver)), source - 1);
    const int last = std::max(first, std::min(static_cast<int>(std::ceil(end - kSliver)), source) - 1);
    float* weights = taps.weights.data() + static_cast<std::size_t>(i) * taps.stride;
    for (int k = first; k <= last; ++k) {
      const double covered = std::min(end, k + 1.0) - std::max(begin, static_cast<double>(k));
      weights[k - first] = static_cast<float>(covered / (end - begin));
    }
    taps.first[i] = first;
    taps.count[i] = last - first + 1;
  }
}

void fill_linear(AxisTaps& taps, int source, int target) {
  const double scale = static_cast<double>(source) / target;
  taps.stride = 2;
  taps.weights.assign(static_cast<std::size_t>(target) * taps.stride, 0.0f);
  for (int i = 0; i < target; ++i) {
    const double centre = std::clamp((i + 0.5) * scale - 0.5, 0.0, source - 1.0);
    const int first = static_cast<int>(centre);
    const float toward_next = static_cast<float>(centre - first);
    float* weights = taps.weights.data() + static_cast<std::size_t>(i) * taps.stride;
    weights[0] = 1 - toward_next;
    weights[1] = toward_next;
    taps.first[i] = first;
    taps.count[i] = toward_next > 0 ? 2 : 1;
  }
}

}  // namespace

AxisTaps make_axis_taps(int source, int target) {
  AxisTaps taps;
  taps.first.resize(target);
  taps.count.resize(target);
  if (target <= source)
    fill_area(taps, source, target);
  else
    fill_linear(taps, source, target);
  return taps;
}

}  // namespace facecap
