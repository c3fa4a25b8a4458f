#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "facecap/capture_gate.hpp"

namespace {

using facecap::Candidate;
using facecap::CaptureConfig;
using facecap::CaptureEvent;
using facecap::CaptureGate;

// Typed tuples, so that the stubs say what is inside.
using Event = std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t, int, float>;
using Step = std::tuple<std::vector<int>, std::vector<Event>, std::vector<std::optional<std::string>>>;

std::vector<Event> events_of(const std::vector<CaptureEvent>& events) {
  std::vector<Event> out;
  for (const CaptureEvent& event : events)
    out.emplace_back(facecap::to_string(event.kind), event.frame, event.shot_frame, event.track_id,
                     event.sequence, event.quality);
  return out;
}

Step update(CaptureGate& gate, std::int64_t frame_index, const std::vector<Candidate>& candidates,
            const std::vector<std::int64_t>& live_ids, std::optional<double> timestamp) {
  const facecap::GateStep& step = gate.update(frame_index, candidates, live_ids, timestamp);
  std::vector<int> stored;
  for (const facecap::GateStep::Stored& shot : step.stored) stored.push_back(shot.candidate);
  std::vector<std::optional<std::string>> reasons(step.reasons.size());
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (step.reasons[i]) reasons[i] = facecap::to_string(*step.reasons[i]);
  return {stored, events_of(step.events), reasons};
}

Candidate candidate(std::int64_t track_id, bool stable, float quality, float refined_quality,
                    float eye_distance, float refined_eye_distance, float landmark_confidence,
                    const std::optional<std::string>& rejection) {
  Candidate result;
  result.track_id = track_id;
  result.stable = stable;
  result.quality = quality;
  result.refined_quality = refined_quality;
  result.eye_distance = eye_distance;
  result.refined_eye_distance = refined_eye_distance;
  result.landmark_confidence = landmark_confidence;
  if (rejection) result.rejection = facecap::reason(*rejection);
  return result;
}

CaptureConfig configuration(const std::string& mode, float min_face, float max_face, float max_yaw,
                            float max_pitch, float max_roll, const std::string& quality_method,
                            float min_quality, float min_eye_distance, float min_landmark_confidence,
                            float min_sharpness, int interval, std::optional<double> interval_seconds,
                            int max_captures, int miss_limit, int min_hits, float min_relative_quality,
                            bool early_first, const std::string& classify_on,
                            std::optional<float> mask_threshold, float crop_border) {
  CaptureConfig config;
  config.mode = facecap::capture_mode(mode);
  config.min_face = min_face;
  config.max_face = max_face;
  config.max_yaw = max_yaw;
  config.max_pitch = max_pitch;
  config.max_roll = max_roll;
  config.quality_method = facecap::quality_method(quality_method);
  config.min_quality = min_quality;
  config.min_eye_distance = min_eye_distance;
  config.min_landmark_confidence = min_landmark_confidence;
  config.min_sharpness = min_sharpness;
  config.interval = interval;
  config.interval_seconds = interval_seconds;
  config.max_captures = max_captures;
  config.miss_limit = miss_limit;
  config.min_hits = min_hits;
  config.min_relative_quality = min_relative_quality;
  config.early_first = early_first;
  config.classify_on = facecap::classify_on(classify_on);
  config.mask_threshold = mask_threshold;
  config.crop_border = crop_border;
  config.validate();
  return config;
}

}  // namespace

void register_capture_gate(py::module_& module) {
  py::class_<CaptureConfig>(module, "CaptureConfig")
      .def(py::init(&configuration), py::kw_only(), py::arg("mode"), py::arg("min_face"), py::arg("max_face"),
           py::arg("max_yaw"), py::arg("max_pitch"), py::arg("max_roll"), py::arg("quality_method"),
           py::arg("min_quality"), py::arg("min_eye_distance"), py::arg("min_landmark_confidence"),
           py::arg("min_sharpness"), py::arg("interval"), py::arg("interval_seconds"),
           py::arg("max_captures"), py::arg("miss_limit"), py::arg("min_hits"),
           py::arg("min_relative_quality"), py::arg("early_first"), py::arg("classify_on"),
           py::arg("mask_threshold"), py::arg("crop_border"));

  py::class_<Candidate>(module, "Candidate")
      .def(py::init(&candidate), py::kw_only(), py::arg("track_id"), py::arg("stable"), py::arg("quality"),
           py::arg("refined_quality"), py::arg("eye_distance"), py::arg("refined_eye_distance"),
           py::arg("landmark_confidence"), py::arg("rejection"));

  py::class_<CaptureGate>(module, "CaptureGate")
      .def(py::init<CaptureConfig, int>(), py::arg("config"), py::arg("slots"))
      .def("update", &update, py::arg("frame_index"), py::arg("candidates"), py::arg("live_ids"),
           py::arg("timestamp"))
      .def(
          "flush",
          [](CaptureGate& gate, std::int64_t frame_index) { return events_of(gate.flush(frame_index)); },
          py::arg("frame_index"));
}
