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
      .def_property_readonly("answers",
                             [](const MaskClassifier& self) {
                               std::vector<std::string> names;
                               for (const facecap::MaskAnswer answer :
                                    facecap::answers_of(*self.fixed().model().manifest->classifier))
                                 names.emplace_back(facecap::to_string(answer));
                               return names;
                             })
      .def(
          "predict",
          [](MaskClassifier& self, const ImageArray& crops, facecap::ColorOrder color) {
            const MaskClassifier::Use use(self);
            const std::vector<facecap::ImageView> views = views_of(crops, color);
            const std::vector<facecap::MaskProbabilities>* said = nullptr;
            {
              const facecap::ReleaseGil release;
              said = &use->predict(views);
            }
            static_assert(sizeof(facecap::MaskProbabilities) == 2 * sizeof(float), "rows of an array");
            return float_array(reinterpret_cast<const float*>(said->data()),
                               {static_cast<py::ssize_t>(said->size()), 2});
          },
          py::arg("crops"), py::arg("color"));
  module.def(
      "answer_mask",
      [](float mask_prob, float incorrect_prob, const facecap::Model& model, std::optional<float> threshold) {
        return facecap::to_string(
            facecap::answer_mask({mask_prob, incorrect_prob}, *model.manifest->classifier, threshold));
      },
      py::arg("mask_prob"), py::arg("incorrect_prob"), py::arg("model"), py::arg("threshold"));
}
