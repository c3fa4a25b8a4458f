#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "check.hpp"
#include "facecap/frame_view.hpp"

using namespace facecap;

namespace {

void expect_box(const Box& found, const Box& wanted) {
  EXPECT_NEAR(found.x1, wanted.x1, 1e-3);
  EXPECT_NEAR(found.y1, wanted.y1, 1e-3);
  EXPECT_NEAR(found.x2, wanted.x2, 1e-3);
  EXPECT_NEAR(found.y2, wanted.y2, 1e-3);
}

void expect_rect(const Rect& found, const Rect& wanted) {
  EXPECT_EQ(found.x1, wanted.x1);
  EXPECT_EQ(found.y1, wanted.y1);
  EXPECT_EQ(found.x2, wanted.x2);
  EXPECT_EQ(found.y2, wanted.y2);
}

Image grey_image(int width, int height) {
  return {std::vector<std::uint8_t>(std::size_t{3} * width * height), width, height, ColorOrder::bgr};
}

void set_grey(Image& image, int x, int y, std::uint8_t value) {
  for (int c = 0; c < 3; ++c) image.pixels[static_cast<std::size_t>(3 * (y * image.width + x) + c)] = value;
}

}  // namespace

TEST(letterbox_maps_the_network_to_the_picture) {
  const Box network{100, 200, 150, 260};
  const Letterbox square = fit_letterbox({1920, 1080}, {640, 640});
  EXPECT_EQ(square.scale_x, 3.0f);
  EXPECT_EQ(square.content.y1, 140);
  expect_box(square.to_image(network), {300, 180, 450, 360});
  const Letterbox wide = fit_letterbox({1920, 1080}, {608, 342});
  EXPECT_EQ(wide.content.y1, 0);
  expect_box(wide.to_image(network), {315.789f, 631.579f, 473.684f, 821.053f});
  const Letterbox low = fit_letterbox({1920, 1080}, {640, 384});
  EXPECT_EQ(low.scale_y, 3.0f);
  EXPECT_EQ(low.content.y1, 12);
}

TEST(every_picture_fits_and_comes_back) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> side(1, 5000);
  for (int i = 0; i < 2000; ++i) {
    const Size image{side(random), side(random)};
    const bool native = i % 2 == 0;
    const Letterbox box = native ? fit_native(image, {640, 384}, 32) : fit_letterbox(image, {640, 384});
    EXPECT(box.content.x1 >= 0 && box.content.y1 >= 0 && !box.content.empty());
    EXPECT(box.content.x2 <= box.target.width && box.content.y2 <= box.target.height);
    EXPECT(box.target.width <= 640 && box.target.height <= 384);
    const bool small = native && image.width <= 640 && image.height <= 384;
    EXPECT(box.content.width() == (small ? image.width : 640) ||
           box.content.height() == (small ? image.height : 384));
    if (small) EXPECT(box.scale_x == 1 && box.scale_y == 1);
    if (native) EXPECT(box.target.width % 32 == 0 && box.target.width - box.content.width() < 32);
    const Box whole{static_cast<float>(box.content.x1), static_cast<float>(box.content.y1),
                    static_cast<float>(box.content.x2), static_cast<float>(box.content.y2)};
    const Box back = box.to_image(whole);
    EXPECT_NEAR(back.x1, 0, 1e-3);
    EXPECT_NEAR(back.x2, image.width, 1e-2);
    EXPECT_NEAR(back.y2, image.height, 1e-2);
  }
}

TEST(crop_rule_in_whole_pixels) {
  const Size frame{1920, 1080};
  expect_rect(crop_rect({800, 400, 1000, 600}, frame, 0.15f), {770, 370, 1030, 630});
  expect_rect(crop_rect({10, 20, 90, 130}, frame, 0.15f), {0, 3, 102, 146});
  expect_rect(crop_rect({1800, 900, 1919, 1079}, frame, 0.15f), {1781, 872, 1919, 1079});
}

TEST(crop_rule_inside_a_half_body_picture) {
  struct Case {
    Rect body;  // of the frame
    float scale;
    Box face;  // of the frame
    Rect wanted;
  };
  for (const Case& c : {Case{{640, 300, 1160, 800}, 2.03125f, {800, 400, 1000, 600}, {64, 34, 191, 161}},
                        Case{{736, 350, 944, 600}, 0.8125f, {800, 400, 880, 500}, {64, 43, 191, 202}},
                        Case{{0, 0, 154, 240}, 154.0f / 192, {10, 20, 90, 130}, {0, 3, 126, 182}}}) {
    const Size stored{static_cast<int>(c.body.width() / c.scale),
                      static_cast<int>(c.body.height() / c.scale)};
    const Box face{(c.face.x1 - c.body.x1) / c.scale, (c.face.y1 - c.body.y1) / c.scale,
                   (c.face.x2 - c.body.x1) / c.scale, (c.face.y2 - c.body.y1) / c.scale};
    expect_rect(crop_rect(face, stored, 0.15f), c.wanted);
  }
}

TEST(crop_stays_in_the_frame_for_any_box) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> values{-inf, -3e38f, -1e9f, -5,   -0.1f, 0,   0.5f, 1,
                                  7.9f, 31,     32,    1e9f, 3e38f, inf, nan};
  for (const Size frame : {Size{32, 20}, Size{1, 1}, Size{5000, 1}})
    for (const float x1 : values)
      for (const float y1 : values)
        for (const float x2 : values)
          for (const float y2 : values) {
            const Rect rect = crop_rect({x1, y1, x2, y2}, frame, 0.15f);
            if (rect.empty()) continue;
            EXPECT(rect.x1 >= 0 && rect.y1 >= 0 && rect.x2 < frame.width && rect.y2 < frame.height);
          }
  EXPECT(crop_rect({nan, 0, 10, 10}, {32, 20}, 0.15f).empty());
  EXPECT(crop_rect({40, 0, 60, 10}, {32, 20}, 0.15f).empty());
  EXPECT_THROWS(std::invalid_argument, crop_face(grey_image(32, 20).view(), {40, 0, 60, 10}, 112, 0.15f),
                "covers no pixel of the 32x20 picture");
}

