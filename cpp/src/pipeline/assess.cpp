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

/// Comparisons are written so that a Laplacian that was not measured scores 0.
float score(const DetectedFace& face, const CaptureConfig& config) {
  const QualityInput input{face.box, face.landmarks, face.frame};
  switch (config.quality_method) {
    case QualityMethod::eye_distance:
      return eye_distance_quality(face.landmarks);
    case QualityMethod::laplacian:
      // docs/capture-flow.md, "Sharpness": 112 * 112 pixels, 8 the kernel's gain.
      return face.laplacian >= 0 ? std::min(1.0f, face.laplacian / (12544.0f * 8)) : 0.0f;
    case QualityMethod::posture_laplacian: {
      const float posture = posture_quality(input);
      if (posture < 0.1f) return posture;
      return sharpness(face.laplacian, face.box) >= config.min_sharpness ? posture : 0.0f;
    }
    case QualityMethod::posture:
      break;
  }
  return posture_quality(input);
}

/// Whether nothing is inside the frame of what a stage would cut for this face.
bool out_of_frame(const DetectedFace& face, const CaptureConfig& config, const RefinerSpec* refiner) {
  const auto empty = [&](float border) { return crop_rect(face.box, face.frame, border).empty(); };
  return empty(config.crop_border) || (refiner && empty(refiner->crop_border));
}

}  // namespace

float measure_laplacian(const FrameView& frame, const Box& box, const Landmarks& landmarks,
                        const CaptureConfig& config) {
  const bool asked = config.quality_method == QualityMethod::laplacian ||
                     config.quality_method == QualityMethod::posture_laplacian;
  if (!asked || !face_pose(landmarks).valid()) return kNotKnown;
  const Rect area = sharpness_area(box, landmarks, size_of(frame));
  return std::visit([&](const auto& picture) { return laplacian_variance(picture, area); }, frame);
}

Assessment assess(const DetectedFace& face, const CaptureConfig& config) {
  Assessment result;
  result.pose = face_pose(face.landmarks);
  result.rejection = limits(face.box, result.pose, config);
  if (!result.rejection) result.quality = score(face, config);
  return result;
}

Candidate candidate_of(const DetectedFace& face, const Assessment& assessment, const Areas& areas,
                       const CaptureConfig& config, const RefinerSpec* refiner) {
  Candidate candidate;
  candidate.quality = assessment.quality;
  candidate.eye_distance = eye_distance(face.landmarks);
  candidate.rejection = areas.allow(face.box, face.frame) ? assessment.rejection : Reason::outside_area;
  if (!candidate.rejection && candidate.quality >= config.min_quality && out_of_frame(face, config, refiner))
    candidate.rejection = Reason::crop_failed;
  return candidate;
}

void take_look(Candidate& candidate, const DetectedFace& face, const Refinement& look,
               const RefinerSpec* refiner) {
  if (refiner && look.face_prob < refiner->not_a_face) {
    candidate.rejection = Reason::not_a_face;
    return;
  }
  candidate.refined_eye_distance = eye_distance(look.landmarks);
  candidate.landmark_confidence = look.face_prob;
  candidate.refined_quality = posture_quality({face.box, look.landmarks, face.frame, true, look.blur});
}

TrackerOptions tracker_options(const CaptureConfig& config) {
  TrackerOptions options;
  options.min_hits = config.min_hits;
  options.max_unmatched = config.miss_limit;
  return options;
}

}  // namespace facecap
