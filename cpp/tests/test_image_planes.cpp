#include <algorithm>
#include <random>

#include "check.hpp"
#include "facecap/image.hpp"

using namespace facecap;

namespace {

Image noise(int width, int height, ColorOrder color = ColorOrder::bgr) {
  std::mt19937 random(7);
  Image image{std::vector<std::uint8_t>(std::size_t{3} * width * height), width, height, color};
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(random());
  return image;
}

const Normalization kPlain{ColorOrder::bgr, {0, 0, 0}, {1, 1, 1}};

}  // namespace

TEST(planes_are_normalized_in_their_own_order) {
  Image pixel{{10, 20, 30}, 1, 1, ColorOrder::bgr};
  const Normalization rgb{ColorOrder::rgb, {1, 2, 3}, {2, 4, 8}};
  float planes[3];
  to_planes(pixel.view(), rgb, planes);
  EXPECT_NEAR(planes[0], (30 - 1) / 2.0, 1e-6);
  EXPECT_NEAR(planes[1], (20 - 2) / 4.0, 1e-6);
  EXPECT_NEAR(planes[2], (10 - 3) / 8.0, 1e-6);
  pixel.color = ColorOrder::rgb;
  to_planes(pixel.view(), rgb, planes);
  EXPECT_NEAR(planes[0], (10 - 1) / 2.0, 1e-6);
}

TEST(letterbox_pads_with_zero_and_resizes_the_content) {
  const Image image = noise(61, 37);
  const Normalization normalization{ColorOrder::bgr, {104, 117, 123}, {1, 1, 1}};
  for (const Size target : {Size{32, 32}, Size{100, 64}, Size{61, 37}, Size{61, 64}}) {
    const Letterbox letterbox = fit_letterbox(image.view().size(), target);
    const std::size_t plane = static_cast<std::size_t>(target.width) * target.height;
    std::vector<float> planes(3 * plane, -1e9f);  // what an earlier picture left
    std::vector<std::uint8_t> scratch;
    letterbox_to_planes(image.view(), letterbox, normalization, planes.data(), scratch);
    const Rect& content = letterbox.content;
    std::vector<std::uint8_t> resized(std::size_t{3} * content.width() * content.height());
    resize(image.view(), {0, 0, image.width, image.height}, content.width(), content.height(),
           resized.data());
    int wrong = 0;
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < target.height; ++y)
        for (int x = 0; x < target.width; ++x) {
          const bool inside = x >= content.x1 && x < content.x2 && y >= content.y1 && y < content.y2;
          const int at = 3 * ((y - content.y1) * content.width() + x - content.x1) + c;
          const float wanted =
              inside ? resized[static_cast<std::size_t>(at)] - normalization.mean[static_cast<std::size_t>(c)]
                     : 0.0f;
          wrong += planes[c * plane + static_cast<std::size_t>(y) * target.width + x] != wanted;
        }
    EXPECT_EQ(wrong, 0);
  }
}

TEST(rows_may_lie_apart) {
  const Image wide = noise(40, 12);
  ImageView part = wide.view();
  part.width = 17;
  Image packed{std::vector<std::uint8_t>(std::size_t{3} * 17 * 12), 17, 12, ColorOrder::bgr};
  resize(part, {0, 0, 17, 12}, 17, 12, packed.pixels.data());
  std::vector<float> from_part(3 * 17 * 12), from_packed(3 * 17 * 12);
  to_planes(part, kPlain, from_part.data());
  to_planes(packed.view(), kPlain, from_packed.data());
  EXPECT(from_part == from_packed);
}

TEST(resize_keeps_a_flat_picture_flat) {
  Image flat = noise(50, 31);
  for (const std::uint8_t level : {0, 1, 128, 254, 255}) {
    std::fill(flat.pixels.begin(), flat.pixels.end(), level);
    for (const Size size :
         {Size{1, 1}, Size{7, 3}, Size{33, 30}, Size{50, 31}, Size{400, 5}, Size{121, 301}}) {
      std::vector<std::uint8_t> out(std::size_t{3} * size.width * size.height);
      resize(flat.view(), {0, 0, 50, 31}, size.width, size.height, out.data());
      EXPECT(std::count(out.begin(), out.end(), level) == static_cast<std::ptrdiff_t>(out.size()));
    }
  }
}

TEST(resize_refuses_what_is_not_inside) {
  const Image image = noise(10, 10);
  std::uint8_t out[3];
  EXPECT_THROWS(std::invalid_argument, resize(image.view(), {0, 0, 11, 10}, 1, 1, out), "10x10 picture");
  EXPECT_THROWS(std::invalid_argument, resize(image.view(), {5, 5, 5, 9}, 1, 1, out), "empty");
  EXPECT_THROWS(std::invalid_argument, resize(image.view(), {0, 0, 10, 10}, 0, 1, out), "0x1");
}
