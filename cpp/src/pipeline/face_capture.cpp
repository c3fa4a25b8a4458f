#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "facecap/error.hpp"
#include "facecap/pipeline.hpp"
#include "pipeline/assess.hpp"
#include "pipeline/identities.hpp"
#include "pipeline/stage_timer.hpp"

namespace facecap {
namespace {

constexpr float kNotKnown = std::numeric_limits<float>::quiet_NaN();

/// What is kept of a slot's shot.
struct Shot {
  Image crop;
  Box box;
  Landmarks landmarks{};
  float score = 0;
  Pose pose;
  std::optional<double> timestamp;
  float mask_prob = kNotKnown;
};

TrackerOptions tracker_options(const CaptureConfig& config) {
  TrackerOptions options;
  options.min_hits = config.min_hits;
  options.max_unmatched = config.miss_limit;
  return options;
}

}  // namespace

struct FaceCapture::State {
  State(CaptureConfig config, FaceCaptureParts given, int slots)
      : parts(std::move(given)),
        tracker(tracker_options(config)),
        gate(config, slots),
        shots(static_cast<std::size_t>(slots)),
        identities(parts.embedder ? parts.embedder->model().manifest->embedder->same_person : 1.0f) {
    if (!parts.detector) throw std::invalid_argument("FaceCapture needs a detector");
    if (parts.classifier) crop_size = parts.classifier->crop_size();
    for (Shot& shot : shots) shot.crop.pixels.reserve(std::size_t{3} * crop_size.width * crop_size.height);
    const Size aligned = parts.embedder ? parts.embedder->crop_size() : Size{};
    if (aligned.width != aligned.height)
      throw std::invalid_argument("the embedder takes crops of " + std::to_string(aligned.width) + "x" +
                                  std::to_string(aligned.height) +
                                  ", wanted a square: faces are aligned to one");
  }

  std::int64_t admit(std::optional<std::int64_t> frame_index, std::optional<double> timestamp) const {
    if (gate.config().interval_seconds && !timestamp)
      throw std::invalid_argument(
          "timestamp is missing: the configuration has interval_seconds, so every frame needs "
          "its time in seconds");
    const std::int64_t frame = frame_index.value_or(next_frame);
    if (frame < next_frame)
      throw std::invalid_argument("frame_index is " + std::to_string(frame) + ", wanted at least " +
                                  std::to_string(next_frame) + ": frames come in order, each once");
    if (frame == std::numeric_limits<std::int64_t>::max())
      throw std::invalid_argument("frame_index is " + std::to_string(frame) +
                                  ", wanted less: no frame could follow it");
    if (timestamp && !std::isfinite(*timestamp))
      throw std::invalid_argument("timestamp is " + std::to_string(*timestamp) + ", wanted finite seconds");
    if (timestamp && last_timestamp && *timestamp < *last_timestamp)
      throw std::invalid_argument("timestamp is " + std::to_string(*timestamp) + " s, wanted at least " +
                                  std::to_string(*last_timestamp) + " s: time does not run back");
    return frame;
  }

  void assess_faces(const FrameView& frame) {
    result.poses.clear();
    result.quality.clear();
    rejections.clear();
    refined = result.faces.landmarks;
    for (std::size_t i = 0; i < result.faces.size(); ++i) {
      const Assessment face = assess(frame, result.faces.boxes[i], result.faces.landmarks[i], gate.config());
      result.poses.push_back(face.pose);
      result.quality.push_back(face.quality);
      rejections.push_back(face.rejection);
    }
  }

  /// Whether the costly questions, refinement and identity, are worth asking.
  bool eligible(std::size_t i) const {
    return result.tracks.stable[i] && !rejections[i] && result.quality[i] >= gate.config().min_quality;
  }

