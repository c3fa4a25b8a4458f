#pragma once

#include <array>

#include "facecap/geometry.hpp"

namespace facecap {

/// Constant-velocity Kalman filter of a box as (centre x, centre y, aspect, height), one frame a step. All
/// its noises are diagonal, so the eight-dimensional filter falls apart into four of position and velocity.
class BoxFilter {
 public:
  /// A finite box of positive width and height.
  explicit BoxFilter(const Box& box);
  void predict();
  void update(const Box& box);
  /// Squared Mahalanobis distance of a box from the prediction, measurement noise included.
  double distance(const Box& box) const;
  /// The predicted or updated box; its sides may be negative after long coasting.
  std::array<double, 4> corners() const;

 private:
  struct Axis {
    double position = 0;
    double velocity = 0;
    double position_variance = 0;
    double covariance = 0;
    double velocity_variance = 0;
  };
  double variance(int axis, double share, double aspect) const;
  double measurement_variance(int axis) const;
  std::array<Axis, 4> axes_;
};

}  // namespace facecap
