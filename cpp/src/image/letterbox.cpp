#include <algorithm>
#include <cmath>
#include <optional>

#include "facecap/frame_view.hpp"
#include "image/planes.hpp"
#include "image/resampler.hpp"
#include "image/yuv_resampler.hpp"

namespace facecap {
namespace {

Size fit_inside(Size image, Size bounds) {
  const double scale = std::max(static_cast<double>(image.width) / bounds.width,
                                static_cast<double>(image.height) / bounds.height);
  const auto scaled = [scale](int length, int bound) {
    return std::clamp(static_cast<int>(std::lround(length / scale)), 1, bound);
  };
  return {scaled(image.width, bounds.width), scaled(image.height, bounds.height)};
}

Letterbox centre(Size image, Size content, Size target) {
  Letterbox letterbox;
  letterbox.target = target;
  letterbox.content.x1 = (target.width - content.width) / 2;
  letterbox.content.y1 = (target.height - content.height) / 2;
  letterbox.content.x2 = letterbox.content.x1 + content.width;
  letterbox.content.y2 = letterbox.content.y1 + content.height;
  letterbox.scale_x = static_cast<float>(static_cast<double>(image.width) / content.width);
  letterbox.scale_y = static_cast<float>(static_cast<double>(image.height) / content.height);
  return letterbox;
}

void clear_padding(const Letterbox& letterbox, float* planes) {
  const Rect& content = letterbox.content;
  const Size target = letterbox.target;
  const std::size_t plane_size = static_cast<std::size_t>(target.width) * target.height;
  for (int plane = 0; plane < 3; ++plane) {
    float* rows = planes + plane * plane_size;
    std::fill_n(rows, static_cast<std::size_t>(content.y1) * target.width, 0.0f);
    std::fill(rows + static_cast<std::size_t>(content.y2) * target.width, rows + plane_size, 0.0f);
    for (int y = content.y1; y < content.y2; ++y) {
      float* row = rows + static_cast<std::size_t>(y) * target.width;
      std::fill_n(row, content.x1, 0.0f);
      std::fill(row + content.x2, row + target.width, 0.0f);
    }
  }
}

/// `write_row(y, to, plane_size)` writes the content's row y into three planes that start at `to`.
template <typename WriteRow>
void write_content(WriteRow write_row, const Letterbox& letterbox, float* planes) {
  const Rect& content = letterbox.content;
  const Size target = letterbox.target;
  const std::size_t plane_size = static_cast<std::size_t>(target.width) * target.height;
  clear_padding(letterbox, planes);
  for (int y = 0; y < content.height(); ++y)
    write_row(y, planes + static_cast<std::size_t>(content.y1 + y) * target.width + content.x1, plane_size);
}

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

Box Letterbox::to_image(const Box& network) const {
  const Point top_left = to_image(Point{network.x1, network.y1});
  const Point bottom_right = to_image(Point{network.x2, network.y2});
  return {top_left.x, top_left.y, bottom_right.x, bottom_right.y};
}

Letterbox fit_letterbox(Size image, Size target) {
  return centre(image, fit_inside(image, target), target);
}

Letterbox fit_native(Size image, Size bounds, int multiple) {
  const bool fits = image.width <= bounds.width && image.height <= bounds.height;
  const Size content = fits ? image : fit_inside(image, bounds);
  return centre(image, content, {round_up(content.width, multiple), round_up(content.height, multiple)});
}

void letterbox_to_planes(const ImageView& image, const Letterbox& letterbox,
                         const Normalization& normalization, float* planes,
                         std::vector<std::uint8_t>& scratch) {
  const Size content{letterbox.content.width(), letterbox.content.height()};
  const ChannelPlan plan = plan_channels(image.color, normalization);
  std::optional<Resampler> resampler;
  if (image.size() != content) {
    resampler.emplace(image, Rect{0, 0, image.width, image.height}, content);
    scratch.resize(std::size_t{3} * content.width);
  }
  const auto write_row = [&](int y, float* to, std::size_t plane_size) {
    if (resampler) resampler->row(y, scratch.data());
    const std::uint8_t* row = resampler ? scratch.data() : image.data + y * image.stride;
    row_to_planes(row, content.width, plan, to, plane_size);
  };
  write_content(write_row, letterbox, planes);
}

void letterbox_to_planes(const YuvView& image, const Letterbox& letterbox, const Normalization& normalization,
                         float* planes) {
  const ChannelPlan plan = plan_channels(ColorOrder::rgb, normalization);
  YuvResampler resampler(image, Rect{0, 0, image.width, image.height},
                         {letterbox.content.width(), letterbox.content.height()});
  const auto write_row = [&](int y, float* to, std::size_t plane_size) {
    resampler.row_to_planes(y, plan, to, plane_size);
  };
  write_content(write_row, letterbox, planes);
}

}  // namespace facecap
