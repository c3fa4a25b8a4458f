#include <algorithm>
#include <cstdint>

#include "facecap/frame_view.hpp"

namespace facecap {
namespace {

/// ITU-R BT.601 luma, 14 fractional bits.
int grey(const std::uint8_t* pixel, ColorOrder color) {
  const int red = pixel[color == ColorOrder::rgb ? 0 : 2];
  const int blue = pixel[color == ColorOrder::rgb ? 2 : 0];
  return (4899 * red + 9617 * pixel[1] + 1868 * blue + (1 << 13)) >> 14;
}

/// `grey_at(x, y)` gives the grey value of a pixel.
template <typename GreyAt>
float variance(GreyAt grey_at, Size size, const Rect& area) {
  const Rect inside{std::max(area.x1, 0), std::max(area.y1, 0), std::min(area.x2, size.width),
                    std::min(area.y2, size.height)};
  if (inside.empty() || inside.width() < 3 || inside.height() < 3) return 0;
  const int width = inside.width();
  std::vector<int> rows[3];  // grey values of the row above, this one and the one below
  const auto load = [&](int y) {
    std::vector<int>& row = rows[y % 3];
    row.resize(width);
    for (int x = 0; x < width; ++x) row[x] = grey_at(inside.x1 + x, inside.y1 + y);
  };
  load(0);
  load(1);
  std::int64_t sum = 0, squares = 0;
  for (int y = 1; y + 1 < inside.height(); ++y) {
    load(y + 1);
    const int* above = rows[(y - 1) % 3].data();
    const int* here = rows[y % 3].data();
    const int* below = rows[(y + 1) % 3].data();
    for (int x = 1; x + 1 < width; ++x) {
      const int value = 4 * here[x] - above[x] - below[x] - here[x - 1] - here[x + 1];
      sum += value;
      squares += std::int64_t{value} * value;
    }
  }
  const double count = static_cast<double>(width - 2) * (inside.height() - 2);
  const double mean = static_cast<double>(sum) / count;
  return static_cast<float>(static_cast<double>(squares) / count - mean * mean);
}

}  // namespace

float laplacian_variance(const ImageView& image, const Rect& area) {
  const auto grey_at = [&image](int x, int y) {
    return grey(image.data + y * image.stride + 3 * std::ptrdiff_t{x}, image.color);
  };
  return variance(grey_at, image.size(), area);
}

float laplacian_variance(const YuvView& image, const Rect& area) {
  const auto grey_at = [&image](int x, int y) {
    const int luma = image.luma[y * image.luma_stride + x];
    return std::clamp((255 * (luma - 16) + 109) / 219, 0, 255);
  };
  return variance(grey_at, image.size(), area);
}

}  // namespace facecap
