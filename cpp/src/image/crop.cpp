#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "facecap/image.hpp"

namespace facecap {
namespace {

constexpr double kMillionth = 1e6;  // borders are decimal numbers: counted in millionths they are exact

/// Whole pixels toward zero, into [0, length - 1].
int clip(double millionths, int length) {
  return static_cast<int>(std::clamp(millionths / kMillionth, 0.0, length - 1.0));
}

}  // namespace

Rect crop_rect(const Box& box, Size frame, float border) {
  const bool finite =
      std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2);
  if (!finite || box.width() <= 0 || box.height() <= 0) return {};
  const double share = kMillionth / 2 + std::round(kMillionth * border);
  const double centre_x = kMillionth * std::trunc((double{box.x1} + box.x2) / 2);
  const double centre_y = kMillionth * std::trunc((double{box.y1} + box.y2) / 2);
  const double half_width = share * std::trunc(double{box.x2} - box.x1);
  const double half_height = share * std::trunc(double{box.y2} - box.y1);
  return {clip(centre_x - half_width, frame.width), clip(centre_y - half_height, frame.height),
          clip(centre_x + half_width, frame.width), clip(centre_y + half_height, frame.height)};
}

Rect require_crop_rect(const Box& box, Size frame, float border) {
  const Rect rect = crop_rect(box, frame, border);
  if (!rect.empty()) return rect;
  std::ostringstream text;
  text << "box (" << box.x1 << ", " << box.y1 << ", " << box.x2 << ", " << box.y2
       << ") covers no pixel of the " << frame.width << "x" << frame.height << " picture";
  throw std::invalid_argument(text.str());
}

Image crop_face(const ImageView& image, const Box& box, int size, float border) {
  const Rect rect = require_crop_rect(box, image.size(), border);
  Image crop{std::vector<std::uint8_t>(std::size_t{3} * size * size), size, size, image.color};
  resize(image, rect, size, size, crop.pixels.data());
  return crop;
}

}  // namespace facecap
