#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "pipeline/capture_state.hpp"
#include "pipeline/on_exception.hpp"
#include "pipeline/timed.hpp"

namespace facecap {
namespace {

constexpr Size kCropSize{112, 112};  // where no classifier says another

/// Whether a detector could have given this face of a frame of this size.
bool possible(const Detections& faces, std::size_t i, Size frame) {
  const Box& box = faces.boxes[i];
  // Written so that what is no number is refused.
  const bool inside = box.x1 >= 0 && box.y1 >= 0 && box.x2 <= static_cast<float>(frame.width - 1) &&
                      box.y2 <= static_cast<float>(frame.height - 1);
  const Landmarks& points = faces.landmarks[i];
  return inside && box.x1 < box.x2 && box.y1 < box.y2 && !std::isnan(faces.scores[i]) &&
         std::all_of(
             points.begin(), points.end(),
             [](Point point) { return std::isfinite(point.x) && std::isfinite(point.y); });
}

void check_detected(const Detections& faces, Size frame) {
  if (faces.scores.size() != faces.size() || faces.landmarks.size() != faces.size())
    throw std::invalid_argument(
        "detected has " + std::to_string(faces.size()) + " boxes, " + std::to_string(faces.scores.size()) +
        " scores and " + std::to_string(faces.landmarks.size()) + " sets of points, wanted as many of each");
  for (std::size_t i = 0; i < faces.size(); ++i)
    if (!possible(faces, i, frame))
      throw std::invalid_argument(
          "face " + std::to_string(i) + " of detected has no area inside the frame of " +
          std::to_string(frame.width) + "x" + std::to_string(frame.height) +
          ", or a score or a point that is no number: wanted what a detector found in it");
}

}  // namespace

CaptureMemory::CaptureMemory(const CaptureConfig& config, const FaceCaptureParts& parts, int slots)
    : tracker(tracker_options(config)),
      gate(config, slots),
      shots(slots, parts.classifier ? parts.classifier->crop_size() : kCropSize),
      still_frames(config),
      identities(parts.embedder ? parts.embedder->model().manifest->embedder->same_person : 1.0f) {}

FaceCapture::State::State(const CaptureConfig& config, FaceCaptureParts given, int slots)
    : CaptureMemory(config, given, slots), parts(std::move(given)) {
  if (!parts.detector) throw std::invalid_argument("FaceCapture needs a detector");
  const Size aligned = parts.embedder ? parts.embedder->crop_size() : Size{};
  if (aligned.width != aligned.height)
    throw std::invalid_argument("the embedder takes crops of " + std::to_string(aligned.width) + "x" +
                                std::to_string(aligned.height) +
                                ", wanted a square: faces are aligned to one");
}

std::int64_t FaceCapture::State::admit(std::optional<std::int64_t> frame_index,
                                       std::optional<double> timestamp) const {
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

void FaceCapture::State::process(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
                                 const Detections* detected, StageSeconds& seconds) {
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
  timed(seconds.detect, [&] { result.faces = detected ? *detected : parts.detector->detect(frame); });
  follow(frame, index, timestamp, seconds);
  result.skipped = false;
  const bool busy = result.faces.size() > 0 || !result.tracks.live_ids.empty();
  still_frames.detected(std::move(blocks), busy, timestamp);
}

void FaceCapture::State::skip(std::int64_t index, std::optional<double> timestamp, StageSeconds& seconds) {
  result.faces = {};
  follow(ImageView{}, index, timestamp, seconds);
  result.skipped = true;
  still_frames.skipped(timestamp);
}

void FaceCapture::State::follow(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
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

const FrameResult& FaceCapture::State::done(const StageSeconds& seconds) {
  result.seconds = seconds;
  next_frame = result.frame_index + 1;
  last_timestamp = result.timestamp ? result.timestamp : last_timestamp;
  preview.reset();
  return result;
}

void FaceCapture::State::begin(std::int64_t index, std::optional<double> timestamp) {
  result.frame_index = index;
  result.timestamp = timestamp;
  result.refined = 0;
  result.classified = 0;
  result.stored.assign(result.faces.size(), false);
  result.looks.assign(result.faces.size(), std::nullopt);
  stage_error.clear();
}

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
                                        std::optional<double> timestamp, const Detections* detected) {
  State& s = *state_;
  const std::int64_t index = s.admit(frame_index, timestamp);
  if (detected) check_detected(*detected, size_of(frame));
  StageSeconds seconds;
  timed(seconds.total, [&] { s.process(frame, index, timestamp, detected, seconds); });
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
      s.preview = CaptureMemory::Preview{index, std::move(blocks)};
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
  static_cast<CaptureMemory&>(s) = CaptureMemory(config(), s.parts, s.gate.slots());
}

}  // namespace facecap
