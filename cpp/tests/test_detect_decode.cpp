#include "check.hpp"
#include "detect/decode.hpp"

using namespace facecap;

namespace {

void expect_box(const Box& found, const Box& wanted) {
  EXPECT_NEAR(found.x1, wanted.x1, 1e-3);
  EXPECT_NEAR(found.y1, wanted.y1, 1e-3);
  EXPECT_NEAR(found.x2, wanted.x2, 1e-3);
  EXPECT_NEAR(found.y2, wanted.y2, 1e-3);
}

const std::array<float, 4> kBox{0.1f, -0.2f, 0.3f, 0};
const std::array<float, 10> kLandmarks{0.25f, -0.5f};

}  // namespace

TEST(decode_with_variances) {
  const BoxCoding coding{0.1f, 0.2f};
  const Prior small{(10 + 0.5f) * 8, (20 + 0.5f) * 8, 20};
  expect_box(decode_box(small, kBox, coding), {73.58163f, 153.6f, 94.81837f, 173.6f});
  EXPECT_NEAR(decode_landmarks(small, kLandmarks, coding)[0].x, 84.5, 1e-3);
  EXPECT_NEAR(decode_landmarks(small, kLandmarks, coding)[0].y, 163.0, 1e-3);
  const Prior large{small.center_x, small.center_y, 32};
  expect_box(decode_box(large, kBox, coding), {67.33062f, 147.36f, 101.30938f, 179.36f});
  EXPECT_NEAR(decode_landmarks(large, kLandmarks, coding)[0].x, 84.8, 1e-3);
  EXPECT_NEAR(decode_landmarks(large, kLandmarks, coding)[0].y, 162.4, 1e-3);
}
