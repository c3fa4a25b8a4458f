#include <pybind11/typing.h>

#include <algorithm>
#include <cstring>

#include "bindings.hpp"
#include "facecap/pipeline.hpp"
#include "one_thread.hpp"
#include "release_gil.hpp"

namespace {

using FaceCapture = OneThread<facecap::FaceCapture>;
using LumaArray = py::array_t<std::uint8_t, py::array::c_style>;
using Fields = py::typing::Dict<py::str, py::object>;

py::tuple pose_tuple(const facecap::Pose& pose) {
  return py::make_tuple(pose.yaw, pose.pitch, pose.roll);
}

py::object reason_name(const std::optional<facecap::Reason>& reason) {
  return reason ? py::object(py::str(facecap::to_string(*reason))) : py::none();
}

Fields capture_dict(const facecap::Capture& capture) {
  Fields out;
  out["kind"] = facecap::to_string(capture.event.kind);
  out["track_id"] = capture.event.track_id;
  out["sequence"] = capture.event.sequence;
  out["frame"] = capture.event.frame;
  out["shot_frame"] = capture.event.shot_frame;
  out["timestamp"] = capture.timestamp;
  out["box"] = float_array(&capture.box.x1, {4});
  out["landmarks"] = float_array(&capture.landmarks[0].x, {5, 2});
  out["score"] = capture.score;
  out["quality"] = capture.event.quality;
  out["pose"] = pose_tuple(capture.pose);
  ImageArray crop(std::vector<py::ssize_t>{capture.crop.height, capture.crop.width, 3});
  std::copy(capture.crop.pixels.begin(), capture.crop.pixels.end(), crop.mutable_data());
  out["crop"] = crop;
  out["mask_prob"] = capture.mask_prob;
  out["incorrect_prob"] = capture.incorrect_prob;
  out["mask"] = facecap::to_string(capture.mask);
  return out;
}

std::vector<Fields> capture_list(const std::vector<facecap::Capture>& captures) {
  std::vector<Fields> out;
  for (const facecap::Capture& capture : captures) out.push_back(capture_dict(capture));
  return out;
}

Fields faces_dict(const facecap::FrameResult& result) {
  const auto count = static_cast<py::ssize_t>(result.faces.size());
  py::array_t<std::int64_t> track_ids(count);
  py::array_t<bool> stable(count);
  py::array_t<bool> capture(count);
  py::list reasons;
  for (py::ssize_t i = 0; i < count; ++i) {
    track_ids.mutable_at(i) = result.tracks.ids[i];
    stable.mutable_at(i) = result.tracks.stable[i];
    capture.mutable_at(i) = result.stored[i];
    reasons.append(reason_name(result.reasons[i]));
  }
  py::array_t<float> looks({count, py::ssize_t{12}});
  for (py::ssize_t i = 0; i < count; ++i) {
    const std::optional<facecap::Refinement>& look = result.looks[static_cast<std::size_t>(i)];
    float* row = looks.mutable_data(i, 0);
    std::fill(row, row + 12, facecap::kNotKnown);
    if (!look) continue;
    std::memcpy(row, &look->landmarks, sizeof look->landmarks);
    row[10] = look->face_prob;
    row[11] = look->blur;
  }
  Fields out;
  out["boxes"] = float_array(reinterpret_cast<const float*>(result.faces.boxes.data()), {count, 4});
  out["scores"] = float_array(result.faces.scores.data(), {count});
  out["landmarks"] =
      float_array(reinterpret_cast<const float*>(result.faces.landmarks.data()), {count, 5, 2});
  out["track_ids"] = track_ids;
  out["stable"] = stable;
  out["quality"] = float_array(result.quality.data(), {count});
  out["pose"] = float_array(reinterpret_cast<const float*>(result.poses.data()), {count, 3});
  out["capture"] = capture;
  out["mask_prob"] = float_array(result.mask_prob.data(), {count});
  out["incorrect_prob"] = float_array(result.incorrect_prob.data(), {count});
  out["reasons"] = py::tuple(reasons);
  out["laplacian"] = float_array(result.laplacian.data(), {count});
  out["looks"] = looks;
  return out;
}

using Seconds = py::typing::Dict<py::str, py::float_>;

Seconds timings_dict(const facecap::StageSeconds& seconds) {
  Seconds out;
  out["motion"] = seconds.motion;
  out["detect"] = seconds.detect;
  out["track"] = seconds.track;
  out["quality"] = seconds.quality;
  out["gate"] = seconds.gate;
  out["refine"] = seconds.refine;
  out["crop"] = seconds.crop;
  out["classify"] = seconds.classify;
  out["total"] = seconds.total;
  return out;
}

Fields frame_dict(const facecap::FrameResult& result, const std::string& stage_error) {
  Fields out;
  out["frame_index"] = result.frame_index;
  out["timestamp"] = result.timestamp;
  out["skipped"] = result.skipped;
  out["faces"] = faces_dict(result);
  out["captures"] = capture_list(result.captures);
  out["timings"] = timings_dict(result.seconds);
  out["refined"] = result.refined;
  out["classified"] = result.classified;
  out["stage_error"] = text_of(stage_error);
  return out;
}

using Found = std::tuple<FloatArray, FloatArray, FloatArray>;

/// The arrays of Python's Detections, whose shapes it has checked.
facecap::Detections detections_of(const Found& found) {
  const auto& [boxes, scores, landmarks] = found;
  const auto count = static_cast<std::size_t>(scores.size());
  facecap::Detections out;
  out.boxes.resize(count);
  out.scores.assign(scores.data(), scores.data() + count);
  out.landmarks.resize(count);
  if (count == 0) return out;
  std::memcpy(out.boxes.data(), boxes.data(), count * sizeof(facecap::Box));
  std::memcpy(out.landmarks.data(), landmarks.data(), count * sizeof(facecap::Landmarks));
  return out;
}

Fields process(FaceCapture& self, const ImageArray& image, facecap::ColorOrder color,
               std::optional<std::int64_t> frame_index, std::optional<double> timestamp,
               const std::optional<Found>& detected) {
  const facecap::ImageView view = view_of(image, color);
  std::optional<facecap::Detections> faces;
  if (detected) faces = detections_of(*detected);
  const FaceCapture::Use use(self);
  const facecap::FrameResult* result = nullptr;
  {
    const facecap::ReleaseGil release;
    result = &use->process(view, frame_index, timestamp, faces ? &*faces : nullptr);
  }
  return frame_dict(*result, use->stage_error());
}

std::optional<Fields> skip(FaceCapture& self, const LumaArray& preview,
                           std::optional<std::int64_t> frame_index, std::optional<double> timestamp) {
  facecap::LumaView view;
  view.data = preview.data();
  view.height = static_cast<int>(preview.shape(0));
  view.width = static_cast<int>(preview.shape(1));
  view.stride = view.width;
  const FaceCapture::Use use(self);
  const facecap::FrameResult* result = nullptr;
  {
    const facecap::ReleaseGil release;
    result = use->skip(view, frame_index, timestamp);
  }
  if (!result) return {};
  return frame_dict(*result, use->stage_error());
}

// Every FaceCapture has stages of its own, so that one Detector given to sixteen cameras is sixteen sets of
// buffers on one set of weights.
std::unique_ptr<FaceCapture> make(const facecap::CaptureConfig& config, const facecap::Areas& areas,
                                  const OneThread<facecap::Detector>& detector,
                                  std::optional<const OneThread<facecap::Refiner>*> refiner,
                                  const OneThread<facecap::MaskClassifier>& classifier,
                                  std::optional<const OneThread<facecap::Embedder>*> embedder, int slots) {
  facecap::FaceCaptureParts parts;
  parts.detector = std::make_unique<facecap::Detector>(detector.fixed().model(), detector.fixed().options());
  if (refiner) parts.refiner = std::make_unique<facecap::Refiner>((*refiner)->fixed().model());
  parts.classifier = std::make_unique<facecap::MaskClassifier>(classifier.fixed().model());
  if (embedder) parts.embedder = std::make_unique<facecap::Embedder>((*embedder)->fixed().model());
  auto capture = std::make_unique<FaceCapture>("FaceCapture", config, std::move(parts), slots);
  FaceCapture::Use(*capture)->set_areas(areas);
  return capture;
}

}  // namespace

void register_pipeline(py::module_& module) {
  py::class_<FaceCapture>(module, "FaceCapture")
      .def(py::init(&make), py::arg("config"), py::arg("areas"), py::arg("detector"), py::arg("refiner"),
           py::arg("classifier"), py::arg("embedder"), py::arg("slots"))
      .def("process", &process, py::arg("image"), py::arg("color"), py::arg("frame_index"),
           py::arg("timestamp"), py::arg("detected"))
      .def("watching", [](FaceCapture& self) { return FaceCapture::Use(self)->watching(); })
      .def("skip", &skip, py::arg("preview"), py::arg("frame_index"), py::arg("timestamp"))
      .def("flush",
           [](FaceCapture& self) {
             const FaceCapture::Use use(self);
             std::vector<facecap::Capture> captures;
             {
               const facecap::ReleaseGil release;
               captures = use->flush();
             }
             return std::make_pair(capture_list(captures), text_of(use->stage_error()));
           })
      .def("set_areas",
           [](FaceCapture& self, const facecap::Areas& areas) { FaceCapture::Use(self)->set_areas(areas); })
      .def("reset", [](FaceCapture& self) { FaceCapture::Use(self)->reset(); });
}
