#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "facecap/quality.hpp"

namespace facecap {
namespace {

constexpr double kRadian = 3.14159265358979323846 / 180;
constexpr double kSmallFace = 0.06;     // mean side over picture height
constexpr double kMiddleFace = 0.0685;  // the same
constexpr double kEyeStandard = 80;     // pixels
constexpr double kSharpFace = 90 * 90;  // pixels; a smaller face looks sharper than it is

double distance(Point a, Point b) {
  return std::hypot(double{b.x} - a.x, double{b.y} - a.y);
}

bool finite(const Box& box, const Landmarks& landmarks) {
  double sum = double{box.x1} + box.y1 + box.x2 + box.y2;  // cannot overflow: the terms are floats
  for (const Point& point : landmarks) sum += double{point.x} + point.y;
  return std::isfinite(sum);
}

/// The rules that a usable face keeps (docs/capture-flow.md, "Posture and area").
bool plausible(const Box& box, const Landmarks& points) {
  const auto& [left_eye, right_eye, nose, left_mouth, right_mouth] = points;
  const double width = double{box.x2} - box.x1;
  const double height = double{box.y2} - box.y1;
  if (!(width > 0) || !(height > 0) || width * height < 625) return false;
  if (std::max({right_eye.x, nose.x, right_mouth.x}) > box.x2) return false;
  if (std::min({left_eye.x, nose.x, left_mouth.x}) < box.x1) return false;
  const double slack = 0.01 * width;
  if (double{nose.x} - std::min(left_eye.x, left_mouth.x) + slack < 0) return false;
  if (double{std::max(right_eye.x, right_mouth.x)} - nose.x + slack < 0) return false;
  if (distance(left_eye, right_eye) / width < 0.25) return false;
  if (distance(left_mouth, right_mouth) / width < 0.15) return false;
  return std::min(left_eye.y, right_eye.y) >= box.y1 && std::max(left_mouth.y, right_mouth.y) <= box.y2;
}

bool near_border(const Box& box, Size image, double width, double height) {
  return box.x1 < 0.5 * width || image.width - double{box.x2} < 0.5 * width || box.y1 < 0.5 * height ||
         image.height - double{box.y2} < 0.5 * height;
}

}  // namespace

float posture_quality(const QualityInput& face) {
  const Pose pose = face_pose(face.landmarks);
  if (!finite(face.box, face.landmarks) || !pose.valid() || face.image.height <= 0 ||
      !plausible(face.box, face.landmarks))
    return 0;
  const double width = double{face.box.x2} - face.box.x1;
  const double height = double{face.box.y2} - face.box.y1;
  const double share = (width + height) / 2 / face.image.height;
  double posture =
      1 -
      (std::abs(pose.yaw) * kRadian + std::abs(pose.pitch) * kRadian + 0.5 * std::abs(pose.roll) / 90) / 3;
  double weight = 0.4;
  double size = 0;
  double area = 0;
  if (share >= kMiddleFace) {
    weight = 0.8;
    size = distance(face.landmarks[0], face.landmarks[1]) / width +
           distance(face.landmarks[3], face.landmarks[4]) / width;
    area = 0.23 + (2 - 1 / (4.38 * share + 0.2)) / 5;
  } else if (share >= kSmallFace) {
    weight = 0.6;
    posture = std::min(posture, 0.8);
    size = 0.75;
    area = std::log(20 * share) / std::log(4.0);
  }
  if (face.refined && share > kSmallFace) weight = 0.8;
  double score = weight * posture + 0.2 * size + area - 0.2 * face.blur;
  if (near_border(face.box, face.image, width, height)) score -= 0.2;
  // Also where blur is not a number.
  return std::abs(score) <= std::numeric_limits<float>::max() ? static_cast<float>(score) : 0;
}

float eye_distance_quality(const Landmarks& landmarks) {
  const double distance = facecap::eye_distance(landmarks);
  return std::isnan(distance) ? 0 : static_cast<float>(std::min(1.0, distance / kEyeStandard));
}

Rect sharpness_area(const Box& box, const Landmarks& landmarks, Size image) {
  if (!finite(box, landmarks)) return {};
  const auto& [left_eye, right_eye, nose, left_mouth, right_mouth] = landmarks;
  const auto span = [](float from, float to, float box_from, float box_to, int limit) {
    const double start = std::floor(box_from);
    const double low = std::clamp(start, 0.0, double(std::max(limit, 0)));
    const double high = std::clamp(std::ceil(double{box_to}), low, std::max(low, double(limit)));
    const auto pixel = [&](float at) {
      return static_cast<int>(std::clamp(start + std::trunc(double{at} - box_from), low, high));
    };
    return std::pair(pixel(from), pixel(to));
  };
  const auto [x1, x2] = span(std::min(left_eye.x, left_mouth.x), std::max(right_eye.x, right_mouth.x), box.x1,
                             box.x2, image.width);
  const auto [y1, y2] = span(std::min(left_eye.y, right_eye.y), std::max(left_mouth.y, right_mouth.y), box.y1,
                             box.y2, image.height);
  return {x1, y1, x2, y2};
}

float sharpness(float variance, const Box& box) {
  const double area = double{box.width()} * box.height();
  const double share = area > 0 ? std::min(1.0, area / kSharpFace) : 0.0;
  return static_cast<float>(variance * share);
}

}  // namespace facecap
