#pragma once

#include "facecap/geometry.hpp"

namespace facecap {

/// A square that a network's answer is relative to, in pixels of its input.
struct Prior {
  float center_x = 0;
  float center_y = 0;
  float size = 0;
};

/// How a network's box numbers are scaled.
struct BoxCoding {
  float center_variance = 0.1f;  // of the offset of a centre or a landmark, in prior sizes
  float size_variance = 0.2f;    // of the logarithm of width and height
};

/// Corners from offsets of the centre (x, y) and logarithms of width and height. Not finite where they are
/// not.
Box decode_box(const Prior& prior, const std::array<float, 4>& deltas, const BoxCoding& coding);

/// Five points from offsets x, y, x, y, ...
Landmarks decode_landmarks(const Prior& prior, const std::array<float, 10>& deltas, const BoxCoding& coding);

}  // namespace facecap
