#include <tuple>

#include "bindings.hpp"
#include "facecap/quality.hpp"

void register_quality(py::module_& module) {
  module.def(
      "face_pose",
      [](const FloatArray& points) {
        const facecap::Pose pose = facecap::face_pose(landmarks_of(points));
        return std::tuple(pose.yaw, pose.pitch, pose.roll);
      },
      py::arg("landmarks"));
  module.def(
      "posture_quality",
      [](const FloatArray& box, const FloatArray& points, int width, int height) {
        facecap::QualityInput face;
        face.box = box_of(box);
        face.landmarks = landmarks_of(points);
        face.image = {width, height};
        return facecap::posture_quality(face);
      },
      py::arg("box"), py::arg("landmarks"), py::arg("width"), py::arg("height"));
}
