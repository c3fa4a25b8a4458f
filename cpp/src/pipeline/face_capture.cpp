#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "facecap/error.hpp"
#include "facecap/pipeline.hpp"
#include "pipeline/assess.hpp"
#include "pipeline/identities.hpp"
#include "pipeline/on_exception.hpp"
#include "pipeline/shots.hpp"
#include "pipeline/timed.hpp"

namespace facecap {
namespace {

constexpr Size kCropSize{112, 112};  // where no classifier says another

/// All that a FaceCapture remembers of the frames before.
struct Memory {
  Memory(const CaptureConfig& config, const FaceCaptureParts& parts, int slots)
      : tracker(tracker_options(config)),
        gate(config, slots),
        shots(slots, parts.classifier ? parts.classifier->crop_size() : kCropSize),
        still_frames(config),
        identities(parts.embedder ? parts.embedder->model().manifest->embedder->same_person : 1.0f) {}

  Tracker tracker;
  CaptureGate gate;
  Shots shots;
  StillFrames still_frames;
  struct Preview {
    std::int64_t frame;
    LumaBlocks blocks;
  };
  std::optional<Preview> preview;  // of the frame that comes next
  Identities identities;
  std::int64_t next_frame = 0;
  std::optional<double> last_timestamp;
};
static_assert(std::is_nothrow_move_assignable_v<Memory>, "reset() succeeds or changes nothing");

}  // namespace

struct FaceCapture::State : Memory {
  State(const CaptureConfig& config, FaceCaptureParts given, int slots)
      : Memory(config, given, slots), parts(std::move(given)) {
    if (!parts.detector) throw std::invalid_argument("FaceCapture needs a detector");
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
    result.laplacian.clear();
    assessments.clear();
    refined = result.faces.landmarks;
    for (std::size_t i = 0; i < result.faces.size(); ++i) {
      result.laplacian.push_back(
          measure_laplacian(frame, result.faces.boxes[i], result.faces.landmarks[i], gate.config()));
      assessments.push_back(assess(face(frame, i), gate.config()));
      result.poses.push_back(assessments[i].pose);
      result.quality.push_back(assessments[i].quality);
    }
  }

  void note_failure(const Error& error) {
    const std::string text = error.what();
    if (stage_error.find(text) == std::string::npos) stage_error += (stage_error.empty() ? "" : "; ") + text;
  }

  /// Asks once a track. A failure of the embedder costs the check, never the capture.
  bool duplicate(const FrameView& frame, std::size_t i) {
    const std::int64_t id = result.tracks.ids[i];
    if (!identities.knows(id)) try {
        const int side = parts.embedder->crop_size().width;
        const Image aligned =
            std::visit([&](const auto& picture) { return align_face(picture, refined[i], side); }, frame);
        identities.observe(id, parts.embedder->embed({aligned.view()}).data(), parts.embedder->dimensions());
      } catch (const Error& error) {
        note_failure(error);
      }
    return identities.is_duplicate(id);
  }

  /// The second look at a face, or the detector's own where there is no refiner or it fails: that costs the
  /// look, never the capture.
  Refinement look_again(const FrameView& frame, std::size_t i, double& seconds) {
    if (parts.refiner) try {
        const Refinement look =
            timed(seconds, [&] { return parts.refiner->refine(frame, {result.faces.boxes[i]})[0]; });
        ++result.refined;
        return look;
      } catch (const Error& error) {
        note_failure(error);
      }
    return {result.faces.landmarks[i]};
  }

  void refine(const FrameView& frame, std::size_t i, Candidate& candidate, double& seconds) {
    const Refinement look = look_again(frame, i, seconds);
    if (parts.refiner) result.looks[i] = look;
    take_look(candidate, face(frame, i), look, refiner_spec());
    if (!candidate.rejection) refined[i] = look.landmarks;
  }

  const RefinerSpec* refiner_spec() const { return parts.refiner ? &parts.refiner->spec() : nullptr; }

  DetectedFace face(const FrameView& frame, std::size_t i) const {
    return {result.faces.boxes[i], result.faces.landmarks[i], size_of(frame), result.laplacian[i]};
  }

  Candidate candidate(const FrameView& frame, std::size_t i) const {
    Candidate asks = candidate_of(face(frame, i), assessments[i], areas, gate.config(), refiner_spec());
    asks.track_id = result.tracks.ids[i];
    asks.stable = result.tracks.stable[i];
    return asks;
  }

