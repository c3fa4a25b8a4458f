#include <map>

#include "bindings.hpp"
#include "facecap/detector.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

namespace {

using Detector = OneThread<facecap::Detector>;
using SizePair = std::pair<int, int>;  // width, height

std::unique_ptr<Detector> make(const facecap::Model& model, std::optional<float> score_threshold,
                               std::optional<float> nms_iou, int max_faces,
                               std::optional<SizePair> input_size) {
  facecap::DetectorOptions options;
  options.score_threshold = score_threshold;
  options.nms_iou = nms_iou;
  options.max_faces = max_faces;
  if (input_size) options.input_size = facecap::Size{input_size->first, input_size->second};
  return std::make_unique<Detector>("Detector", model, options);
}

std::tuple<py::array_t<float>, py::array_t<float>, py::array_t<float>> detect(Detector& self,
                                                                              const ImageArray& image,
                                                                              facecap::ColorOrder color) {
  const facecap::ImageView view = view_of(image, color);
  const Detector::Use use(self);
  const facecap::Detections* found = nullptr;
  {
    const facecap::ReleaseGil release;
    found = &use->detect(view);
  }
  const auto count = static_cast<py::ssize_t>(found->size());
  return {float_array(reinterpret_cast<const float*>(found->boxes.data()), {count, 4}),
          float_array(found->scores.data(), {count}),
          float_array(reinterpret_cast<const float*>(found->landmarks.data()), {count, 5, 2})};
}

std::map<std::string, double> timings(const Detector& self) {
  const facecap::DetectTimings& seconds = self.fixed().timings();
  return {{"preprocess", seconds.preprocess},
          {"inference", seconds.inference},
          {"postprocess", seconds.postprocess}};
}

}  // namespace

void register_detector(py::module_& module) {
  py::class_<Detector>(module, "Detector")
      .def(py::init(&make), py::arg("model"), py::arg("score_threshold"), py::arg("nms_iou"),
           py::arg("max_faces"), py::arg("input_size"))
      .def_property_readonly("input_size",
                             [](const Detector& self) {
                               return SizePair{self.fixed().input_size().width,
                                               self.fixed().input_size().height};
                             })
      .def_property_readonly("timings", &timings)
      .def("detect", &detect, py::arg("image").noconvert(), py::arg("color"));
}
