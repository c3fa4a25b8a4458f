#include "bindings.hpp"
#include "facecap/mask_classifier.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

void register_mask_classifier(py::module_& module) {
  using MaskClassifier = OneThread<facecap::MaskClassifier>;
  py::class_<MaskClassifier>(module, "MaskClassifier")
      .def(py::init([](const facecap::Model& model) {
             return std::make_unique<MaskClassifier>("MaskClassifier", model);
           }),
           py::arg("model"))
      .def_property_readonly("crop_size",
                             [](const MaskClassifier& self) {
                               return py::make_tuple(self.fixed().crop_size().width,
                                                     self.fixed().crop_size().height);
                             })
      .def(
          "predict",
          [](MaskClassifier& self, const ImageArray& crops, facecap::ColorOrder color) {
            const MaskClassifier::Use use(self);
            const std::vector<facecap::ImageView> views = views_of(crops, color);
            const std::vector<float>* probabilities = nullptr;
            {
              const facecap::ReleaseGil release;
              probabilities = &use->predict(views);
            }
            return float_array(probabilities->data(), {static_cast<py::ssize_t>(probabilities->size())});
          },
          py::arg("crops"), py::arg("color"));
  module.def(
      "answer_mask",
      [](float probability, const facecap::Model& model, std::optional<float> threshold) {
        return facecap::to_string(facecap::answer_mask(probability, *model.manifest->classifier, threshold));
      },
      py::arg("probability"), py::arg("model"), py::arg("threshold"));
}
