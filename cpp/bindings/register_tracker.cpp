#include <set>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "facecap/tracker.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

namespace {

using Tracker = OneThread<facecap::Tracker>;
using Answer = std::tuple<py::array_t<std::int64_t>, py::array_t<bool>, std::set<std::int64_t>>;

Answer update(Tracker& tracker, const FloatArray& boxes, const FloatArray& scores) {
  std::vector<facecap::Box> corners;
  for (py::ssize_t i = 0; i < boxes.shape(0); ++i) {
    const float* box = boxes.data(i, 0);
    corners.push_back({box[0], box[1], box[2], box[3]});
  }
  const std::vector<float> values(scores.data(), scores.data() + scores.size());
  const Tracker::Use use(tracker);
  const facecap::Tracks* tracks = nullptr;
  {
    const facecap::ReleaseGil release;
    tracks = &use->update(corners, values);
  }
  py::array_t<std::int64_t> ids(static_cast<py::ssize_t>(tracks->ids.size()));
  py::array_t<bool> stable(static_cast<py::ssize_t>(tracks->ids.size()));
  std::copy(tracks->ids.begin(), tracks->ids.end(), ids.mutable_data());
  std::copy(tracks->stable.begin(), tracks->stable.end(), stable.mutable_data());
  return {ids, stable, {tracks->live_ids.begin(), tracks->live_ids.end()}};
}

}  // namespace

void register_tracker(py::module_& module) {
  py::class_<Tracker>(module, "Tracker")
      .def(py::init([](int min_hits, int max_unmatched, float iou_min) {
             facecap::TrackerOptions options;
             options.min_hits = min_hits;
             options.max_unmatched = max_unmatched;
             options.iou_min = iou_min;
             return std::make_unique<Tracker>("Tracker", options);
           }),
           py::kw_only(), py::arg("min_hits"), py::arg("max_unmatched"), py::arg("iou_min"))
      .def("update", &update, py::arg("boxes"), py::arg("scores"));
}
