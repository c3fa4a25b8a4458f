#pragma once

#include <cstddef>
#include <vector>

#include "facecap/geometry.hpp"

namespace facecap {

/// Shares of a frame's width and height, 0 to 1 from its top left.
struct Corner {
  double x = 0;
  double y = 0;
};

/// In order; the last is joined to the first.
using Polygon = std::vector<Corner>;

/// Where in a frame faces are captured (docs/capture-flow.md, "Areas").
class Areas {
 public:
  static constexpr std::size_t kMostPolygons = 64;  // of `ignore`, and of `only`
  static constexpr std::size_t kMostCorners = 256;  // of a polygon

  /// Everywhere.
  Areas() = default;
  /// Throws std::invalid_argument that names the polygon: one of fewer than 3 corners or without an area,
  /// a corner outside of the frame, more of either than above.
  Areas(std::vector<Polygon> ignore, std::vector<Polygon> only);

  /// Whether the middle of the box, held to the frame, lies in none of `ignore` and, where there are any, in
  /// one of `only`. Of a middle that is not finite: false, but where there is no area at all.
  bool allow(const Box& box, Size frame) const;

  const std::vector<Polygon>& ignore() const { return ignore_; }
  const std::vector<Polygon>& only() const { return only_; }

 private:
  std::vector<Polygon> ignore_;
  std::vector<Polygon> only_;
};

}  // namespace facecap
