#include "pipeline/capture_state.hpp"

namespace facecap {

void FaceCapture::State::keep_shots(const FrameView& frame, const GateStep& step,
                                    std::optional<double> timestamp) {
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

void FaceCapture::State::classify(const std::vector<int>& slots_to_ask) {
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

void FaceCapture::State::classify_stored(const GateStep& step) {
  if (gate.config().classify_on != ClassifyOn::capture) return;
  std::vector<int> slots_to_ask;
  for (const GateStep::Stored& shot : step.stored) slots_to_ask.push_back(shot.slot);
  classify(slots_to_ask);
}

void FaceCapture::State::note_mask_answers() {
  result.mask_prob.clear();
  result.incorrect_prob.clear();
  for (const std::int64_t id : result.tracks.ids) {
    const int slot = gate.slot_of(id);
    const MaskProbabilities said = slot < 0 ? MaskProbabilities{} : shots[slot].mask;
    result.mask_prob.push_back(said.mask);
    result.incorrect_prob.push_back(said.incorrect);
  }
}

Capture FaceCapture::State::capture_of(const CaptureEvent& event) const {
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
    capture.mask =
        answer_mask(shot.mask, *parts.classifier->model().manifest->classifier, gate.config().mask_threshold);
  return capture;
}

std::vector<Capture> FaceCapture::State::captures_of(const std::vector<CaptureEvent>& events) {
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

void FaceCapture::State::remember(const std::vector<Capture>& captures) noexcept {
  for (const Capture& capture : captures) identities.captured(capture.event.track_id);
}

}  // namespace facecap
