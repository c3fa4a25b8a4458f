#include <string_view>
#include <tuple>

#include "bindings.hpp"
#include "facecap/jpeg_fill.hpp"
#include "release_gil.hpp"

namespace {

using facecap::ColorOrder;

/// Runs `cut` on the picture without the GIL. The channels keep their order whatever it is.
template <typename Cut>
py::array_t<std::uint8_t> cut_out(const ImageArray& image, Cut cut) {
  const facecap::ImageView view = view_of(image, ColorOrder::bgr);
  facecap::Image out;
  {
    const facecap::ReleaseGil release;
    out = cut(view);
  }
  return image_array(out);
}

}  // namespace

void register_image(py::module_& module) {
  py::enum_<ColorOrder>(module, "ColorOrder").value("bgr", ColorOrder::bgr).value("rgb", ColorOrder::rgb);
  module.def(
      "crop_face",
      [](const ImageArray& image, const FloatArray& box, int size, float border) {
        return cut_out(image, [face = box_of(box), size, border](const facecap::ImageView& view) {
          return facecap::crop_face(view, face, size, border);
        });
      },
      py::arg("image").noconvert(), py::arg("box").noconvert(), py::arg("size"), py::arg("border"));
  module.def(
      "crop_rect",
      [](const FloatArray& box, int width, int height, float border) {
        const facecap::Rect rect = facecap::require_crop_rect(box_of(box), {width, height}, border);
        return std::make_tuple(rect.x1, rect.y1, rect.x2, rect.y2);
      },
      py::arg("box").noconvert(), py::arg("width"), py::arg("height"), py::arg("border"));
  module.def(
      "align_face",
      [](const ImageArray& image, const FloatArray& landmarks, int size) {
        return cut_out(image, [points = landmarks_of(landmarks), size](const facecap::ImageView& view) {
          return facecap::align_face(view, points, size);
        });
      },
      py::arg("image").noconvert(), py::arg("landmarks").noconvert(), py::arg("size"));
  module.def(
      "jpeg_without_fill",
      [](const py::bytes& data) {
        const std::string_view view = data;
        std::vector<std::uint8_t> out;
        {
          const facecap::ReleaseGil release;
          out = facecap::jpeg_without_fill(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
        }
        return py::bytes(reinterpret_cast<const char*>(out.data()), out.size());
      },
      py::arg("data"));
}
