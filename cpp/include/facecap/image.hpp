#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "facecap/geometry.hpp"

namespace facecap {

enum class ColorOrder { bgr, rgb };

/// A picture that somebody else owns: 8 bits a channel, three interleaved channels, rows `stride` bytes
/// apart.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
  ColorOrder color = ColorOrder::bgr;
  Size size() const { return {width, height}; }
};

/// A picture that owns its pixels; rows are packed.
struct Image {
  std::vector<std::uint8_t> pixels;
  int width = 0;
  int height = 0;
  ColorOrder color = ColorOrder::bgr;
  ImageView view() const { return {pixels.data(), width, height, std::ptrdiff_t{3} * width, color}; }
};

/// How a network wants its pixels: planar float32, (pixel - mean) / std a plane, planes in the order of
/// `color`.
struct Normalization {
  ColorOrder color = ColorOrder::rgb;
  std::array<float, 3> mean{};
  std::array<float, 3> std{1, 1, 1};
};

/// Where a picture lies within a network's input: network = picture / scale + pad. The scales differ where
/// the content was rounded to whole pixels.
struct Letterbox {
  Size target;
  Rect content;       // the part of the target that the picture covers
  float scale_x = 1;  // picture pixels a network pixel
  float scale_y = 1;
  Point to_image(Point network) const {
    return {(network.x - content.x1) * scale_x, (network.y - content.y1) * scale_y};
  }
  Box to_image(const Box& network) const;
};

/// Fits a picture into `target`, aspect kept, centred.
Letterbox fit_letterbox(Size image, Size target);

/// Shrinks a picture into `bounds` with its own aspect where it is larger, never enlarges it; the target is
/// padded up to a multiple of `multiple`.
Letterbox fit_native(Size image, Size bounds, int multiple);

/// Writes the picture into `planes` (3 x target height x target width); padding is 0, the mean pixel.
/// Shrinks by area, enlarges bilinearly. `scratch` is reused between calls.
void letterbox_to_planes(const ImageView& image, const Letterbox& letterbox,
                         const Normalization& normalization, float* planes,
                         std::vector<std::uint8_t>& scratch);

/// Writes a packed picture of the network's own size into `planes`, normalized.
void to_planes(const ImageView& image, const Normalization& normalization, float* planes);

/// Resizes `source` of the picture to width x height packed pixels, aspect not kept; area when shrinking,
/// bilinear when enlarging. Throws std::invalid_argument where `source` is empty or outside the picture.
void resize(const ImageView& image, const Rect& source, int width, int height, std::uint8_t* out);

/// The rectangle that is cut for a face: the box grown by `border` of its size on each side about its centre,
/// clipped to [0, size - 1] of the frame; centre, width, height and corners are cut to whole pixels toward
/// zero (docs/capture-flow.md, "Crop"). Empty where nothing of it is inside or it is not finite.
Rect crop_rect(const Box& box, Size frame, float border);

/// The same; throws std::invalid_argument where it is empty.
Rect require_crop_rect(const Box& box, Size frame, float border);

/// The crop of `crop_rect`, resized to size x size.
Image crop_face(const ImageView& image, const Box& box, int size, float border);

/// Rows of the 2x3 matrix that takes image points to output points.
using Similarity = std::array<float, 6>;

/// Least-squares similarity without reflection from five image points to the 112x112 template scaled to
/// `size` (Umeyama 1991). Throws std::invalid_argument where the points coincide or are not finite.
Similarity fit_alignment(const Landmarks& landmarks, int size);

/// Warps the picture by `fit_alignment`, bilinear, black outside.
Image align_face(const ImageView& image, const Landmarks& landmarks, int size);

/// Population variance of the 4-neighbour Laplacian of the grey values inside `area` (docs/capture-flow.md,
/// "Sharpness"); 0 where the area is smaller than 3x3.
float laplacian_variance(const ImageView& image, const Rect& area);

}  // namespace facecap
