#include <algorithm>

#include "bindings.hpp"
#include "facecap/quality.hpp"

namespace {

using Floats = py::array_t<float, py::array::c_style>;

facecap::Landmarks landmarks_of(const Floats& points) {
  facecap::Landmarks landmarks;
  for (std::size_t i = 0; i < landmarks.size(); ++i)
    landmarks[i] = {points.data()[2 * i], points.data()[2 * i + 1]};
  return landmarks;
}

}  // namespace

void register_quality(py::module_& module) {
  module.def(
      "face_pose",
      [](const Floats& points) {
        const facecap::Pose pose = facecap::face_pose(landmarks_of(points));
        return std::tuple(pose.yaw, pose.pitch, pose.roll);
      },
      py::arg("landmarks"));
  module.def(
      "posture_quality",
      [](const Floats& box, const Floats& points, int width, int height) {
        facecap::QualityInput face;
        face.box = {box.data()[0], box.data()[1], box.data()[2], box.data()[3]};
        face.landmarks = landmarks_of(points);
        face.image = {width, height};
        return facecap::posture_quality(face);
      },
      py::arg("box"), py::arg("landmarks"), py::arg("width"), py::arg("height"));
}
