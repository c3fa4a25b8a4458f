#include "facecap/areas.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

namespace facecap {
namespace {

/// Above 0 where `p` lies to the one side of the line through `a` and `b`, below 0 to the other.
double side(Corner a, Corner b, Corner p) {
  return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
}

bool between(double a, double b, double value) {
  return std::min(a, b) <= value && value <= std::max(a, b);
}

/// By the even-odd rule; a point on an edge is inside.
bool inside(const Polygon& polygon, Corner p) {
  bool odd = false;
  Corner a = polygon.back();
  for (const Corner& b : polygon) {
    const double turn = side(a, b, p);
    if (turn == 0 && between(a.x, b.x, p.x) && between(a.y, b.y, p.y)) return true;
    // The ray to the right crosses the edge: of the two ends the upper one counts.
    if ((a.y > p.y) != (b.y > p.y) && (turn > 0) == (b.y > a.y)) odd = !odd;
    a = b;
  }
  return odd;
}

bool in_any(const std::vector<Polygon>& polygons, Corner p) {
  return std::any_of(polygons.begin(), polygons.end(),
                     [&](const Polygon& polygon) { return inside(polygon, p); });
}

constexpr double kLeastArea = 1e-9;  // of the frame: below it is what rounding leaves

bool on_one_line(const Polygon& polygon) {
  const Corner first = polygon.front();
  const auto other = std::find_if(polygon.begin(), polygon.end(),
                                  [&](const Corner& p) { return p.x != first.x || p.y != first.y; });
  return other == polygon.end() || std::all_of(other, polygon.end(), [&](const Corner& p) {
           return std::abs(side(first, *other, p)) < kLeastArea;
         });
}

[[noreturn]] void refuse(const std::string& what, const std::string& found, const std::string& wanted) {
  throw std::invalid_argument(what + " " + found + ", wanted " + wanted);
}

void check(const std::string& name, const std::vector<Polygon>& polygons) {
  if (polygons.size() > Areas::kMostPolygons)
    refuse(name, "has " + std::to_string(polygons.size()) + " polygons",
           "at most " + std::to_string(Areas::kMostPolygons));
  for (std::size_t i = 0; i < polygons.size(); ++i) {
    const Polygon& polygon = polygons[i];
    const std::string place = name + "[" + std::to_string(i) + "]";
    if (polygon.size() < 3 || polygon.size() > Areas::kMostCorners)
      refuse(place, "has " + std::to_string(polygon.size()) + " corners",
             "3 to " + std::to_string(Areas::kMostCorners));
    for (std::size_t k = 0; k < polygon.size(); ++k) {
      const Corner& point = polygon[k];
      if (between(0, 1, point.x) && between(0, 1, point.y)) continue;
      char found[64];
      std::snprintf(found, sizeof found, "is (%g, %g)", point.x, point.y);
      refuse(place + "[" + std::to_string(k) + "]", found, "shares of the frame's width and height, 0 to 1");
    }
    if (on_one_line(polygon)) refuse(place, "has no area", "corners that do not all lie on one line");
  }
}

}  // namespace

Areas::Areas(std::vector<Polygon> ignore, std::vector<Polygon> only)
    : ignore_(std::move(ignore)), only_(std::move(only)) {
  check("ignore", ignore_);
  check("only", only_);
}

bool Areas::allow(const Box& box, Size frame) const {
  if (ignore_.empty() && only_.empty()) return true;
  const Corner middle{(double{box.x1} + box.x2) / 2 / frame.width,
                      (double{box.y1} + box.y2) / 2 / frame.height};
  if (!std::isfinite(middle.x) || !std::isfinite(middle.y)) return false;
  const Corner held{std::clamp(middle.x, 0.0, 1.0), std::clamp(middle.y, 0.0, 1.0)};
  return !in_any(ignore_, held) && (only_.empty() || in_any(only_, held));
}

}  // namespace facecap
