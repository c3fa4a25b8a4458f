#pragma once

#include <variant>

#include "facecap/image.hpp"

namespace facecap {

enum class ChromaOrder { vu, uv };  // NV21, NV12

/// A picture of somebody else in the format that cameras give: a plane of luma and one of interleaved chroma
/// pairs, a pair for 2x2 pixels, (width + 1) / 2 pairs a row and (height + 1) / 2 rows. ITU-R BT.601, limited
/// range: luma 16 to 235, chroma 16 to 240 about 128.
struct YuvView {
  const std::uint8_t* luma = nullptr;
  const std::uint8_t* chroma = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t luma_stride = 0;    // bytes from row to row
  std::ptrdiff_t chroma_stride = 0;  // the same, of the chroma plane
  ChromaOrder order = ChromaOrder::vu;
  Size size() const { return {width, height}; }
};

/// Any picture that the pipeline takes.
using FrameView = std::variant<ImageView, YuvView>;

inline Size size_of(const FrameView& frame) {
  return std::visit([](const auto& picture) { return picture.size(); }, frame);
}

/// The colour order in which crops of the frame are kept: its own, RGB where it has none.
inline ColorOrder crop_color(const FrameView& frame) {
  const auto* image = std::get_if<ImageView>(&frame);
  return image ? image->color : ColorOrder::rgb;
}

// As their namesakes of image.hpp. Chroma is taken as constant over its 2x2 pixels. Luma and chroma are
// resampled before they become RGB; since both steps are linear the result is that of the RGB picture up to
// rounding (1 of 255), but where colours outside of the RGB cube are averaged: there RGB would be cut off
// before the average, here after it.

/// The network gets the values before they are rounded to bytes.
void letterbox_to_planes(const YuvView& image, const Letterbox& letterbox, const Normalization& normalization,
                         float* planes);

/// Packed pixels in RGB.
void resize(const YuvView& image, const Rect& source, int width, int height, std::uint8_t* out);

/// In RGB.
Image align_face(const YuvView& image, const Landmarks& landmarks, int size);

/// Of the luma plane alone, stretched to 0 to 255.
float laplacian_variance(const YuvView& image, const Rect& area);

}  // namespace facecap
