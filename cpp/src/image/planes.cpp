#include "image/planes.hpp"

#include "image/multiversion.hpp"

namespace facecap {
namespace {

FACECAP_MULTIVERSION void split(const std::uint8_t* row, int count, const float* mean, const float* scale,
                                float* __restrict first, float* __restrict second, float* __restrict third) {
  const float mean0 = mean[0], mean1 = mean[1], mean2 = mean[2];
  const float scale0 = scale[0], scale1 = scale[1], scale2 = scale[2];
  for (int i = 0; i < count; ++i) {
    first[i] = (static_cast<float>(row[3 * i]) - mean0) * scale0;
    second[i] = (static_cast<float>(row[3 * i + 1]) - mean1) * scale1;
    third[i] = (static_cast<float>(row[3 * i + 2]) - mean2) * scale2;
  }
}

}  // namespace

ChannelPlan plan_channels(ColorOrder picture, const Normalization& normalization) {
  ChannelPlan plan;
  for (int channel = 0; channel < 3; ++channel) {
    const int plane = picture == normalization.color ? channel : 2 - channel;
    plan.plane[channel] = plane;
    plan.mean[channel] = normalization.mean[plane];
    plan.scale[channel] = 1.0f / normalization.std[plane];
  }
  return plan;
}

void row_to_planes(const std::uint8_t* row, int count, const ChannelPlan& plan, float* planes,
                   std::size_t plane_size) {
  split(row, count, plan.mean.data(), plan.scale.data(), planes + plan.plane[0] * plane_size,
        planes + plan.plane[1] * plane_size, planes + plan.plane[2] * plane_size);
}

void to_planes(const ImageView& image, const Normalization& normalization, float* planes) {
  const ChannelPlan plan = plan_channels(image.color, normalization);
  const std::size_t plane_size = static_cast<std::size_t>(image.width) * image.height;
  for (int y = 0; y < image.height; ++y)
    row_to_planes(image.data + y * image.stride, image.width, plan,
                  planes + static_cast<std::size_t>(y) * image.width, plane_size);
}

}  // namespace facecap
