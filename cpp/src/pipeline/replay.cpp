#include "facecap/replay.hpp"

#include <utility>

#include "pipeline/assess.hpp"

namespace facecap {

struct Replay::State {
  State(CaptureConfig config, int slots, Surroundings given)
      : surroundings(given), tracker(tracker_options(config)), gate(std::move(config), slots) {}

  const RefinerSpec* refiner() const { return surroundings.refiner ? &*surroundings.refiner : nullptr; }

  void track(const RecordedFrame& frame) {
    std::vector<Box> boxes;
    std::vector<float> scores;
    for (const RecordedFace& face : frame.faces) {
      boxes.push_back(face.box);
      scores.push_back(face.score);
    }
    result.tracks = tracker.update(boxes, scores);
  }

  std::vector<Candidate> candidates(const RecordedFrame& frame) const {
    std::vector<Candidate> all;
    for (std::size_t i = 0; i < frame.faces.size(); ++i) {
      all.push_back(candidate_of(faces[i], assess(faces[i], gate.config()), areas, gate.config(), refiner()));
      all[i].track_id = result.tracks.ids[i];
      all[i].stable = result.tracks.stable[i];
    }
    return all;
  }

  CostlyQuestions questions(const RecordedFrame& frame) {
    CostlyQuestions ask;
    ask.refine = [this, &frame](std::size_t i, Candidate& candidate) {
      const RecordedFace& face = frame.faces[i];
      if (refiner() && !face.look) result.assumed[i] = true;
      take_look(candidate, faces[i], face.look ? *face.look : Refinement{face.landmarks}, refiner());
    };
    if (surroundings.embedder)
      ask.duplicate = [this, &frame](std::size_t i) {
        const std::optional<bool>& answer = frame.faces[i].duplicate;
        if (!answer) result.assumed[i] = true;
        return answer.value_or(false);
      };
    return ask;
  }

  Surroundings surroundings;
  Tracker tracker;
  CaptureGate gate;
  Areas areas;
  std::int64_t last_frame = 0;
  std::vector<DetectedFace> faces;
  ReplayedFrame result;
};

Replay::Replay(CaptureConfig config, int slots, Surroundings surroundings)
    : state_(std::make_unique<State>(std::move(config), slots, surroundings)) {}

Replay::~Replay() = default;

void Replay::set_areas(Areas areas) noexcept {
  state_->areas = std::move(areas);
}

const ReplayedFrame& Replay::step(const RecordedFrame& frame) {
  State& s = *state_;
  s.faces.clear();
  for (const RecordedFace& face : frame.faces)
    s.faces.push_back({face.box, face.landmarks, frame.size, face.laplacian});
  s.result.assumed.assign(frame.faces.size(), false);
  s.track(frame);
  s.result.step = s.gate.update(frame.index, s.candidates(frame), s.result.tracks.live_ids, frame.timestamp,
                                s.questions(frame));
  s.last_frame = frame.index;
  return s.result;
}

std::vector<CaptureEvent> Replay::flush() {
  State& s = *state_;
  std::vector<CaptureEvent> events = s.gate.flush(s.last_frame);
  s.tracker.clear();
  return events;
}

}  // namespace facecap
