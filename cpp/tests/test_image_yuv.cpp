#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "check.hpp"
#include "facecap/frame_view.hpp"

using namespace facecap;

namespace {

/// A YUV picture and the RGB picture that it shows, made one pixel at a time.
struct Pair {
  Pair(int width, int height, ChromaOrder order, unsigned seed) : order_(order) {
    std::mt19937 random(seed);
    // Luma and chroma whose colours lie inside of the RGB cube, so that nothing is cut off.
    std::uniform_int_distribution<int> luma(100, 150), chroma(108, 148);
    const int luma_stride = width + 5, chroma_stride = 2 * ((width + 1) / 2) + 3;
    luma_.resize(static_cast<std::size_t>(luma_stride) * height);
    chroma_.resize(static_cast<std::size_t>(chroma_stride) * ((height + 1) / 2));
    for (std::uint8_t& value : luma_) value = static_cast<std::uint8_t>(luma(random));
    for (std::uint8_t& value : chroma_) value = static_cast<std::uint8_t>(chroma(random));
    yuv = {luma_.data(), chroma_.data(), width, height, luma_stride, chroma_stride, order};
    rgb.width = width;
    rgb.height = height;
    rgb.color = ColorOrder::rgb;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) push(x, y);
  }
  void push(int x, int y) {
    const double grey = 255.0 / 219 * (yuv.luma[y * yuv.luma_stride + x] - 16);
    const std::uint8_t* pair = yuv.chroma + (y / 2) * yuv.chroma_stride + 2 * (x / 2);
    const double u = 255.0 / 224 * (pair[order_ == ChromaOrder::uv ? 0 : 1] - 128);
    const double v = 255.0 / 224 * (pair[order_ == ChromaOrder::uv ? 1 : 0] - 128);
    for (const double value : {grey + 1.402 * v, grey - 0.344136 * u - 0.714136 * v, grey + 1.772 * u})
      rgb.pixels.push_back(static_cast<std::uint8_t>(std::lround(value)));
  }
  YuvView yuv;
  Image rgb;

 private:
  ChromaOrder order_;
  std::vector<std::uint8_t> luma_, chroma_;
};

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  int largest = a.size() == b.size() ? 0 : 256;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST(yuv_resizes_as_its_rgb_picture_does) {
  std::mt19937 random(3);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 200; ++round) {
    const ChromaOrder order = round % 2 ? ChromaOrder::uv : ChromaOrder::vu;
    const Pair pair(pick(1, 90), pick(1, 70), order, static_cast<unsigned>(round));
    const int x1 = pick(0, pair.yuv.width - 1), y1 = pick(0, pair.yuv.height - 1);
    const Rect source{x1, y1, pick(x1 + 1, pair.yuv.width), pick(y1 + 1, pair.yuv.height)};
    const int width = pick(1, 120), height = pick(1, 120);
    std::vector<std::uint8_t> ours(std::size_t{3} * width * height), wanted(ours.size());
    resize(pair.yuv, source, width, height, ours.data());
    resize(pair.rgb.view(), source, width, height, wanted.data());
    EXPECT(largest_difference(ours, wanted) <= 1);
  }
}

TEST(yuv_goes_into_the_network_as_its_rgb_picture_does) {
  Normalization bgr;
  bgr.color = ColorOrder::bgr;
  bgr.mean = {104, 117, 123};
  bgr.std = {1, 2, 0.5f};
  for (const Size size : {Size{64, 48}, Size{640, 360}, Size{31, 77}, Size{20, 20}}) {
    const Pair pair(size.width, size.height, ChromaOrder::vu, 5);
    const Letterbox letterbox = fit_letterbox(size, {64, 48});
    std::vector<float> ours(3 * 64 * 48, -1), wanted(ours);
    std::vector<std::uint8_t> scratch;
    letterbox_to_planes(pair.yuv, letterbox, bgr, ours.data());
    letterbox_to_planes(pair.rgb.view(), letterbox, bgr, wanted.data(), scratch);
    for (std::size_t i = 0; i < ours.size(); ++i)
      EXPECT_NEAR(ours[i], wanted[i], 1.001 / bgr.std[i / (64 * 48)]);
  }
}

TEST(yuv_is_cut_off_at_black_and_white) {
  const std::vector<std::uint8_t> luma{0, 255, 16, 235}, chroma{128, 128};
  const YuvView view{luma.data(), chroma.data(), 2, 2, 2, 2};
  std::vector<std::uint8_t> rgb(12);
  resize(view, {0, 0, 2, 2}, 2, 2, rgb.data());
  for (std::size_t i = 0; i < rgb.size(); ++i) EXPECT_EQ(int{rgb[i]}, (i / 3) % 2 ? 255 : 0);
}

TEST(yuv_of_the_primary_colours) {
  const auto color = [](std::uint8_t y, std::uint8_t u, std::uint8_t v) {
    const std::vector<std::uint8_t> luma(4, y), chroma{v, u};
    std::vector<std::uint8_t> rgb(3);
    resize(YuvView{luma.data(), chroma.data(), 2, 2, 2, 2}, {0, 0, 2, 2}, 1, 1, rgb.data());
    return rgb;
  };
  EXPECT(largest_difference(color(81, 90, 240), {255, 0, 0}) <= 2);
  EXPECT(largest_difference(color(145, 54, 34), {0, 255, 0}) <= 2);
  EXPECT(largest_difference(color(41, 240, 110), {0, 0, 255}) <= 2);
}

TEST(yuv_aligns_and_is_as_sharp_as_its_rgb_picture) {
  const Pair pair(120, 100, ChromaOrder::vu, 9);
  const Landmarks points{{{40, 40}, {80, 42}, {60, 60}, {45, 78}, {77, 80}}};
  EXPECT(largest_difference(align_face(pair.yuv, points, 112).pixels,
                            align_face(pair.rgb.view(), points, 112).pixels) <= 1);
  const Rect area{11, 13, 100, 90};
  const float wanted = laplacian_variance(pair.rgb.view(), area);
  EXPECT_NEAR(laplacian_variance(pair.yuv, area), wanted, 0.01 * wanted);
  EXPECT_EQ(laplacian_variance(pair.yuv, {119, 0, 300, 300}), 0);
}

TEST(yuv_refuses_rectangles_that_are_not_inside) {
  const Pair pair(8, 8, ChromaOrder::vu, 1);
  std::vector<std::uint8_t> out(3);
  EXPECT_THROWS(std::invalid_argument, resize(pair.yuv, {4, 4, 4, 9}, 1, 1, out.data()), "8x8 picture");
}
