#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.hpp"
#include "facecap/capture_gate.hpp"
#include "facecap/config_text.hpp"
#include "gate_step.hpp"

namespace {

using facecap::Candidate;
using facecap::CaptureConfig;
using facecap::CaptureEvent;
using facecap::CaptureGate;
using facecap::CaptureSetting;
using facecap::SettingValue;

Step update(CaptureGate& gate, std::int64_t frame_index, const std::vector<Candidate>& candidates,
            const std::vector<std::int64_t>& live_ids, std::optional<double> timestamp) {
  return step_of(gate.update(frame_index, candidates, live_ids, timestamp));
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

CaptureConfig configuration(const std::map<std::string, SettingValue>& values) {
  CaptureConfig config;
  for (const auto& [name, value] : values) {
    const CaptureSetting* setting = facecap::find_capture_setting(name);
    if (!setting) throw std::invalid_argument("no setting '" + name + "'");
    setting->set(config, value);
  }
  config.validate();
  return config;
}

const char* kind_of(const CaptureSetting& setting) {
  switch (setting.kind()) {
    case CaptureSetting::Kind::choice:
      return "choice";
    case CaptureSetting::Kind::number:
      return "number";
    case CaptureSetting::Kind::whole:
      return "whole";
    case CaptureSetting::Kind::on_off:
      break;
  }
  return "on_off";
}

/// Settings in the units of their public names, and warnings.
std::tuple<std::map<std::string, SettingValue>, std::vector<std::string>> read_config(
    const py::bytes& text, const std::string& file) {
  facecap::ConfigText config = facecap::parse_config(text, file);
  std::map<std::string, SettingValue> values;
  for (facecap::ConfigSetting& setting : config.settings) values[setting.name] = std::move(setting.value);
  return {std::move(values), std::move(config.warnings)};
}

}  // namespace

std::vector<Event> events_of(const std::vector<CaptureEvent>& events) {
  std::vector<Event> out;
  for (const CaptureEvent& event : events)
    out.emplace_back(facecap::to_string(event.kind), event.frame, event.shot_frame, event.track_id,
                     event.sequence, event.quality);
  return out;
}

Step step_of(const facecap::GateStep& step) {
  std::vector<int> stored;
  for (const facecap::GateStep::Stored& shot : step.stored) stored.push_back(shot.candidate);
  std::vector<std::optional<std::string>> reasons(step.reasons.size());
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (step.reasons[i]) reasons[i] = facecap::to_string(*step.reasons[i]);
  return {stored, events_of(step.events), reasons};
}

void register_capture_gate(py::module_& module) {
  py::class_<CaptureSetting>(module, "CaptureSetting")
      .def_readonly("name", &CaptureSetting::name)
      .def_property_readonly("kind", &kind_of)
      .def_property_readonly("optional", &CaptureSetting::optional)
      .def_property_readonly("choices", &CaptureSetting::choices)
      .def_property_readonly("default",
                             [](const CaptureSetting& setting) { return setting.get(CaptureConfig()); })
      .def_readonly("help", &CaptureSetting::help)
      .def_property_readonly("vendor_names",
                             [](const CaptureSetting& setting) { return setting.vendor.names; });
  module.def("capture_settings", &facecap::capture_settings);
  module.def("read_config", &read_config, py::arg("text"), py::arg("file"));
  module.attr("LARGEST_CONFIG") = facecap::kLargestConfig;

  py::class_<CaptureConfig>(module, "CaptureConfig").def(py::init(&configuration), py::arg("values"));

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
