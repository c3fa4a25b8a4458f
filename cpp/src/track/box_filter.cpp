#include "track/box_filter.hpp"

#include <algorithm>

namespace facecap {
namespace {

constexpr int kAspect = 2;
constexpr int kHeight = 3;

// Standard deviations (specification 5.1); shares of the height save for the aspect's.
constexpr double kNoise = 1.0 / 20;
constexpr double kVelocityNoise = 1.0 / 160;
constexpr double kStartNoise = 2 * kNoise;
constexpr double kStartVelocityNoise = 10 * kVelocityNoise;
constexpr double kAspectNoise = 0.1;
constexpr double kAspectVelocityNoise = 0.025;

double square(double value) {
  return value * value;
}

std::array<double, 4> measure(const Box& box) {
  const double width = double{box.x2} - box.x1;
  const double height = double{box.y2} - box.y1;
  return {(double{box.x1} + box.x2) / 2, (double{box.y1} + box.y2) / 2, width / height, height};
}

}  // namespace

BoxFilter::BoxFilter(const Box& box) {
  const std::array<double, 4> measured = measure(box);
  for (int i = 0; i < 4; ++i) {
    axes_[i].position = measured[i];
    axes_[i].position_variance = square(i == kAspect ? kAspectNoise : kStartNoise * measured[kHeight]);
    axes_[i].velocity_variance =
        square(i == kAspect ? kAspectVelocityNoise : kStartVelocityNoise * measured[kHeight]);
  }
}

/// Variance of a measurement, and of the position's process. Never 0: a height may coast through it.
double BoxFilter::noise(int axis) const {
  return square(axis == kAspect ? kAspectNoise : kNoise * std::max(axes_[kHeight].position, 1.0));
}

void BoxFilter::predict() {
  const double height = std::max(axes_[kHeight].position, 1.0);
  for (int i = 0; i < 4; ++i) {
    Axis& axis = axes_[i];
    const double position_noise = square(i == kAspect ? kAspectNoise : kNoise * height);
    const double velocity_noise = square(i == kAspect ? kAspectVelocityNoise : kVelocityNoise * height);
    axis.position += axis.velocity;
    axis.position_variance += 2 * axis.covariance + axis.velocity_variance + position_noise;
    axis.covariance += axis.velocity_variance;
    axis.velocity_variance += velocity_noise;
  }
}

void BoxFilter::update(const Box& box) {
  const std::array<double, 4> measured = measure(box);
  const std::array<double, 4> noises{noise(0), noise(1), noise(2), noise(3)};
  for (int i = 0; i < 4; ++i) {
    Axis& axis = axes_[i];
    const double total = axis.position_variance + noises[i];
    const double gain = axis.position_variance / total;
    const double velocity_gain = axis.covariance / total;
    const double innovation = measured[i] - axis.position;
    axis.position += gain * innovation;
    axis.velocity += velocity_gain * innovation;
    axis.velocity_variance -= velocity_gain * axis.covariance;
    axis.covariance *= noises[i] / total;
    axis.position_variance *= noises[i] / total;
  }
}

double BoxFilter::distance(const Box& box) const {
  const std::array<double, 4> measured = measure(box);
  double sum = 0;
  for (int i = 0; i < 4; ++i)
    sum += square(measured[i] - axes_[i].position) / (axes_[i].position_variance + noise(i));
  return sum;
}

std::array<double, 4> BoxFilter::corners() const {
  const double height = axes_[kHeight].position;
  const double width = axes_[kAspect].position * height;
  return {axes_[0].position - width / 2, axes_[1].position - height / 2, axes_[0].position + width / 2,
          axes_[1].position + height / 2};
}

}  // namespace facecap
