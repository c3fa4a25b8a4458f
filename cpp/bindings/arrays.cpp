#include <cstring>

#include "bindings.hpp"

namespace {

static_assert(sizeof(facecap::Box) == 4 * sizeof(float), "boxes are rows of a float array");
static_assert(sizeof(facecap::Landmarks) == 10 * sizeof(float), "landmarks are rows of a float array");

facecap::ImageView view_at(const std::uint8_t* data, py::ssize_t height, py::ssize_t width,
                           facecap::ColorOrder color) {
  return {data, static_cast<int>(width), static_cast<int>(height), std::ptrdiff_t{3} * width, color};
}

template <typename T>
T copy_of(const FloatArray& array) {
  if (array.nbytes() != static_cast<py::ssize_t>(sizeof(T))) throw py::value_error("array has another size");
  T value;
  std::memcpy(&value, array.data(), sizeof(T));
  return value;
}

}  // namespace

facecap::ImageView view_of(const ImageArray& image, facecap::ColorOrder color) {
  if (image.ndim() != 3 || image.shape(2) != 3) throw py::value_error("image is not height x width x 3");
  return view_at(image.data(), image.shape(0), image.shape(1), color);
}

std::vector<facecap::ImageView> views_of(const ImageArray& images, facecap::ColorOrder color) {
  if (images.ndim() != 4 || images.shape(3) != 3)
    throw py::value_error("images are not N x height x width x 3");
  const py::ssize_t bytes = images.shape(1) * images.shape(2) * 3;
  std::vector<facecap::ImageView> views;
  for (py::ssize_t i = 0; i < images.shape(0); ++i)
    views.push_back(view_at(images.data() + i * bytes, images.shape(1), images.shape(2), color));
  return views;
}

py::array_t<std::uint8_t> image_array(const facecap::Image& image) {
  py::array_t<std::uint8_t> out({image.height, image.width, 3});
  std::memcpy(out.mutable_data(), image.pixels.data(), image.pixels.size());
  return out;
}

py::array_t<float> float_array(const float* data, std::vector<py::ssize_t> shape) {
  py::array_t<float> out(std::move(shape));
  if (out.size() > 0) std::memcpy(out.mutable_data(), data, static_cast<std::size_t>(out.nbytes()));
  return out;
}

facecap::Box box_of(const FloatArray& box) {
  return copy_of<facecap::Box>(box);
}

facecap::Landmarks landmarks_of(const FloatArray& landmarks) {
  return copy_of<facecap::Landmarks>(landmarks);
}
