#pragma once

#include <algorithm>
#include <cstdint>

#include "facecap/frame_view.hpp"

namespace facecap {

/// Limited range to 0 to 255, and chroma to colour differences: ITU-R BT.601 with Kr 0.299 and Kb 0.114.
constexpr float kLumaGain = 255.0f / 219;
constexpr float kChromaGain = 255.0f / 224;
constexpr float kRedOfV = kChromaGain * 1.402f;
constexpr float kGreenOfU = -kChromaGain * 0.344136f;
constexpr float kGreenOfV = -kChromaGain * 0.714136f;
constexpr float kBlueOfU = kChromaGain * 1.772f;

inline std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f) + 0.5f));
}

/// Three bytes, RGB.
inline void yuv_to_rgb(float y, float u, float v, std::uint8_t* rgb) {
  const float grey = kLumaGain * (y - 16);
  const float blue = u - 128;
  const float red = v - 128;
  rgb[0] = to_byte(grey + kRedOfV * red);
  rgb[1] = to_byte(grey + kGreenOfU * blue + kGreenOfV * red);
  rgb[2] = to_byte(grey + kBlueOfU * blue);
}

}  // namespace facecap
