#include <pybind11/typing.h>

#include <cmath>
#include <cstring>

#include "bindings.hpp"
#include "facecap/replay.hpp"
#include "gate_step.hpp"

namespace {

using facecap::Replay;
using Stepped = std::tuple<py::array_t<std::int64_t>, Step, std::vector<bool>>;

/// Rows of `boxes` (N, 4), `scores` (N,), `landmarks` (N, 5, 2) and `laplacian` (N,); of `looks` (N, 12),
/// five points, the probability, which is NaN where nobody asked, and blur.
facecap::RecordedFrame frame_of(std::int64_t index, std::optional<double> timestamp, int width, int height,
                                const FloatArray& boxes, const FloatArray& scores,
                                const FloatArray& landmarks, const FloatArray& laplacian,
                                const FloatArray& looks, const std::vector<std::optional<bool>>& duplicates) {
  facecap::RecordedFrame frame{index, timestamp, {width, height}, {}};
  for (std::size_t i = 0; i < duplicates.size(); ++i) {
    facecap::RecordedFace face;
    std::memcpy(&face.box, boxes.data() + 4 * i, sizeof face.box);
    face.score = scores.data()[i];
    std::memcpy(&face.landmarks, landmarks.data() + 10 * i, sizeof face.landmarks);
    face.laplacian = laplacian.data()[i];
    const float* look = looks.data() + 12 * i;
    if (!std::isnan(look[10])) {
      face.look = facecap::Refinement{{}, look[10], look[11]};
      std::memcpy(&face.look->landmarks, look, sizeof face.look->landmarks);
    }
    face.duplicate = duplicates[i];
    frame.faces.push_back(face);
  }
  return frame;
}

Stepped step(Replay& replay, std::int64_t index, std::optional<double> timestamp, int width, int height,
             const FloatArray& boxes, const FloatArray& scores, const FloatArray& landmarks,
             const FloatArray& laplacian, const FloatArray& looks,
             const std::vector<std::optional<bool>>& duplicates) {
  const auto count = static_cast<py::ssize_t>(duplicates.size());
  if (boxes.size() != 4 * count || scores.size() != count || landmarks.size() != 10 * count ||
      laplacian.size() != count || looks.size() != 12 * count)
    throw py::value_error("the arrays are of different lengths");
  const facecap::ReplayedFrame& result = replay.step(
      frame_of(index, timestamp, width, height, boxes, scores, landmarks, laplacian, looks, duplicates));
  py::array_t<std::int64_t> ids(count);
  std::copy(result.tracks.ids.begin(), result.tracks.ids.end(), ids.mutable_data());
  return {ids, step_of(result.step), result.assumed};
}

}  // namespace

void register_replay(py::module_& module) {
  py::class_<Replay>(module, "Replay")
      .def(py::init([](const facecap::CaptureConfig& config, int slots,
                       std::optional<std::pair<float, float>> refiner, bool embedder) {
             facecap::Surroundings surroundings{{}, embedder};
             if (refiner) surroundings.refiner = facecap::RefinerSpec{refiner->first, refiner->second};
             return std::make_unique<Replay>(config, slots, surroundings);
           }),
           py::arg("config"), py::arg("slots"), py::arg("refiner"), py::arg("embedder"))
      .def("set_areas", &Replay::set_areas, py::arg("areas"))
      .def("step", &step, py::arg("index"), py::arg("timestamp"), py::arg("width"), py::arg("height"),
           py::arg("boxes"), py::arg("scores"), py::arg("landmarks"), py::arg("laplacian"), py::arg("looks"),
           py::arg("duplicates"))
      .def("flush", [](Replay& replay) { return events_of(replay.flush()); });
}
