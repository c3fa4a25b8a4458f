#include <sstream>
#include <stdexcept>

#include "facecap/config_text.hpp"
#include "runtime/values.hpp"

namespace facecap {
namespace {

Corner read_corner(const std::string& word) {
  const std::size_t comma = word.find(',');
  const std::optional<double> x = number_in(word.substr(0, comma));
  const std::optional<double> y =
      comma == std::string::npos ? std::nullopt : number_in(word.substr(comma + 1));
  if (!x || !y) refuse_value(word, "corners x,y such as \"0.1,0.2 0.9,0.2 0.9,1\", with ; between polygons");
  return {*x, *y};
}

}  // namespace

std::vector<Polygon> read_polygons(const std::string& text) {
  std::vector<Polygon> polygons;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    std::istringstream words(part);
    Polygon polygon;
    for (std::string word; words >> word;) polygon.push_back(read_corner(word));
    polygons.push_back(std::move(polygon));
  }
  return polygons;
}

}  // namespace facecap