  const GateStep& pass_gate(const FrameView& frame, double& refine_seconds) {
    candidates.clear();
    for (std::size_t i = 0; i < result.faces.size(); ++i) candidates.push_back(candidate(frame, i));
    CostlyQuestions ask;
    ask.refine = [&](std::size_t i, Candidate& asks) { refine(frame, i, asks, refine_seconds); };
    if (parts.embedder) ask.duplicate = [&](std::size_t i) { return duplicate(frame, i); };
    return gate.update(result.frame_index, candidates, result.tracks.live_ids, result.timestamp, ask);
  }

  void keep_shots(const FrameView& frame, const GateStep& step, std::optional<double> timestamp) {
    for (const GateStep::Stored& stored : step.stored) {
      Shot& shot = shots.draft();
      const std::size_t i = static_cast<std::size_t>(stored.candidate);
      shot.box = result.faces.boxes[i];
      shot.landmarks = refined[i];
      shot.score = result.faces.scores[i];
      shot.pose = face_pose(refined[i]);
      shot.timestamp = timestamp;
      shot.crop.color = crop_color(frame);
      const Rect rect = crop_rect(shot.box, size_of(frame), gate.config().crop_border);
      const auto cut = [&](const auto& picture) {
        resize(picture, rect, shot.crop.width, shot.crop.height, shot.crop.pixels.data());
      };
      std::visit(cut, frame);
      shots.store(stored.slot);
      result.stored[i] = true;
    }
  }

