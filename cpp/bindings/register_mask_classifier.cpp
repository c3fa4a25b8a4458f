#include "bindings.hpp"
#include "facecap/mask_classifier.hpp"
#include "release_gil.hpp"

void register_mask_classifier(py::module_& module) {
  using facecap::MaskClassifier;
  py::class_<MaskClassifier>(module, "MaskClassifier")
      .def(py::init<facecap::Model>(), py::arg("model"))
      .def_property_readonly("crop_size",
                             [](const MaskClassifier& self) {
                               return py::make_tuple(self.crop_size().width, self.crop_size().height);
                             })
      .def(
          "predict",
          [](MaskClassifier& self, const ImageArray& crops, facecap::ColorOrder color) {
            const std::vector<facecap::ImageView> views = views_of(crops, color);
            const std::vector<float>* probabilities = nullptr;
            {
              const facecap::ReleaseGil release;
              probabilities = &self.predict(views);
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
