#pragma once

#include "facecap/geometry.hpp"

namespace facecap {

/// Degrees; not finite where the five points are degenerate. yaw < 0: the nose is left of the face's middle.
/// pitch < 0: the nose is below the middle of eyes and mouth. roll < 0: the eye at image right is lower.
struct Pose {
  float yaw = 0;
  float pitch = 0;
  float roll = 0;
  bool valid() const;
};

/// Pose from five points (docs/capture-flow.md, "Pose"). yaw and pitch saturate at one radian, roll at 90
/// degrees.
Pose face_pose(const Landmarks& landmarks);

float eye_distance(const Landmarks& landmarks);

struct QualityInput {
  Box box;
  Landmarks landmarks;
  Size image;
  bool refined = false;  // the points come from a refinement stage
  float blur = 0;        // 0 sharp .. 1 blurred
};

/// Posture and area (docs/capture-flow.md, "Posture and area"); 0 for a face that breaks its rules or is
/// degenerate. About -0.2 to 1.5.
float posture_quality(const QualityInput& face);

/// min(1, eye distance / 80 px).
float eye_distance_quality(const Landmarks& landmarks);

/// The rectangle spanned by eyes and mouth inside the picture, for `laplacian_variance`.
Rect sharpness_area(const Box& box, const Landmarks& landmarks, Size image);

/// V * min(1, W * H / 8100).
float sharpness(float variance, const Box& box);

}  // namespace facecap
