#include "track/box_filter.hpp"

#include <algorithm>

namespace facecap {
namespace {

constexpr int kAspect = 2;
constexpr int kHeight = 3;

// Standard deviations (docs/capture-flow.md, "Tracking"); shares of the height save for the aspect's.
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
  for (int i = 0; i < 4; ++i) axes_[i].position = measured[i];
  for (int i = 0; i < 4; ++i) {
    axes_[i].position_variance = variance(i, kStartNoise, kAspectNoise);
    axes_[i].velocity_variance = variance(i, kStartVelocityNoise, kAspectVelocityNoise);
  }
}

void BoxFilter::predict() {
  // The height comes last, so that all variances go by the height before the step.
  for (int i = 0; i < 4; ++i) {
    Axis& axis = axes_[i];
    axis.position_variance +=
        2 * axis.covariance + axis.velocity_variance + variance(i, kNoise, kAspectNoise);
    axis.covariance += axis.velocity_variance;
    axis.velocity_variance += variance(i, kVelocityNoise, kAspectVelocityNoise);
    axis.position += axis.velocity;
  }
}

/// Of a noise that is a share of the height, or for the aspect a number. Never 0: a height may coast to 0.
double BoxFilter::variance(int axis, double share, double aspect) const {
  return square(axis == kAspect ? aspect : share * std::max(axes_[kHeight].position, 1.0));
}

double BoxFilter::measurement_variance(int axis) const {
  return variance(axis, kNoise, kAspectNoise);
}

void BoxFilter::update(const Box& box) {
  const std::array<double, 4> measured = measure(box);
  const std::array<double, 4> noises{measurement_variance(0), measurement_variance(1),
                                     measurement_variance(2), measurement_variance(3)};
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
    sum += square(measured[i] - axes_[i].position) / (axes_[i].position_variance + measurement_variance(i));
  return sum;
}

std::array<double, 4> BoxFilter::corners() const {
  const double height = axes_[kHeight].position;
  const double width = axes_[kAspect].position * height;
  return {axes_[0].position - width / 2, axes_[1].position - height / 2, axes_[0].position + width / 2,
          axes_[1].position + height / 2};
}

}  // namespace facecap
