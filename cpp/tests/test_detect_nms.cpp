#include <algorithm>
#include <cmath>
#include <random>

#include "check.hpp"
#include "detect/nms.hpp"

using namespace facecap;

namespace {

/// Every pair, as the definition says.
std::vector<int> plainly(const std::vector<Box>& boxes, float iou, int most, float edge) {
  std::vector<int> kept;
  for (std::size_t i = 0; i < boxes.size() && static_cast<int>(kept.size()) < most; ++i) {
    const Box& a = boxes[i];
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](int other) {
      const Box& b = boxes[static_cast<std::size_t>(other)];
      const float across = std::max(0.0f, std::min(a.x2, b.x2) - std::max(a.x1, b.x1) + edge);
      const float down = std::max(0.0f, std::min(a.y2, b.y2) - std::max(a.y1, b.y1) + edge);
      const float common = across * down;
      const auto area = [&](const Box& box) { return (box.width() + edge) * (box.height() + edge); };
      return common > iou * (area(a) + area(b) - common);
    });
    if (!suppressed) kept.push_back(static_cast<int>(i));
  }
  return kept;
}

}  // namespace

TEST(suppression_counts_edge_pixels_where_the_family_does) {
  NonMaximumSuppression suppression;
  const Box first{0, 0, 99, 99};
  EXPECT_EQ(suppression.select({first, {42, 0, 141, 99}}, 0.4f, 100, 1).size(), std::size_t{1});
  EXPECT_EQ(suppression.select({first, {43, 0, 142, 99}}, 0.4f, 100, 1).size(), std::size_t{2});
  const Box small{0, 0, 9, 9};  // the overlap is 6 of 14 pixels, 5 of 13 from corner to corner
  EXPECT_EQ(suppression.select({small, {4, 0, 13, 9}}, 0.4f, 100, 1).size(), std::size_t{1});
  EXPECT_EQ(suppression.select({small, {4, 0, 13, 9}}, 0.4f, 100, 0).size(), std::size_t{2});
  EXPECT(suppression.select({}, 0.4f, 100, 1).empty());
}

TEST(suppression_equals_the_plain_one) {
  std::mt19937 random(3);
  NonMaximumSuppression suppression;
  for (int round = 0; round < 300; ++round) {
    std::uniform_real_distribution<float> place(-20, round % 3 ? 640 : 60), side(-2, round % 2 ? 40 : 400);
    std::vector<Box> boxes(random() % 700);
    for (Box& box : boxes) {
      box.x1 = place(random);
      box.y1 = place(random);
      box.x2 = box.x1 + side(random);
      box.y2 = box.y1 + side(random);
      if (round % 5 == 0)
        box = {std::round(box.x1), std::round(box.y1), std::round(box.x2), std::round(box.y2)};
    }
    const float iou = static_cast<float>(round % 11) / 10;
    const int most = round % 7 == 0 ? 5 : 10000;
    const float edge = static_cast<float>(round % 2);
    EXPECT(suppression.select(boxes, iou, most, edge) == plainly(boxes, iou, most, edge));
  }
}

TEST(suppression_of_boxes_too_large_for_an_area_keeps_one) {
  NonMaximumSuppression suppression;
  for (const float side : {1e9f, 1e15f, 1e19f, 1e25f, 3e38f}) {
    const Box huge{-side, -side, side, side};
    EXPECT_EQ(suppression.select({huge, huge, {0, 0, 99, 99}, huge}, 0.4f, 100, 1).size(), std::size_t{2});
  }
}
