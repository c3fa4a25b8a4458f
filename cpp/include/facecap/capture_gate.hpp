#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace facecap {

enum class CaptureMode { automatic, fast, cycle, once };
enum class QualityMethod { posture, eye_distance, laplacian, posture_laplacian };
enum class ClassifyOn { capture, emit };
enum class Motion { off, automatic };
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
  not_a_face,
  track_unconfirmed,
  not_better,
  refined_not_better,
  count_exhausted,
  no_free_slot,
  crop_failed,
  invalid_pose,
  below_track_best,
  duplicate_identity,
  outside_area
};

const char* to_string(CaptureMode mode);
const char* to_string(QualityMethod method);
const char* to_string(ClassifyOn when);
const char* to_string(Motion motion);
const char* to_string(EventKind kind);
const char* to_string(Reason reason);

/// What to_string gives, read back. Throws std::invalid_argument that lists the names.
Reason reason(const std::string& name);

/// Pixels, degrees, frames and seconds; the default angles are 0.70 rad, 0.50 rad and 0.65 * 90 degrees.
/// `capture_settings()` says of each key what it means and which values it takes.
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
  int interval = 45;                       // frames between events of a track
  std::optional<double> interval_seconds;  // instead of `interval`
  int max_captures = 3;                    // a track; 0: no limit
  int miss_limit = 40;                     // frames
  int min_hits = 10;                       // frames
  float min_relative_quality = 0;
  bool early_first = false;  // AUTO emits the first stored shot at once (auto_m_fast_cap)
  ClassifyOn classify_on = ClassifyOn::capture;
  std::optional<float> mask_threshold;  // none: the manifest's band, with `unknown` in it
  float crop_border = 0.15f;
  Motion motion = Motion::automatic;
  double motion_refresh_seconds = 2;

  /// Throws std::invalid_argument that names the key, the value and the range.
  void validate() const;
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
  std::optional<Reason> rejection;  // known before the gate: area, size, pose, crop
};

/// What costs a network, asked of a candidate that nothing cheaper refuses; where one is empty the candidate
/// is taken as it is.
struct CostlyQuestions {
  /// Fills the refined values of the candidate of this index, or its rejection
  /// (docs/capture-flow.md, "Second look").
  std::function<void(std::size_t index, Candidate& candidate)> refine;
  /// Whether the person was captured on another track; asked last.
  std::function<bool(std::size_t index)> duplicate;
};

struct CaptureEvent {
  EventKind kind = EventKind::first;
  std::int64_t frame = 0;       // in which it is emitted
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

/// Which shots of which tracks are stored and when they are emitted (docs/capture-flow.md, "Gate"). Sees no
/// pixels: the owner of the pictures keeps one a slot.
class CaptureGate {
 public:
  CaptureGate(CaptureConfig config, int slots);

  /// One frame. `live_ids` are the tracks that go on, seen or not; a track that holds a slot and is not among
  /// them is lost. `timestamp` in seconds is needed where the configuration has interval_seconds, and only
  /// looked at there. Throws std::invalid_argument where frame_index does not grow or the timestamp is
  /// missing, not finite or runs back, and what a question throws; nothing has changed then, nor where memory
  /// runs out.
  const GateStep& update(std::int64_t frame_index, const std::vector<Candidate>& candidates,
                         const std::vector<std::int64_t>& live_ids, std::optional<double> timestamp = {},
                         const CostlyQuestions& ask = {});

  /// Emits pending shots as if every track were lost, and frees all slots. `frame_index` is not before
  /// the last frame. Nothing has changed where it throws.
  std::vector<CaptureEvent> flush(std::int64_t frame_index);

  /// Takes back the last update or flush, which did not throw: its owner could not keep what came of it.
  void undo() noexcept;

  /// The slot that holds a track, or -1.
  int slot_of(std::int64_t track_id) const;
  int slots() const { return static_cast<int>(slots_.size()); }
  const CaptureConfig& config() const { return config_; }

 private:
  struct Slot {
    enum class State { idle, alive, miss };
    State state = State::idle;
    std::int64_t track_id = 0;
    float quality = 0;     // of the shot; 0 after an event, so that the next shot starts afresh
    float refined = 0;     // the same
    float best = 0;        // quality of the track
    int emitted = 0;       // events of the track
    bool pending = false;  // the shot was not emitted yet
    bool rearm = false;    // emitted in the last frame
    std::int64_t shot_frame = 0;
    std::int64_t timer_frame = 0;  // of the last event, or of the first shot
    double timer_seconds = 0;
  };

  void remember();
  double admit(std::int64_t frame_index, std::optional<double> timestamp) const;
  void prepare();
  Slot* slot_for(std::int64_t track_id);
  void consider(std::size_t index, Candidate candidate, std::int64_t frame, double seconds,
                const CostlyQuestions& ask);
  std::optional<Reason> refuse_cheaply(const Candidate& candidate, const Slot* slot) const;
  std::optional<Reason> refuse_refined(const Candidate& candidate, const Slot& slot) const;
  void store(const Candidate& candidate, Slot& slot, std::int64_t frame, double seconds) const;
  bool count_left(const Slot& slot) const;
  bool due(const Slot& slot, std::int64_t frame, double seconds) const;
  bool due_on_loss(const Slot& slot) const;
  void emit_due(std::int64_t frame, double seconds);
  CaptureEvent emit(Slot& slot, EventKind kind, std::int64_t frame, double seconds);

  CaptureConfig config_;
  std::vector<Slot> slots_;
  std::vector<Slot> before_;  // slots_ as the last frame left them
  std::int64_t frame_before_ = -1;
  double seconds_before_ = std::numeric_limits<double>::lowest();
  std::vector<std::int64_t> live_ids_;
  GateStep step_;
  std::int64_t last_frame_ = -1;
  double last_seconds_ = std::numeric_limits<double>::lowest();
};

}  // namespace facecap
