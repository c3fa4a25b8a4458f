#include "facecap/capture_settings.hpp"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace facecap {
namespace {

using Config = CaptureConfig;
using Range = CaptureSetting::Range;

constexpr double kDegreesARadian = 57.29577951308232;
constexpr double kDegreesAQuarterTurn = 90;

constexpr Range kChoice{};
constexpr Range kSide{"pixels, or -1 for no limit", 0, std::numeric_limits<double>::max(), true};
constexpr Range kAngle{"degrees between 0 and 180", 0, 180};
constexpr Range kShare{"a number between 0 and 1", 0, 1};
constexpr Range kFrames{"frames, 1 or more", 1};

Range at_least_0(const char* wanted) {
  return {wanted, 0};
}

CaptureSetting row(const char* name, CaptureSetting::Field field, Range range, const char* help,
                   std::vector<std::string> vendor_names = {}, double vendor_unit = 1,
                   int vendor_numbers = 0) {
  return {name, field, range, help, {std::move(vendor_names), vendor_unit, vendor_numbers}};
}

const std::vector<CaptureSetting> kSettings{
    row("mode", &Config::mode, kChoice,
        "when a capture is emitted: auto and cycle at intervals, fast also at once; auto also when the track "
        "is "
        "lost, once only then",
        {}, 1, 3),
    row("min_face", &Config::min_face, kSide, "smallest side of a face in pixels, -1: no limit",
        {"thr_size_min", "Threshold_Size_Min"}),
    row("max_face", &Config::max_face, kSide, "largest side of a face in pixels, -1: no limit",
        {"thr_size_max", "Threshold_Size_Max"}),
    row("max_yaw", &Config::max_yaw, kAngle,
        "largest turn to the side in degrees; what is measured ends at 57.3", {"thr_yaw", "Threshold_Yaw"},
        kDegreesARadian),
    row("max_pitch", &Config::max_pitch, kAngle,
        "largest turn up or down in degrees; what is measured ends at 57.3", {"thr_pitch", "Threshold_Pitch"},
        kDegreesARadian),
    row("max_roll", &Config::max_roll, kAngle, "largest tilt in degrees", {"thr_roll", "Threshold_Roll"},
        kDegreesAQuarterTurn),
    row("quality_method", &Config::quality_method, kChoice,
        "what makes a shot good, before the landmarks are refined",
        {"qa_method", "Quality_Assessment_Method"}, 1, 4),
    row("min_quality", &Config::min_quality, Range{"a finite number"},
        "least score of a shot; for posture from about -0.2 to 1.5", {"thr_quality", "Threshold_Quality"}),
    row("min_eye_distance", &Config::min_eye_distance, at_least_0("pixels, 0 or more"),
        "least distance of the refined eyes in pixels; the detector's may be closer by a fifth",
        {"eye_dist_thresh"}),
    row("min_landmark_confidence", &Config::min_landmark_confidence, kShare,
        "least probability of a face as the refiner says, 0 to 1; without a refiner every face counts as 1",
        {"landmark_score_thresh"}),
    row("min_sharpness", &Config::min_sharpness, at_least_0("a variance, 0 or more"),
        "least variance of the Laplacian of a face, for posture_laplacian alone", {"thr_laplacian"}),
    row("interval", &Config::interval, at_least_0("frames, 0 or more"),
        "frames from one event of a track, or from its first shot, to the next",
        {"m_interval", "FAST_Mode_Interval", "CYCLE_Mode_Interval", "fast_m_interval", "cycle_m_interval"}),
    row("interval_seconds", &Config::interval_seconds, at_least_0("seconds, 0 or more"),
        "seconds instead of the frames of interval; frames must come with timestamps then"),
    row("max_captures", &Config::max_captures, at_least_0("a count, or 0 for no limit"),
        "captures of a track, 0: no limit", {"m_capture_num", "FAST_Mode_Capture_Num", "fast_m_capture_num"}),
    row("miss_limit", &Config::miss_limit, kFrames, "frames without a detection after which a track is lost",
        {"miss_time_limit", "Miss_Time_Limit"}),
    row("min_hits", &Config::min_hits, kFrames,
        "frames in a row with a detection until a track may be captured"),
    row("min_relative_quality", &Config::min_relative_quality, kShare,
        "share of the track's best score that a shot after an event must reach, 0 to 1"),
    row("early_first", &Config::early_first, kChoice,
        "auto emits the first shot of a track at once, as fast does",
        {"auto_m_fast_cap", "AUTO_Mode_Fast_Cap"}),
    row("classify_on", &Config::classify_on, kChoice,
        "whether the mask is asked for when a shot is stored or when it is emitted"),
    row("mask_threshold", &Config::mask_threshold, kShare,
        "P(mask) from which on the answer is mask, instead of the model's band with unknown in it"),
    row("crop_border", &Config::crop_border, at_least_0("a share of the box, 0 or more"),
        "share of the box that a crop adds on each side"),
    row("motion", &Config::motion, kChoice,
        "auto leaves detection out of frames in which nothing moved since one without faces; off: never"),
    row("motion_refresh_seconds", &Config::motion_refresh_seconds, at_least_0("seconds, 0 or more"),
        "longest time without detection where nothing moves; 25 frames a second where frames have no time"),
};

}  // namespace

const std::vector<CaptureSetting>& capture_settings() {
  return kSettings;
}

const CaptureSetting* find_capture_setting(const std::string& name) {
  for (const CaptureSetting& setting : kSettings)
    if (name == setting.name) return &setting;
  return nullptr;
}

void CaptureConfig::validate() const {
  CaptureConfig checked;
  for (const CaptureSetting& setting : kSettings) setting.set(checked, setting.get(*this));
  if (min_face < 0 || max_face < 0 || min_face <= max_face) return;
  std::ostringstream text;
  text << max_face;
  throw std::invalid_argument("max_face is " + text.str() + ", wanted at least min_face");
}

}  // namespace facecap