  /// Asks once a track. A failure of the embedder costs the check, never the capture.
  bool duplicate(const FrameView& frame, std::int64_t id, const Landmarks& landmarks) {
    if (!parts.embedder) return false;
    if (!identities.knows(id)) try {
        const int side = parts.embedder->crop_size().width;
        const Image aligned =
            std::visit([&](const auto& picture) { return align_face(picture, landmarks, side); }, frame);
        identities.observe(id, parts.embedder->embed({aligned.view()}).data(), parts.embedder->dimensions());
      } catch (const Error& error) {
        stage_error = error.what();
      }
    return identities.is_duplicate(id);
  }

  Candidate candidate(const FrameView& frame, std::size_t i) {
    const Box& box = result.faces.boxes[i];
    const Landmarks& landmarks = result.faces.landmarks[i];
    Candidate face;
    face.track_id = result.tracks.ids[i];
    face.stable = result.tracks.stable[i];
    face.quality = result.quality[i];
    face.eye_distance = eye_distance(landmarks);
    face.rejection = rejections[i];
    if (!eligible(i)) return face;
    const Refinement refinement = parts.refine ? parts.refine(frame, box, landmarks) : Refinement{landmarks};
    refined[i] = refinement.landmarks;
    face.refined_eye_distance = eye_distance(refined[i]);
    face.landmark_confidence = refinement.confidence;
    face.refined_quality = posture_quality({box, refined[i], size_of(frame), true, refinement.blur});
    if (crop_rect(box, size_of(frame), gate.config().crop_border).empty())
      face.rejection = Reason::crop_failed;
    else if (duplicate(frame, face.track_id, refined[i]))
      face.rejection = Reason::duplicate_identity;
    return face;
  }

  void keep_shots(const FrameView& frame, const GateStep& step, std::optional<double> timestamp) {
    for (const GateStep::Stored& stored : step.stored) {
      Shot& shot = shots[stored.slot];
      const std::size_t i = static_cast<std::size_t>(stored.candidate);
      shot.box = result.faces.boxes[i];
      shot.landmarks = refined[i];
      shot.score = result.faces.scores[i];
      shot.pose = face_pose(refined[i]);
      shot.timestamp = timestamp;
      shot.mask_prob = kNotKnown;
      shot.crop.width = crop_size.width;
      shot.crop.height = crop_size.height;
      shot.crop.color = crop_color(frame);
      shot.crop.pixels.resize(std::size_t{3} * crop_size.width * crop_size.height);
      const Rect rect = crop_rect(shot.box, size_of(frame), gate.config().crop_border);
      const auto cut = [&](const auto& picture) {
        resize(picture, rect, crop_size.width, crop_size.height, shot.crop.pixels.data());
      };
      std::visit(cut, frame);
      result.capture[i] = true;
    }
  }

  /// Asks the classifier about the shots of these slots. Its failure costs the answer, never the capture.
  void classify(const std::vector<int>& slots_to_ask) {
    if (!parts.classifier || slots_to_ask.empty()) return;
    std::vector<ImageView> crops;
    for (const int slot : slots_to_ask) crops.push_back(shots[slot].crop.view());
    try {
      const std::vector<float>& probabilities = parts.classifier->predict(crops);
      for (std::size_t i = 0; i < slots_to_ask.size(); ++i)
        shots[slots_to_ask[i]].mask_prob = probabilities[i];
      result.classified += static_cast<int>(slots_to_ask.size());
    } catch (const Error& error) {
      stage_error = error.what();
    }
  }

  Capture capture_of(const CaptureEvent& event) const {
    const Shot& shot = shots[event.slot];
    Capture capture;
    capture.event = event;
    capture.timestamp = shot.timestamp;
    capture.box = shot.box;
    capture.landmarks = shot.landmarks;
    capture.score = shot.score;
    capture.pose = shot.pose;
    capture.crop = shot.crop;
    capture.mask_prob = shot.mask_prob;
    if (parts.classifier)
      capture.mask = answer_mask(shot.mask_prob, *parts.classifier->model().manifest->classifier,
                                 gate.config().mask_threshold);
    return capture;
  }

