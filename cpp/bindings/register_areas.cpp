#include <utility>
#include <vector>

#include "bindings.hpp"
#include "facecap/areas.hpp"
#include "facecap/config_text.hpp"

namespace {

using facecap::Areas;
using facecap::Polygon;

using Polygons = std::vector<std::vector<std::pair<double, double>>>;

std::vector<Polygon> polygons_of(const Polygons& given) {
  std::vector<Polygon> polygons;
  for (const auto& points : given) {
    polygons.emplace_back();
    for (const auto& [x, y] : points) polygons.back().push_back({x, y});
  }
  return polygons;
}

Polygons numbers_of(const std::vector<Polygon>& polygons) {
  Polygons numbers;
  for (const Polygon& polygon : polygons) {
    numbers.emplace_back();
    for (const facecap::Corner& corner : polygon) numbers.back().emplace_back(corner.x, corner.y);
  }
  return numbers;
}

}  // namespace

void register_areas(py::module_& module) {
  py::class_<Areas>(module, "Areas")
      .def(py::init([](const Polygons& ignore, const Polygons& only) {
             return Areas(polygons_of(ignore), polygons_of(only));
           }),
           py::arg("ignore"), py::arg("only"))
      .def(
          "allow",
          [](const Areas& areas, const FloatArray& box, int width, int height) {
            return areas.allow(box_of(box), {width, height});
          },
          py::arg("box"), py::arg("width"), py::arg("height"));
  module.def(
      "read_polygons", [](const std::string& text) { return numbers_of(facecap::read_polygons(text)); },
      py::arg("text"));
}
