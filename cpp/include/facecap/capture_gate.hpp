#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace facecap {

enum class CaptureMode { automatic, fast, cycle };
enum class QualityMethod { posture, eye_distance, laplacian, posture_laplacian };
enum class ClassifyOn { capture, emit };
enum class EventKind { first, periodic, lost, flush };

/// Why a face was not captured.
enum class Reason {
  too_small,
  too_large,
  extreme_yaw,
  extreme_pitch,
  extreme_roll,
  low_quality,
  eyes_too_close,
  low_landmark_confidence,
  track_unconfirmed,
  not_better,
  refined_not_better,
  count_exhausted,
  no_free_slot,
  crop_failed,
  invalid_pose,
  below_track_best,
  duplicate_identity
};

const char* to_string(EventKind kind);
const char* to_string(Reason reason);

/// Pixels, degrees, frames and seconds; defaults of the specification 2.1 (0.70 rad, 0.50 rad and 0.65 * 90
/// degrees).
struct CaptureConfig {
  CaptureMode mode = CaptureMode::automatic;
  float min_face = 32;   // -1: no limit
  float max_face = 512;  // -1: no limit
  float max_yaw = 40.107046f;
  float max_pitch = 28.647890f;
  float max_roll = 58.5f;
  QualityMethod quality_method = QualityMethod::posture;
  float min_quality = 0.1f;
  float min_eye_distance = 20;
  float min_landmark_confidence = 0.5f;
  float min_sharpness = 100;               // only for posture_laplacian
  int interval = 45;                       // frames between emissions of a track
  std::optional<double> interval_seconds;  // instead of `interval`
  int max_captures = 3;                    // a track; 0: no limit
  int miss_limit = 40;                     // frames
  int min_hits = 10;                       // frames
  float min_relative_quality = 0;
  bool early_first = false;  // AUTO emits the first stored shot at once (auto_m_fast_cap)
  ClassifyOn classify_on = ClassifyOn::capture;
  std::optional<float> mask_threshold;  // none: the manifest's band, with `unknown` in it
  float crop_border = 0.15f;
  void validate() const;  // throws std::invalid_argument that names the key, the value and the range
};

/// A tracked face of this frame that asks to be captured.
struct Candidate {
  std::int64_t track_id = 0;
  bool stable = true;
  float quality = 0;
  float refined_quality = 0;
  float eye_distance = 0;
  float refined_eye_distance = 0;
  float landmark_confidence = 1;
  std::optional<Reason> rejection;  // known before the gate: size, pose, crop, identity
};

struct CaptureEvent {
  EventKind kind = EventKind::first;
  std::int64_t frame = 0;       // of the emission
  std::int64_t shot_frame = 0;  // of the shot
  std::int64_t track_id = 0;
  int sequence = 0;  // from 1 in the track
  float quality = 0;
  int slot = 0;
};

struct GateStep {
  struct Stored {
    int candidate = 0;
    int slot = 0;
  };
  std::vector<Stored> stored;                  // shots stored in this frame, in candidate order
  std::vector<CaptureEvent> events;            // in slot order
  std::vector<std::optional<Reason>> reasons;  // an entry a candidate; none where stored
};

/// Which shots of which tracks are kept and when they are given out (specification 2). Sees no pixels: the
/// owner of the pictures keeps one a slot.
class CaptureGate {
 public:
  CaptureGate(CaptureConfig config, int slots);
  /// One frame. `timestamp` in seconds is needed where the configuration has interval_seconds.
  /// Throws std::invalid_argument where frame_index does not grow or the timestamp is missing or runs back.
  const GateStep& update(std::int64_t frame_index, const std::vector<Candidate>& candidates,
                         const std::vector<std::int64_t>& live_ids, std::optional<double> timestamp = {});
  /// Gives out pending shots as if every track were lost, and frees all slots.
  std::vector<CaptureEvent> flush(std::int64_t frame_index);
  /// The slot that holds a track, or -1.
  int slot_of(std::int64_t track_id) const;
  int slots() const { return static_cast<int>(slots_.size()); }
  const CaptureConfig& config() const { return config_; }

 private:
  struct Slot {
    enum class State { idle, alive, miss };
    State state = State::idle;
    std::int64_t track_id = 0;
    float quality = 0;
    float refined = 0;
    float best = 0;  // of the track, for min_relative_quality
    int emitted = 0;
    std::int64_t timer_frame = 0;  // of the last emission, or of the first store
    double timer_seconds = 0;
    std::int64_t shot_frame = 0;
    std::int64_t emitted_shot_frame = -1;
    bool emitted_last_frame = false;
  };
  std::optional<Reason> consider(const Candidate& candidate, std::int64_t frame, double seconds, int& slot);
  bool emit_due(const Slot& slot, std::int64_t frame, double seconds) const;

  CaptureConfig config_;
  std::vector<Slot> slots_;
  GateStep step_;
  std::int64_t last_frame_ = std::numeric_limits<std::int64_t>::min();
  double last_seconds_ = 0;
};

}  // namespace facecap
