#pragma once

#include <algorithm>
#include <cstdint>

namespace facecap {

/// Limited range to 0 to 255, and chroma to colour differences: ITU-R BT.601 with Kr 0.299 and Kb 0.114.
constexpr float kLumaGain = 255.0f / 219;
constexpr float kChromaGain = 255.0f / 224;
constexpr float kRedOfV = kChromaGain * 1.402f;
constexpr float kGreenOfU = -kChromaGain * 0.344136f;
constexpr float kGreenOfV = -kChromaGain * 0.714136f;
constexpr float kBlueOfU = kChromaGain * 1.772f;

/// A colour value cut off at black and full.
inline float cut_off(float value) {
  return std::min(std::max(value, 0.0f), 255.0f);
}

inline float red_of(float y, float v) {
  return cut_off(kLumaGain * (y - 16) + kRedOfV * (v - 128));
}

inline float green_of(float y, float u, float v) {
  return cut_off(kLumaGain * (y - 16) + kGreenOfU * (u - 128) + kGreenOfV * (v - 128));
}

inline float blue_of(float y, float u) {
  return cut_off(kLumaGain * (y - 16) + kBlueOfU * (u - 128));
}

/// `value` is 0 to 255.
inline std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(static_cast<int>(value + 0.5f));
}

}  // namespace facecap
