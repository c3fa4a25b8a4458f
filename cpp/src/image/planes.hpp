#pragma once

#include "facecap/image.hpp"

namespace facecap {

/// What `Normalization` does to the channels of a picture, in the picture's own order.
struct ChannelPlan {
  std::array<int, 3> plane{};  // where a channel goes
  std::array<float, 3> mean{};
  std::array<float, 3> scale{};  // 1 / std
};

ChannelPlan plan_channels(ColorOrder picture, const Normalization& normalization);

/// Normalizes `count` interleaved pixels into three planes that start at `planes`, `plane_size` apart.
void row_to_planes(const std::uint8_t* row, int count, const ChannelPlan& plan, float* planes,
                   std::size_t plane_size);

}  // namespace facecap
