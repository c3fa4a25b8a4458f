#include "pipeline/assess.hpp"

#include <algorithm>
#include <cmath>

namespace facecap {
namespace {

std::optional<Reason> limits(const Box& box, const Pose& pose, const CaptureConfig& config) {
  if (config.min_face >= 0 && (box.width() < config.min_face || box.height() < config.min_face))
    return Reason::too_small;
  if (config.max_face >= 0 && (box.width() > config.max_face || box.height() > config.max_face))
    return Reason::too_large;
  if (!pose.valid()) return Reason::invalid_pose;
  if (std::abs(pose.yaw) > config.max_yaw) return Reason::extreme_yaw;
  if (std::abs(pose.pitch) > config.max_pitch) return Reason::extreme_pitch;
  if (std::abs(pose.roll) > config.max_roll) return Reason::extreme_roll;
  return {};
}

float score(const FrameView& frame, const Box& box, const Landmarks& landmarks, const CaptureConfig& config) {
  const QualityInput face{box, landmarks, size_of(frame)};
  const auto variance = [&] {
    const Rect area = sharpness_area(box, landmarks, size_of(frame));
    return std::visit([&](const auto& picture) { return laplacian_variance(picture, area); }, frame);
  };
  switch (config.quality_method) {
    case QualityMethod::eye_distance:
      return eye_distance_quality(landmarks);
    case QualityMethod::laplacian:
      // docs/capture-flow.md, "Sharpness": 112 * 112 pixels, 8 the kernel's gain.
      return std::min(1.0f, variance() / (12544.0f * 8));
    case QualityMethod::posture_laplacian: {
      const float posture = posture_quality(face);
      if (posture < 0.1f) return posture;
      return sharpness(variance(), box) < config.min_sharpness ? 0.0f : posture;
    }
    case QualityMethod::posture:
      break;
  }
  return posture_quality(face);
}

}  // namespace

Assessment assess(const FrameView& frame, const Box& box, const Landmarks& landmarks,
                  const CaptureConfig& config) {
  Assessment result;
  result.pose = face_pose(landmarks);
  result.rejection = limits(box, result.pose, config);
  if (!result.rejection) result.quality = score(frame, box, landmarks, config);
  return result;
}

}  // namespace facecap
