#include "bindings.hpp"
#include "facecap/embedder.hpp"
#include "release_gil.hpp"

void register_embedder(py::module_& module) {
  using facecap::Embedder;
  py::class_<Embedder>(module, "Embedder")
      .def(py::init<facecap::Model>(), py::arg("model"))
      .def_property_readonly("crop_size",
                             [](const Embedder& self) {
                               return py::make_tuple(self.crop_size().width, self.crop_size().height);
                             })
      .def(
          "embed",
          [](Embedder& self, const ImageArray& aligned, facecap::ColorOrder color) {
            const std::vector<facecap::ImageView> views = views_of(aligned, color);
            const std::vector<float>* vectors = nullptr;
            {
              const facecap::ReleaseGil release;
              vectors = &self.embed(views);
            }
            return float_array(vectors->data(), {aligned.shape(0), self.dimensions()});
          },
          py::arg("aligned"), py::arg("color"));
}