  /// Asks the classifier about the shots of these slots. Its failure costs the answer, never the capture.
  void classify(const std::vector<int>& slots_to_ask) {
    if (!parts.classifier || slots_to_ask.empty()) return;
    std::vector<ImageView> crops;
    for (const int slot : slots_to_ask) crops.push_back(shots[slot].crop.view());
    try {
      const std::vector<MaskProbabilities>& said = parts.classifier->predict(crops);
      for (std::size_t i = 0; i < slots_to_ask.size(); ++i) shots[slots_to_ask[i]].mask = said[i];
      result.classified += static_cast<int>(slots_to_ask.size());
    } catch (const Error& error) {
      note_failure(error);
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
    capture.mask_prob = shot.mask.mask;
    capture.incorrect_prob = shot.mask.incorrect;
    if (parts.classifier)
      capture.mask = answer_mask(shot.mask, *parts.classifier->model().manifest->classifier,
                                 gate.config().mask_threshold);
    return capture;
  }

  std::vector<Capture> captures_of(const std::vector<CaptureEvent>& events) {
    if (gate.config().classify_on == ClassifyOn::emit) {
      std::vector<int> slots_to_ask;
      for (const CaptureEvent& event : events) slots_to_ask.push_back(event.slot);
      classify(slots_to_ask);
    }
    std::vector<Capture> captures;
    captures.reserve(events.size());
    for (const CaptureEvent& event : events) captures.push_back(capture_of(event));
    return captures;
  }

  void remember(const std::vector<Capture>& captures) noexcept {
    for (const Capture& capture : captures) identities.captured(capture.event.track_id);
  }

  void process(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
               StageSeconds& seconds) {
    LumaBlocks blocks;
    bool still = false;
    if (preview && preview->frame == index)
      blocks = preview->blocks;  // it was asked about, and must be detected in
    else if (still_frames.watching())
      timed(seconds.motion, [&] {
        blocks = luma_blocks(frame);
        still = still_frames.may_skip(blocks, timestamp);
      });
    if (still) return skip(index, timestamp, seconds);
    timed(seconds.detect, [&] { result.faces = parts.detector->detect(frame); });
    follow(frame, index, timestamp, seconds);
    result.skipped = false;
    const bool busy = result.faces.size() > 0 || !result.tracks.live_ids.empty();
    still_frames.detected(std::move(blocks), busy, timestamp);
  }

  /// A frame without detection: one without faces.
  void skip(std::int64_t index, std::optional<double> timestamp, StageSeconds& seconds) {
    result.faces = {};
    follow(ImageView{}, index, timestamp, seconds);
    result.skipped = true;
    still_frames.skipped(timestamp);
  }

  /// The faces of the frame through all stages but the detector.
  void follow(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
              StageSeconds& seconds) {
    begin(index, timestamp);
    timed(seconds.quality, [&] { assess_faces(frame); });
    const Tracks& tracks = timed(seconds.track, [&]() -> const Tracks& {
      return tracker.update(result.faces.boxes, result.faces.scores);
    });
    // What fails from here on fails the whole frame: nothing of it stays, and it may be given again.
    const OnException untrack([this]() noexcept { tracker.undo(); });
    result.tracks = tracks;
    const GateStep& step =
        timed(seconds.gate, [&]() -> const GateStep& { return pass_gate(frame, seconds.refine); });
    seconds.gate -= seconds.refine;
    const OnException ungate([this]() noexcept { gate.undo(); });
    result.reasons = step.reasons;
    shots.begin(step.stored.size());
    const OnException unstore([this]() noexcept { shots.undo(); });
    timed(seconds.crop, [&] { keep_shots(frame, step, timestamp); });
    timed(seconds.classify, [&] {
      classify_stored(step);
      result.captures = captures_of(step.events);
    });
    note_mask_answers();
    remember(result.captures);
    identities.keep_only(result.tracks.live_ids);
  }

  const FrameResult& done(const StageSeconds& seconds) {
    result.seconds = seconds;
    next_frame = result.frame_index + 1;
    last_timestamp = result.timestamp ? result.timestamp : last_timestamp;
    preview.reset();
    return result;
  }

  void begin(std::int64_t index, std::optional<double> timestamp) {
    result.frame_index = index;
    result.timestamp = timestamp;
    result.refined = 0;
    result.classified = 0;
    result.stored.assign(result.faces.size(), false);
    result.looks.assign(result.faces.size(), std::nullopt);
    stage_error.clear();
  }

  void classify_stored(const GateStep& step) {
    if (gate.config().classify_on != ClassifyOn::capture) return;
    std::vector<int> slots_to_ask;
    for (const GateStep::Stored& shot : step.stored) slots_to_ask.push_back(shot.slot);
    classify(slots_to_ask);
  }

  /// Of the shot that each face's track holds.
  void note_mask_answers() {
    result.mask_prob.clear();
    result.incorrect_prob.clear();
    for (const std::int64_t id : result.tracks.ids) {
      const int slot = gate.slot_of(id);
      const MaskProbabilities said = slot < 0 ? MaskProbabilities{} : shots[slot].mask;
      result.mask_prob.push_back(said.mask);
      result.incorrect_prob.push_back(said.incorrect);
    }
  }

  FaceCaptureParts parts;
  Areas areas;
  std::vector<Assessment> assessments;
  std::vector<Landmarks> refined;  // the detector's where nobody asked for better
  std::vector<Candidate> candidates;
  FrameResult result;
  std::string stage_error;
};

FaceCapture::FaceCapture(CaptureConfig config, FaceCaptureParts parts, int slots)
    : state_(std::make_unique<State>(config, std::move(parts), slots)) {}

FaceCapture::~FaceCapture() = default;

const CaptureConfig& FaceCapture::config() const {
  return state_->gate.config();
}

void FaceCapture::set_areas(Areas areas) noexcept {
  state_->areas = std::move(areas);
}

const Areas& FaceCapture::areas() const {
  return state_->areas;
}

const std::string& FaceCapture::stage_error() const {
  return state_->stage_error;
}

const FrameResult& FaceCapture::process(const FrameView& frame, std::optional<std::int64_t> frame_index,
                                        std::optional<double> timestamp) {
  State& s = *state_;
  const std::int64_t index = s.admit(frame_index, timestamp);
  StageSeconds seconds;
  timed(seconds.total, [&] { s.process(frame, index, timestamp, seconds); });
  return s.done(seconds);
}

const FrameResult* FaceCapture::skip(const LumaView& preview, std::optional<std::int64_t> frame_index,
                                     std::optional<double> timestamp) {
  State& s = *state_;
  const std::int64_t index = s.admit(frame_index, timestamp);
  if (!s.still_frames.watching()) return nullptr;
  StageSeconds seconds;
  const bool still = timed(seconds.total, [&] {
    LumaBlocks blocks = luma_blocks(preview);
    if (!s.still_frames.may_skip(blocks, timestamp)) {
      s.preview = Memory::Preview{index, std::move(blocks)};
      return false;
    }
    s.skip(index, timestamp, seconds);
    return true;
  });
  seconds.motion = seconds.total;
  return still ? &s.done(seconds) : nullptr;
}

bool FaceCapture::watching() const {
  return state_->still_frames.watching();
}

std::vector<Capture> FaceCapture::flush() {
  State& s = *state_;
  s.stage_error.clear();
  const std::vector<CaptureEvent> events = s.gate.flush(s.next_frame - 1);
  const OnException unflush([&s]() noexcept { s.gate.undo(); });
  std::vector<Capture> captures = s.captures_of(events);
  s.remember(captures);
  s.tracker.clear();
  s.identities.keep_only({});
  return captures;
}

void FaceCapture::reset() {
  State& s = *state_;
  static_cast<Memory&>(s) = Memory(config(), s.parts, s.gate.slots());
}

}  // namespace facecap
