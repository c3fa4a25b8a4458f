#pragma once

#include <array>

namespace facecap {

struct Point {
  float x = 0;
  float y = 0;
};

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size& other) const { return width == other.width && height == other.height; }
  bool operator!=(const Size& other) const { return !(*this == other); }
};

/// Corners in pixels, origin top left. Width is x2 - x1.
struct Box {
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;
  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
};

/// Eye at image left, eye at image right, nose tip, mouth corner at image left, mouth corner at image right.
using Landmarks = std::array<Point, 5>;

/// Whole pixels, from x1, y1 up to but without x2, y2.
struct Rect {
  int x1 = 0;
  int y1 = 0;
  int x2 = 0;
  int y2 = 0;
  int width() const { return x2 - x1; }
  int height() const { return y2 - y1; }
  bool empty() const { return x2 <= x1 || y2 <= y1; }
};

}  // namespace facecap
