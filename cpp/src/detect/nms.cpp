#include "detect/nms.hpp"

#include <algorithm>

#include "image/multiversion.hpp"

namespace facecap {
namespace {

/// Parallel arrays of the kept boxes.
struct Kept {
  const float* x1;
  const float* y1;
  const float* x2;
  const float* y2;
  const float* area;
};

/// Boxes of a broken network may be so large that their area is not a number any more.
Box within_reach(const Box& box) {
  const auto clamp = [](float value) { return std::clamp(value, -1e9f, 1e9f); };
  return {clamp(box.x1), clamp(box.y1), clamp(box.x2), clamp(box.y2)};
}

float area_of(const Box& box, float edge) {
  return (box.width() + edge) * (box.height() + edge);
}

/// Whether one of the kept boxes from `begin` up to `end` overlaps `box` by more than `iou`. Without a
/// branch, so that it runs in vectors.
FACECAP_MULTIVERSION bool overlaps(const Box& box, float area, float iou, float edge, const Kept& kept,
                                   int begin, int end) {
  const float x1 = box.x1, y1 = box.y1, x2 = box.x2, y2 = box.y2;
  const float *kept_x1 = kept.x1, *kept_y1 = kept.y1, *kept_x2 = kept.x2, *kept_y2 = kept.y2;
  const float* kept_area = kept.area;
  int hit = 0;
  for (int i = begin; i < end; ++i) {
    const float left = kept_x1[i] > x1 ? kept_x1[i] : x1;
    const float right = kept_x2[i] < x2 ? kept_x2[i] : x2;
    const float top = kept_y1[i] > y1 ? kept_y1[i] : y1;
    const float bottom = kept_y2[i] < y2 ? kept_y2[i] : y2;
    const float across = right - left + edge > 0 ? right - left + edge : 0;
    const float down = bottom - top + edge > 0 ? bottom - top + edge : 0;
    const float intersection = across * down;
    hit |= intersection > iou * (area + kept_area[i] - intersection) ? 1 : 0;
  }
  return hit != 0;
}

}  // namespace

const std::vector<int>& NonMaximumSuppression::select(const std::vector<Box>& boxes, float iou, int most,
                                                      float edge) {
  constexpr int kBlock = 64;  // boxes between two looks whether one has overlapped
  kept_.clear();
  for (std::vector<float>* values : {&x1_, &y1_, &x2_, &y2_, &area_}) values->clear();
  for (std::size_t i = 0; i < boxes.size() && static_cast<int>(kept_.size()) < most; ++i) {
    const Box box = within_reach(boxes[i]);
    const float area = area_of(box, edge);
    const Kept kept{x1_.data(), y1_.data(), x2_.data(), y2_.data(), area_.data()};
    const int count = static_cast<int>(kept_.size());
    bool suppressed = false;
    for (int begin = 0; begin < count && !suppressed; begin += kBlock)
      suppressed = overlaps(box, area, iou, edge, kept, begin, std::min(begin + kBlock, count));
    if (suppressed) continue;
    kept_.push_back(static_cast<int>(i));
    x1_.push_back(box.x1);
    y1_.push_back(box.y1);
    x2_.push_back(box.x2);
    y2_.push_back(box.y2);
    area_.push_back(area);
  }
  return kept_;
}

}  // namespace facecap
