#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "facecap/capture_gate.hpp"

namespace facecap {

inline CaptureConfig config(CaptureMode mode, int interval, int max_captures) {
  CaptureConfig result;
  result.mode = mode;
  result.interval = interval;
  result.max_captures = max_captures;
  return result;
}

inline Candidate face(std::int64_t id, float quality, float refined) {
  Candidate candidate;
  candidate.track_id = id;
  candidate.quality = quality;
  candidate.refined_quality = refined;
  candidate.eye_distance = candidate.refined_eye_distance = 99;
  return candidate;
}

inline Candidate face(std::int64_t id, float quality) {
  return face(id, quality, quality);
}

/// One event as "E(frame;id;sequence;shot frame;quality) kind".
inline std::string text(const CaptureEvent& event) {
  char out[96];
  std::snprintf(out, sizeof out, "E(%lld;%lld;%d;%lld;%.2f) %s ", static_cast<long long>(event.frame),
                static_cast<long long>(event.track_id), event.sequence,
                static_cast<long long>(event.shot_frame), event.quality, to_string(event.kind));
  return out;
}

/// Plays frames of one track, id 1, and writes down what happens.
struct Play {
  explicit Play(const CaptureConfig& configuration, int slots = 10) : gate(configuration, slots) {}

  void seen(int from, int to, const std::function<Candidate(int)>& candidate) {
    for (int frame = from; frame <= to; ++frame) step(frame, {candidate(frame)}, {1});
  }
  void seen(int from, int to, float quality) {
    seen(from, to, [&](int) { return face(1, quality); });
  }
  void unseen(int from, int to) {
    for (int frame = from; frame <= to; ++frame) step(frame, {}, {1});
  }
  void lost(int frame) { step(frame, {}, {}); }
  void step(int frame, const std::vector<Candidate>& candidates, const std::vector<std::int64_t>& live) {
    const GateStep& step = gate.update(frame, candidates, live);
    for (const CaptureEvent& event : step.events) events += text(event);
    if (!step.stored.empty()) stores += std::to_string(frame) + " ";
    reason = step.reasons.empty() || !step.reasons[0] ? "" : to_string(*step.reasons[0]);
  }

  CaptureGate gate;
  std::string events;
  std::string stores;
  std::string reason;  // of the first candidate of the last frame
};

constexpr CaptureMode kAuto = CaptureMode::automatic;
constexpr CaptureMode kFast = CaptureMode::fast;
constexpr CaptureMode kCycle = CaptureMode::cycle;
constexpr CaptureMode kOnce = CaptureMode::once;

}  // namespace facecap