TEST(alignment_of_points) {
  const Landmarks doubled{{{2 * 38.2946f + 100, 2 * 51.6963f + 50},
                           {2 * 73.5318f + 100, 2 * 51.5014f + 50},
                           {2 * 56.0252f + 100, 2 * 71.7366f + 50},
                           {2 * 41.5493f + 100, 2 * 92.3655f + 50},
                           {2 * 70.7299f + 100, 2 * 92.2041f + 50}}};
  const Landmarks frontal{{{860, 480}, {940, 480}, {900, 520}, {870, 556}, {930, 556}}};
  const Similarity half{0.5f, 0, -50, 0, 0.5f, -25};
  const Similarity direct{0.49880f, 0.00277f, -394.333f, -0.00277f, 0.49880f, -184.188f};
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(fit_alignment(doubled, 112)[i], half[i], 1e-3);
    EXPECT_NEAR(fit_alignment(frontal, 112)[i], direct[i], i % 3 == 2 ? 1e-3 : 1e-5);
    EXPECT_NEAR(fit_alignment(frontal, 224)[i], 2 * direct[i], i % 3 == 2 ? 2e-3 : 2e-5);
  }
}

TEST(alignment_refuses_degenerate_points) {
  Landmarks points{};
  EXPECT_THROWS(std::invalid_argument, fit_alignment(points, 112), "coincide");
  points = {{{860, 480}, {940, 480}, {900, 520}, {870, 556}, {930, 556}}};
  points[2].x = std::nanf("");
  EXPECT_THROWS(std::invalid_argument, fit_alignment(points, 112), "not finite");
  const Landmarks distant{{{3e38f, 0}, {-3e38f, 0}, {0, 1}, {-1, 2}, {1, 2}}};
  EXPECT_EQ(align_face(grey_image(4, 4).view(), distant, 8).pixels.size(), std::size_t{192});
}

TEST(laplacian_variance_of_known_patterns) {
  Image dot = grey_image(5, 5);
  set_grey(dot, 2, 2, 100);
  EXPECT_NEAR(laplacian_variance(dot.view(), {0, 0, 5, 5}), 22222.2222, 0.01);
  Image board = grey_image(8, 8);
  Image ramp = grey_image(8, 8);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) {
      set_grey(board, x, y, (x + y) % 2 ? 255 : 0);
      set_grey(ramp, x, y, static_cast<std::uint8_t>(10 * x + 5 * y));
    }
  EXPECT_NEAR(laplacian_variance(board.view(), {0, 0, 8, 8}), 1040400, 0.5);
  EXPECT_EQ(laplacian_variance(ramp.view(), {0, 0, 8, 8}), 0.0f);
  EXPECT_EQ(laplacian_variance(board.view(), {0, 0, 2, 8}), 0.0f);
  EXPECT_NEAR(laplacian_variance(board.view(), {-5, -5, 80, 80}), 1040400, 0.5);
  EXPECT_EQ(laplacian_variance(board.view(), {20, 20, 30, 30}), 0.0f);
}

TEST(crop_rectangle_of_a_decimal_border_is_exact) {
  const Size frame{3000, 3000};
  for (int width = 20; width < 1000; ++width)
    for (const int centre : {500, 501, 777}) {
      // Multiples of a half, which a float has.
      const float left = static_cast<float>(centre) - static_cast<float>(width) / 2;
      const Rect found = crop_rect({left, 100, left + static_cast<float>(width), 400}, frame, 0.15f);
      EXPECT_EQ(found.x1, std::max(0, (20 * centre - 13 * width) / 20));
      EXPECT_EQ(found.x2, (20 * centre + 13 * width) / 20);
    }
}

TEST(one_grey_stays_one_grey_however_far_it_is_shrunk) {
  for (const int length : {1000, 200003, 700001, 1048576})
    for (const std::uint8_t grey : {1, 128, 254, 255}) {
      const std::vector<std::uint8_t> pixels(std::size_t{3} * length, grey);
      const std::vector<std::uint8_t> chroma(static_cast<std::size_t>(length) + 2, 128);
      for (const bool wide : {true, false}) {
        const int width = wide ? length : 1;
        const int height = wide ? 1 : length;
        std::uint8_t out[3 * 7];
        const int across = wide ? 7 : 1;
        resize(ImageView{pixels.data(), width, height, std::ptrdiff_t{3} * width}, Rect{0, 0, width, height},
               across, 8 - across, out);
        EXPECT_EQ(std::count(out, out + 21, grey), 21);
        const YuvView yuv{pixels.data(), chroma.data(), width, height, width, wide ? length + 1 : 0};
        resize(yuv, Rect{0, 0, width, height}, across, 8 - across, out);
        for (const std::uint8_t value : out) EXPECT(std::abs(value - out[0]) == 0);
        const std::uint8_t few[] = {grey, grey, grey, grey};
        std::uint8_t plain[3];
        resize(YuvView{few, chroma.data(), 2, 2, 2, 2}, Rect{0, 0, 2, 2}, 1, 1, plain);
        EXPECT_EQ(int{out[0]}, int{plain[0]});
      }
    }
}
