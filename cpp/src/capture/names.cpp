#include "capture/names.hpp"

#include <stdexcept>
#include <utility>

#include "facecap/capture_gate.hpp"

namespace facecap {
namespace {

template <typename T>
using Name = std::pair<T, const char*>;

constexpr Name<CaptureMode> kModes[] = {{CaptureMode::automatic, "auto"},
                                        {CaptureMode::fast, "fast"},
                                        {CaptureMode::cycle, "cycle"},
                                        {CaptureMode::once, "once"}};

constexpr Name<QualityMethod> kMethods[] = {{QualityMethod::posture, "posture"},
                                            {QualityMethod::eye_distance, "eye_distance"},
                                            {QualityMethod::laplacian, "laplacian"},
                                            {QualityMethod::posture_laplacian, "posture_laplacian"}};

constexpr Name<ClassifyOn> kClassifyOn[] = {{ClassifyOn::capture, "capture"}, {ClassifyOn::emit, "emit"}};

constexpr Name<Motion> kMotions[] = {{Motion::off, "off"}, {Motion::automatic, "auto"}};

constexpr Name<EventKind> kKinds[] = {{EventKind::first, "first"},
                                      {EventKind::periodic, "periodic"},
                                      {EventKind::lost, "lost"},
                                      {EventKind::flush, "flush"}};

constexpr Name<Reason> kReasons[] = {{Reason::too_small, "too_small"},
                                     {Reason::too_large, "too_large"},
                                     {Reason::extreme_yaw, "extreme_yaw"},
                                     {Reason::extreme_pitch, "extreme_pitch"},
                                     {Reason::extreme_roll, "extreme_roll"},
                                     {Reason::low_quality, "low_quality"},
                                     {Reason::eyes_too_close, "eyes_too_close"},
                                     {Reason::low_landmark_confidence, "low_landmark_confidence"},
                                     {Reason::not_a_face, "not_a_face"},
                                     {Reason::track_unconfirmed, "track_unconfirmed"},
                                     {Reason::not_better, "not_better"},
                                     {Reason::refined_not_better, "refined_not_better"},
                                     {Reason::count_exhausted, "count_exhausted"},
                                     {Reason::no_free_slot, "no_free_slot"},
                                     {Reason::crop_failed, "crop_failed"},
                                     {Reason::invalid_pose, "invalid_pose"},
                                     {Reason::below_track_best, "below_track_best"},
                                     {Reason::duplicate_identity, "duplicate_identity"},
                                     {Reason::outside_area, "outside_area"}};

template <typename T, std::size_t N>
const char* name_of(const Name<T> (&names)[N], T value) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  return "?";
}

template <typename T, std::size_t N>
std::vector<std::string> list(const Name<T> (&names)[N]) {
  std::vector<std::string> all;
  for (const auto& [value, name] : names) all.emplace_back(name);
  return all;
}

template <typename T, std::size_t N>
T value_of(const Name<T> (&names)[N], const char* what, const std::string& wanted) {
  std::string list;
  for (const auto& [value, name] : names) {
    if (wanted == name) return value;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  throw std::invalid_argument(std::string(what) + " is '" + wanted + "', wanted one of " + list);
}

}  // namespace

const char* to_string(CaptureMode mode) {
  return name_of(kModes, mode);
}
const char* to_string(QualityMethod method) {
  return name_of(kMethods, method);
}
const char* to_string(ClassifyOn when) {
  return name_of(kClassifyOn, when);
}
const char* to_string(Motion motion) {
  return name_of(kMotions, motion);
}
const char* to_string(EventKind kind) {
  return name_of(kKinds, kind);
}
const char* to_string(Reason reason) {
  return name_of(kReasons, reason);
}

template <>
std::vector<std::string> names_of<CaptureMode>() {
  return list(kModes);
}
template <>
std::vector<std::string> names_of<QualityMethod>() {
  return list(kMethods);
}
template <>
std::vector<std::string> names_of<ClassifyOn>() {
  return list(kClassifyOn);
}
template <>
std::vector<std::string> names_of<Motion>() {
  return list(kMotions);
}

template <>
CaptureMode value_named<CaptureMode>(const std::string& name) {
  return value_of(kModes, "mode", name);
}
template <>
QualityMethod value_named<QualityMethod>(const std::string& name) {
  return value_of(kMethods, "quality_method", name);
}
template <>
ClassifyOn value_named<ClassifyOn>(const std::string& name) {
  return value_of(kClassifyOn, "classify_on", name);
}
template <>
Motion value_named<Motion>(const std::string& name) {
  return value_of(kMotions, "motion", name);
}

Reason reason(const std::string& name) {
  return value_of(kReasons, "rejection", name);
}

}  // namespace facecap
