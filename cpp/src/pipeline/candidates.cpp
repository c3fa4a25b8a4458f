#include "pipeline/capture_state.hpp"
#include "pipeline/timed.hpp"

namespace facecap {

void FaceCapture::State::assess_faces(const FrameView& frame) {
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

void FaceCapture::State::note_failure(const Error& error) {
  const std::string text = error.what();
  if (stage_error.find(text) == std::string::npos) stage_error += (stage_error.empty() ? "" : "; ") + text;
}

bool FaceCapture::State::duplicate(const FrameView& frame, std::size_t i) {
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

Refinement FaceCapture::State::look_again(const FrameView& frame, std::size_t i, double& seconds) {
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

void FaceCapture::State::refine(const FrameView& frame, std::size_t i, Candidate& candidate,
                                double& seconds) {
  const Refinement look = look_again(frame, i, seconds);
  if (parts.refiner) result.looks[i] = look;
  take_look(candidate, face(frame, i), look, refiner_spec());
  if (!candidate.rejection) refined[i] = look.landmarks;
}

DetectedFace FaceCapture::State::face(const FrameView& frame, std::size_t i) const {
  return {result.faces.boxes[i], result.faces.landmarks[i], size_of(frame), result.laplacian[i]};
}

Candidate FaceCapture::State::candidate(const FrameView& frame, std::size_t i) const {
  Candidate asks = candidate_of(face(frame, i), assessments[i], areas, gate.config(), refiner_spec());
  asks.track_id = result.tracks.ids[i];
  asks.stable = result.tracks.stable[i];
  return asks;
}

const GateStep& FaceCapture::State::pass_gate(const FrameView& frame, double& refine_seconds) {
  candidates.clear();
  for (std::size_t i = 0; i < result.faces.size(); ++i) candidates.push_back(candidate(frame, i));
  CostlyQuestions ask;
  ask.refine = [&](std::size_t i, Candidate& asks) { refine(frame, i, asks, refine_seconds); };
  if (parts.embedder) ask.duplicate = [&](std::size_t i) { return duplicate(frame, i); };
  return gate.update(result.frame_index, candidates, result.tracks.live_ids, result.timestamp, ask);
}

}  // namespace facecap
