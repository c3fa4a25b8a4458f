#include <stdexcept>
#include <string>

#include "image/resampler.hpp"

namespace facecap {

void resize(const ImageView& image, const Rect& source, int width, int height, std::uint8_t* out) {
  if (source.empty() || source.x1 < 0 || source.y1 < 0 || source.x2 > image.width || source.y2 > image.height)
    throw std::invalid_argument("rectangle " + std::to_string(source.x1) + "," + std::to_string(source.y1) +
                                " to " + std::to_string(source.x2) + "," + std::to_string(source.y2) +
                                " is empty or not inside the " + std::to_string(image.width) + "x" +
                                std::to_string(image.height) + " picture");
  if (width < 1 || height < 1)
    throw std::invalid_argument("size is " + std::to_string(width) + "x" + std::to_string(height) +
                                ", wanted at least 1x1");
  Resampler resampler(image, source, {width, height});
  for (int y = 0; y < height; ++y) resampler.row(y, out + std::size_t{3} * width * y);
}

}  // namespace facecap