  std::vector<Capture> give_out(const std::vector<CaptureEvent>& events) {
    if (gate.config().classify_on == ClassifyOn::emit) {
      std::vector<int> slots_to_ask;
      for (const CaptureEvent& event : events) slots_to_ask.push_back(event.slot);
      classify(slots_to_ask);
    }
    std::vector<Capture> captures;
    for (const CaptureEvent& event : events) {
      captures.push_back(capture_of(event));
      identities.captured(event.track_id);
    }
    return captures;
  }

  FaceCaptureParts parts;
  Size crop_size{112, 112};  // where no classifier says another
  Tracker tracker;
  CaptureGate gate;
  std::vector<Shot> shots;
  Identities identities;
  std::vector<std::optional<Reason>> rejections;
  std::vector<Landmarks> refined;  // the detector's where nobody asked for better
  std::vector<Candidate> candidates;
  FrameResult result;
  std::string stage_error;
  std::int64_t next_frame = 0;
  std::optional<double> last_timestamp;
};

FaceCapture::FaceCapture(CaptureConfig config, FaceCaptureParts parts, int slots)
    : state_(std::make_unique<State>(std::move(config), std::move(parts), slots)) {}

FaceCapture::~FaceCapture() = default;

const CaptureConfig& FaceCapture::config() const {
  return state_->gate.config();
}

const std::string& FaceCapture::stage_error() const {
  return state_->stage_error;
}

const FrameResult& FaceCapture::process(const FrameView& frame, std::optional<std::int64_t> frame_index,
                                        std::optional<double> timestamp) {
  State& s = *state_;
  FrameResult& result = s.result;
  const std::int64_t index = s.admit(frame_index, timestamp);
  StageSeconds seconds;
  {
    const StageTimer total(seconds.total);
    {
      const StageTimer timer(seconds.detect);
      result.faces = s.parts.detector->detect(frame);
    }
    result.frame_index = index;
    result.timestamp = timestamp;
    result.classified = 0;
    s.stage_error.clear();
    result.capture.assign(result.faces.size(), false);
    {
      const StageTimer timer(seconds.quality);
      s.assess_faces(frame);
    }
    {
      const StageTimer timer(seconds.track);
      result.tracks = s.tracker.update(result.faces.boxes, result.faces.scores);
    }
    const GateStep* step = nullptr;
    {
      const StageTimer timer(seconds.gate);
      s.candidates.clear();
      for (std::size_t i = 0; i < result.faces.size(); ++i) s.candidates.push_back(s.candidate(frame, i));
      step = &s.gate.update(index, s.candidates, result.tracks.live_ids, timestamp);
      result.reasons = step->reasons;
    }
    {
      const StageTimer timer(seconds.crop);
      s.keep_shots(frame, *step, timestamp);
    }
    {
      const StageTimer timer(seconds.classify);
      if (s.gate.config().classify_on == ClassifyOn::capture) {
        std::vector<int> stored;
        for (const GateStep::Stored& shot : step->stored) stored.push_back(shot.slot);
        s.classify(stored);
      }
      result.captures = s.give_out(step->events);
      s.identities.keep_only(result.tracks.live_ids);
    }
    result.mask_prob.clear();
    for (const std::int64_t id : result.tracks.ids) {
      const int slot = s.gate.slot_of(id);
      result.mask_prob.push_back(slot < 0 ? kNotKnown : s.shots[slot].mask_prob);
    }
  }
  result.seconds = seconds;
  s.next_frame = index + 1;
  s.last_timestamp = timestamp ? timestamp : s.last_timestamp;
  return result;
}

std::vector<Capture> FaceCapture::flush() {
  State& s = *state_;
  s.stage_error.clear();
  std::vector<Capture> captures = s.give_out(s.gate.flush(s.next_frame - 1));
  s.tracker.clear();
  s.identities.keep_only({});
  return captures;
}

void FaceCapture::reset() {
  const int slots = state_->gate.slots();
  state_ = std::make_unique<State>(config(), std::move(state_->parts), slots);
}

}  // namespace facecap
