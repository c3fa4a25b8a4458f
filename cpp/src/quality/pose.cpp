#include <algorithm>
#include <cmath>
#include <limits>

#include "facecap/quality.hpp"

namespace facecap {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;
constexpr double kNoseRatio = 0.25;  // squared ratio of nose length to face length

struct Vector {
  double x = 0;
  double y = 0;
  double length() const { return std::hypot(x, y); }
};

Vector between(Point from, Point to) {
  return {double{to.x} - from.x, double{to.y} - from.y};
}

Vector middle(Point a, Point b) {
  return {(double{a.x} + b.x) / 2, (double{a.y} + b.y) / 2};
}

/// Squared depth of the facial normal's slant: the positive root of the weak-perspective equation of Gee and
/// Cipolla 1994. Of its two algebraic forms the one without cancellation is taken.
double squared_depth(double m1, double m2) {
  const double a = kNoseRatio - m1 - 2 * m2 * kNoseRatio;
  const double root = std::sqrt((m1 - kNoseRatio) * (m1 - kNoseRatio) + 4 * m1 * m2 * kNoseRatio);
  const double squared = a < 0 ? 2 * m2 * kNoseRatio / (root - a) : (a + root) / (2 * (1 - m2) * kNoseRatio);
  return std::clamp(squared, 0.0, 1.0);
}

}  // namespace

bool Pose::valid() const {
  return std::isfinite(yaw) && std::isfinite(pitch) && std::isfinite(roll);
}

Pose face_pose(const Landmarks& landmarks) {
  const Vector eyes = middle(landmarks[0], landmarks[1]);
  const Vector mouth = middle(landmarks[3], landmarks[4]);
  const Vector up{(eyes.x - mouth.x) / 2, (eyes.y - mouth.y) / 2};
  const Vector nose{landmarks[2].x - (eyes.x + mouth.x) / 2, landmarks[2].y - (eyes.y + mouth.y) / 2};
  const Vector eye_line = between(landmarks[0], landmarks[1]);
  const double face_length = 2 * up.length();
  const double nose_length = nose.length();
  if (!(face_length > 0) || !std::isfinite(face_length + nose_length + eye_line.length())) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    return {nan, nan, nan};
  }

  Vector slant;  // of the normal in the image plane
  double depth = 1;
  if (nose_length > 0) {
    const double ratio = nose_length / face_length;
    const double cosine = (up.x * nose.x + up.y * nose.y) / (up.length() * nose_length);
    const double squared = squared_depth(ratio * ratio, std::min(cosine * cosine, 1.0));
    depth = std::sqrt(squared);
    const double sine = std::sqrt(1 - squared);
    slant = {sine * nose.x / nose_length, sine * nose.y / nose_length};
  }
  const double yaw = std::min(std::atan2(std::abs(slant.x), depth), 1.0) * kDegrees;
  const double pitch = std::min(std::atan2(std::abs(slant.y), std::hypot(slant.x, depth)), 1.0) * kDegrees;
  const double roll = -std::atan2(eye_line.y, eye_line.x) * kDegrees;

  Pose pose;
  pose.yaw = static_cast<float>(nose.x < 0 ? -yaw : yaw);
  pose.pitch = static_cast<float>(nose.y > 0 ? -pitch : pitch);
  pose.roll = static_cast<float>(roll <= -180 ? 90 : std::clamp(roll, -90.0, 90.0));
  return pose;
}

float eye_distance(const Landmarks& landmarks) {
  return std::hypot(landmarks[1].x - landmarks[0].x, landmarks[1].y - landmarks[0].y);
}

}  // namespace facecap
