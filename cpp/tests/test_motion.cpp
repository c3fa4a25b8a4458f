#include <algorithm>
#include <cmath>
#include <random>

#include "check.hpp"
#include "facecap/motion.hpp"

using namespace facecap;

namespace {

constexpr int kWidth = 320, kHeight = 240;

/// A packed picture of smooth stripes, its light turned by gain and offset, with noise.
std::vector<std::uint8_t> picture(double gain = 1, double offset = 0, double noise = 0, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<double> rain(0, noise > 0 ? noise : 1);
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (int c = 0; c < 3; ++c) {
        const double value = 110 + 60 * std::sin(x / 40.0) * std::cos(y / 30.0);
        const double shown = gain * value + offset + (noise > 0 ? rain(random) : 0);
        pixels.push_back(static_cast<std::uint8_t>(std::clamp(shown, 0.0, 255.0)));
      }
  return pixels;
}

void paint(std::vector<std::uint8_t>& pixels, int left, int top, int side, int lighter) {
  for (int y = top; y < top + side; ++y)
    for (int i = 3 * (y * kWidth + left); i < 3 * (y * kWidth + left + side); ++i)
      pixels[i] = static_cast<std::uint8_t>(std::clamp(pixels[i] + lighter, 0, 255));
}

LumaBlocks blocks(const std::vector<std::uint8_t>& pixels) {
  return luma_blocks(FrameView(ImageView{pixels.data(), kWidth, kHeight, 3 * kWidth}));
}

CaptureConfig with_motion() {
  CaptureConfig config;
  config.min_hits = 2;
  config.motion = Motion::automatic;
  return config;
}

/// As many frames without faces as it takes until one may be skipped.
StillFrames settled(const LumaBlocks& scene, double seconds_apart) {
  StillFrames still(with_motion());
  double time = 0;
  for (int i = 0; i < 100 && !still.may_skip(scene, time); ++i, time += seconds_apart)
    still.detected(scene, false, time);
  return still;
}

}  // namespace

TEST(motion_blocks_are_means_of_luma_whatever_the_order_of_the_channels) {
  std::vector<std::uint8_t> pixels(std::size_t{3} * 40 * 8);
  for (std::size_t i = 0; i < pixels.size(); i += 3) pixels[i] = 250;  // blue
  const ImageView bgr{pixels.data(), 40, 8, 120};
  ImageView rgb = bgr;
  rgb.color = ColorOrder::rgb;
  const LumaBlocks blue = luma_blocks(FrameView(bgr)), red = luma_blocks(FrameView(rgb));
  EXPECT_EQ(blue.columns, 10);
  EXPECT_EQ(blue.rows, 2);
  EXPECT_NEAR(blue.means[7], 250 * 0.114, 1e-3);
  EXPECT_NEAR(red.means[7], 250 * 0.299, 1e-3);
}

TEST(motion_blocks_of_any_size_lie_within_the_picture) {
  const std::vector<std::uint8_t> pixels(std::size_t{3} * 1000 * 1000, 77);
  for (const Size size :
       {Size{1, 1}, Size{1, 1000}, Size{1000, 1}, Size{3, 5}, Size{97, 11}, Size{999, 1000}}) {
    const LumaBlocks found = luma_blocks(
        FrameView(ImageView{pixels.data(), size.width, size.height, std::ptrdiff_t{3} * size.width}));
    EXPECT_EQ(found.means.size(), static_cast<std::size_t>(found.columns) * found.rows);
    for (const float mean : found.means) EXPECT_NEAR(mean, 77, 1e-3);
  }
}

TEST(motion_is_what_moves_and_not_light_or_noise) {
  const LumaBlocks before = blocks(picture());
  EXPECT(!moved(before, blocks(picture())));
  EXPECT(!moved(before, blocks(picture(0.7, 10))));
  EXPECT(!moved(before, blocks(picture(1, 0, 8))));
  EXPECT(!moved(blocks(picture(1, 0, 5, 2)), blocks(picture(1.1, -5, 5, 3))));
  std::vector<std::uint8_t> with_face = picture(1, 0, 8);
  paint(with_face, 200, 100, 24, 20);
  EXPECT(moved(before, blocks(with_face)));
}

TEST(motion_of_a_picture_of_another_size_is_never_ruled_out) {
  const std::vector<std::uint8_t> pixels = picture();
  const LumaBlocks whole = blocks(pixels);
  const LumaBlocks half = luma_blocks(FrameView(ImageView{pixels.data(), kWidth, kHeight / 2, 3 * kWidth}));
  EXPECT(moved(whole, half));
  EXPECT(moved(LumaBlocks{}, whole));
}

TEST(still_frames_are_skipped_after_a_while_without_faces) {
  const LumaBlocks scene = blocks(picture());
  StillFrames still(with_motion());
  int detected = 0;
  for (; detected < 100 && !still.may_skip(scene, {}); ++detected) still.detected(scene, detected < 5, {});
  EXPECT_EQ(detected, 5 + 17);  // min_hits and 15 more after the last face
}

TEST(still_frames_that_came_one_by_one_add_up_to_movement) {
  std::vector<std::uint8_t> pixels = picture();
  StillFrames still = settled(blocks(pixels), 0.001);
  int skipped = 0;
  for (; skipped < 100; ++skipped) {
    paint(pixels, 100, 100, 24, 1);  // so slow that no frame differs from the one before
    if (!still.may_skip(blocks(pixels), 0.1)) break;
    still.skipped(0.1);
  }
  EXPECT(skipped < 10);
}

TEST(still_frames_are_looked_at_again_after_a_while) {
  const LumaBlocks scene = blocks(picture());
  StillFrames still = settled(scene, 0.04);
  const double last = 0.04 * 16;
  EXPECT(still.may_skip(scene, last + 1.9));
  EXPECT(!still.may_skip(scene, last + 2));
  StillFrames without_time(with_motion());
  while (!without_time.may_skip(scene, {})) without_time.detected(scene, false, {});
  int skipped = 0;
  for (; without_time.may_skip(scene, {}); ++skipped) without_time.skipped({});
  EXPECT_EQ(skipped, 49);  // 2 s of 25 frames a second, the last of which is detected in
}

TEST(still_frames_of_a_clock_that_stands_are_looked_at_again_after_a_while) {
  const LumaBlocks scene = blocks(picture());
  StillFrames still = settled(scene, 0.04);
  int skipped = 0;
  for (; skipped < 1000 && still.may_skip(scene, 1); ++skipped) still.skipped(1);
  EXPECT_EQ(skipped, 50);  // the first of them is one at which time went on
}

TEST(motion_of_a_small_face_is_seen_in_a_large_frame) {
  for (const Size size : {Size{3840, 2160}, Size{1920, 1080}, Size{960, 540}}) {
    std::vector<std::uint8_t> pixels(std::size_t{3} * size.width * size.height, 60);
    const ImageView view{pixels.data(), size.width, size.height, std::ptrdiff_t{3} * size.width};
    const LumaBlocks before = luma_blocks(FrameView(view));
    for (int y = 1001 % size.height; y < 1001 % size.height + 52; ++y)
      std::fill_n(pixels.begin() + 3 * (std::ptrdiff_t{y} * size.width + 701), 3 * 52, std::uint8_t{90});
    EXPECT(moved(before, luma_blocks(FrameView(view))));
  }
}
