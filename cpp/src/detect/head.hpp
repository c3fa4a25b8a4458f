#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "detect/scored_answer.hpp"
#include "facecap/geometry.hpp"
#include "runtime/detector_family.hpp"

namespace facecap {

/// One stride of a network: its cells, row by row.
struct Grid {
  int stride = 0;
  int columns = 0;
  int rows = 0;
  int first = 0;    // number of the level's first answer, in the order level, row, column, anchor
  int anchors = 1;  // answers a cell
  int cells() const { return columns * rows; }
  int answers() const { return cells() * anchors; }
  float column(int cell) const { return static_cast<float>(cell % columns); }
  float row(int cell) const { return static_cast<float>(cell / columns); }
};

/// What a network said: its outputs in the order of DetectorHead::outputs(), and the grids that they cover.
struct Answer {
  std::vector<Grid> grids;
  std::vector<const float*> outputs;
};

/// The form of one output a stride; DetectorHead::levels lists its outputs.
DetectorForm levels_form();

/// What one manifest says of a network's answers: which outputs there are, where their scores lie and what
/// their numbers mean, in pixels of the network's input. A family derives it in a file of its own.
class DetectorHead {
 public:
  /// `anchors` a level.
  DetectorHead(std::vector<int> strides, std::vector<int> anchors)
      : strides_(std::move(strides)), anchors_(std::move(anchors)) {}
  virtual ~DetectorHead() = default;

  /// All outputs for an input of this size; with none, sides that follow from the input are free.
  virtual std::vector<NetworkOutput> outputs(std::optional<Size> input) const = 0;
  /// Appends the answers whose score is above `threshold`, 0 to 1, in any order. NaN is no score.
  virtual void collect(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) const = 0;
  /// Not finite where the network's numbers are not.
  virtual Box box(const Answer& answer, const ScoredAnswer& candidate) const = 0;
  virtual Landmarks landmarks(const Answer& answer, const ScoredAnswer& candidate) const = 0;

  /// What suppression adds to x2 - x1 for the width of a box: 1 where the family takes corners for the first
  /// and the last pixel inside, 0 where it measures from corner to corner.
  virtual float edge() const = 0;

  std::vector<Grid> grids(Size input) const;

 protected:
  const std::vector<int>& strides() const { return strides_; }
  /// One output a stride, (1, channels * anchors, height / stride, width / stride).
  std::vector<NetworkOutput> levels(int channels, std::optional<Size> input) const;

 private:
  std::vector<int> strides_;
  std::vector<int> anchors_;
};

/// The numbers of one answer; `step` is their distance in memory.
template <std::size_t N>
std::array<float, N> numbers_at(const float* first, std::ptrdiff_t step) {
  std::array<float, N> numbers;
  for (std::size_t k = 0; k < N; ++k) numbers[k] = first[static_cast<std::ptrdiff_t>(k) * step];
  return numbers;
}

}  // namespace facecap
