#include <cstring>
#include <tuple>

#include "bindings.hpp"
#include "facecap/refiner.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

namespace {

using Refiner = OneThread<facecap::Refiner>;

std::tuple<py::array_t<float>, py::array_t<float>, py::array_t<float>> refine(Refiner& self,
                                                                              const ImageArray& image,
                                                                              const FloatArray& corners,
                                                                              facecap::ColorOrder color) {
  const facecap::ImageView view = view_of(image, color);
  std::vector<facecap::Box> boxes;
  for (py::ssize_t i = 0; i < corners.shape(0); ++i) {
    const float* box = corners.data(i, 0);
    boxes.push_back({box[0], box[1], box[2], box[3]});
  }
  const Refiner::Use use(self);
  const std::vector<facecap::Refinement>* answers = nullptr;
  {
    const facecap::ReleaseGil release;
    answers = &use->refine(view, boxes);
  }
  const auto count = static_cast<py::ssize_t>(answers->size());
  py::array_t<float> face(count);
  py::array_t<float> landmarks({count, py::ssize_t{5}, py::ssize_t{2}});
  py::array_t<float> blur(count);
  for (py::ssize_t i = 0; i < count; ++i) {
    const facecap::Refinement& answer = (*answers)[static_cast<std::size_t>(i)];
    face.mutable_at(i) = answer.face_prob;
    blur.mutable_at(i) = answer.blur;
    std::memcpy(landmarks.mutable_data(i, 0, 0), &answer.landmarks, sizeof answer.landmarks);
  }
  return {face, landmarks, blur};
}

}  // namespace

void register_refiner(py::module_& module) {
  py::class_<Refiner>(module, "Refiner")
      .def(py::init([](const facecap::Model& model) { return std::make_unique<Refiner>("Refiner", model); }),
           py::arg("model"))
      .def("refine", &refine, py::arg("image").noconvert(), py::arg("boxes").noconvert(), py::arg("color"));
}
