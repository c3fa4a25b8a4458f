#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "facecap/frame_view.hpp"
#include "image/yuv_color.hpp"

namespace facecap {
namespace {

/// Where the five points lie in an aligned picture of 112 x 112.
constexpr std::array<std::array<double, 2>, 5> kTemplate{
    {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}}};
constexpr double kTemplateSize = 112;

struct Vector {
  double x = 0;
  double y = 0;
};

void read_pixel(const ImageView& image, int x, int y, std::uint8_t* out) {
  std::copy_n(image.data + y * image.stride + 3 * std::ptrdiff_t{x}, 3, out);
}

void read_pixel(const YuvView& image, int x, int y, std::uint8_t* out) {
  const std::uint8_t* pair = image.chroma + (y / 2) * image.chroma_stride + 2 * std::ptrdiff_t{x / 2};
  const int blue = image.order == ChromaOrder::uv ? 0 : 1;
  const float luma = image.luma[y * image.luma_stride + x];
  const float u = pair[blue], v = pair[1 - blue];
  out[0] = to_byte(red_of(luma, v));
  out[1] = to_byte(green_of(luma, u, v));
  out[2] = to_byte(blue_of(luma, u));
}

/// The picture's values at a point between pixel centres; black outside.
template <typename View>
void sample(const View& image, double x, double y, std::uint8_t* out) {
  const double left = std::floor(x);
  const double top = std::floor(y);
  if (!(left >= -1 && top >= -1 && left < image.width && top < image.height)) {
    std::fill_n(out, 3, std::uint8_t{0});
    return;
  }
  const int column = static_cast<int>(left);
  const int row = static_cast<int>(top);
  const float right_share = static_cast<float>(x - left);
  const float bottom_share = static_cast<float>(y - top);
  const float shares[4] = {(1 - right_share) * (1 - bottom_share), right_share * (1 - bottom_share),
                           (1 - right_share) * bottom_share, right_share * bottom_share};
  float sum[3] = {0.5f, 0.5f, 0.5f};
  for (int k = 0; k < 4; ++k) {
    const int px = column + k % 2;
    const int py = row + k / 2;
    if (px < 0 || py < 0 || px >= image.width || py >= image.height) continue;
    std::uint8_t pixel[3];
    read_pixel(image, px, py, pixel);
    for (int c = 0; c < 3; ++c) sum[c] += shares[k] * static_cast<float>(pixel[c]);
  }
  for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(static_cast<int>(sum[c]));
}

template <typename View>
Image align(const View& image, ColorOrder color, const Landmarks& landmarks, int size) {
  const Similarity forward = fit_alignment(landmarks, size);
  const double square = double{forward[0]} * forward[0] + double{forward[3]} * forward[3];
  const double cosine = forward[0] / square, sine = forward[3] / square;  // of the way back
  Image aligned{std::vector<std::uint8_t>(std::size_t{3} * size * size), size, size, color};
  std::uint8_t* out = aligned.pixels.data();
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x, out += 3) {
      const double u = x - forward[2];
      const double v = y - forward[5];
      sample(image, cosine * u + sine * v, cosine * v - sine * u, out);
    }
  return aligned;
}

}  // namespace

Similarity fit_alignment(const Landmarks& landmarks, int size) {
  const double template_scale = size / kTemplateSize;
  Vector from_mean, to_mean;
  for (std::size_t i = 0; i < landmarks.size(); ++i) {
    from_mean.x += landmarks[i].x / 5.0;
    from_mean.y += landmarks[i].y / 5.0;
    to_mean.x += kTemplate[i][0] * template_scale / 5.0;
    to_mean.y += kTemplate[i][1] * template_scale / 5.0;
  }
  double spread = 0, dot = 0, cross = 0;
  for (std::size_t i = 0; i < landmarks.size(); ++i) {
    const Vector from{landmarks[i].x - from_mean.x, landmarks[i].y - from_mean.y};
    const Vector to{kTemplate[i][0] * template_scale - to_mean.x,
                    kTemplate[i][1] * template_scale - to_mean.y};
    spread += from.x * from.x + from.y * from.y;
    dot += from.x * to.x + from.y * to.y;
    cross += from.x * to.y - from.y * to.x;
  }
  // In the plane the least-squares rotation with scale is one complex number, dot + i cross over the spread.
  const double cosine = dot / spread;
  const double sine = cross / spread;
  if (!std::isfinite(cosine) || !std::isfinite(sine) || cosine * cosine + sine * sine == 0)
    throw std::invalid_argument("landmarks coincide or are not finite: no alignment fits them");
  return {static_cast<float>(cosine),
          static_cast<float>(-sine),
          static_cast<float>(to_mean.x - cosine * from_mean.x + sine * from_mean.y),
          static_cast<float>(sine),
          static_cast<float>(cosine),
          static_cast<float>(to_mean.y - sine * from_mean.x - cosine * from_mean.y)};
}

Image align_face(const ImageView& image, const Landmarks& landmarks, int size) {
  return align(image, image.color, landmarks, size);
}

Image align_face(const YuvView& image, const Landmarks& landmarks, int size) {
  return align(image, ColorOrder::rgb, landmarks, size);
}

}  // namespace facecap
