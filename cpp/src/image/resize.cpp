#include <stdexcept>
#include <string>

#include "facecap/frame_view.hpp"
#include "image/resampler.hpp"
#include "image/yuv_resampler.hpp"

namespace facecap {
namespace {

template <typename AnyResampler, typename View>
void resize_rows(const View& image, const Rect& source, int width, int height, std::uint8_t* out) {
  if (source.empty() || source.x1 < 0 || source.y1 < 0 || source.x2 > image.width || source.y2 > image.height)
    throw std::invalid_argument("rectangle " + std::to_string(source.x1) + "," + std::to_string(source.y1) +
                                " to " + std::to_string(source.x2) + "," + std::to_string(source.y2) +
                                " is empty or not inside the " + std::to_string(image.width) + "x" +
                                std::to_string(image.height) + " picture");
  if (width < 1 || height < 1)
    throw std::invalid_argument("size is " + std::to_string(width) + "x" + std::to_string(height) +
                                ", wanted at least 1x1");
  AnyResampler resampler(image, source, {width, height});
  for (int y = 0; y < height; ++y) resampler.row(y, out + std::size_t{3} * width * y);
}

}  // namespace

void resize(const ImageView& image, const Rect& source, int width, int height, std::uint8_t* out) {
  resize_rows<Resampler>(image, source, width, height, out);
}

void resize(const YuvView& image, const Rect& source, int width, int height, std::uint8_t* out) {
  resize_rows<YuvResampler>(image, source, width, height, out);
}

}  // namespace facecap
