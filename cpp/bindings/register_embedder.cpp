#include "bindings.hpp"
#include "facecap/embedder.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

void register_embedder(py::module_& module) {
  using Embedder = OneThread<facecap::Embedder>;
  py::class_<Embedder>(module, "Embedder")
      .def(
          py::init([](const facecap::Model& model) { return std::make_unique<Embedder>("Embedder", model); }),
          py::arg("model"))
      .def_property_readonly("crop_size",
                             [](const Embedder& self) {
                               return py::make_tuple(self.fixed().crop_size().width,
                                                     self.fixed().crop_size().height);
                             })
      .def(
          "embed",
          [](Embedder& self, const ImageArray& aligned, facecap::ColorOrder color) {
            const Embedder::Use use(self);
            const std::vector<facecap::ImageView> views = views_of(aligned, color);
            const std::vector<float>* vectors = nullptr;
            {
              const facecap::ReleaseGil release;
              vectors = &use->embed(views);
            }
            return float_array(vectors->data(), {aligned.shape(0), self.fixed().dimensions()});
          },
          py::arg("aligned"), py::arg("color"));
}
