#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "facecap/capture_gate.hpp"

namespace facecap {
namespace {

constexpr float kImprovement = 0.05f;     // that a shot must have over the kept one
constexpr float kCoarseEyes = 0.8f;       // share of min_eye_distance asked of the detector's points
constexpr double kClockTolerance = 1e-6;  // seconds; sums of frame times are not exact

std::vector<std::int64_t> sorted(std::vector<std::int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

CaptureGate::CaptureGate(CaptureConfig config, int slots) : config_(std::move(config)) {
  config_.validate();
  if (slots < 1) throw std::invalid_argument("slots is " + std::to_string(slots) + ", wanted 1 or more");
  slots_.resize(static_cast<std::size_t>(slots));
}

const GateStep& CaptureGate::update(std::int64_t frame_index, const std::vector<Candidate>& candidates,
                                    const std::vector<std::int64_t>& live_ids,
                                    std::optional<double> timestamp, const CostlyQuestions& ask) {
  const double seconds = admit(frame_index, timestamp);
  live_ids_ = sorted(live_ids);
  step_.stored.clear();
  step_.events.clear();
  step_.reasons.clear();
  remember();
  prepare();
  try {
    for (std::size_t i = 0; i < candidates.size(); ++i) consider(i, candidates[i], frame_index, seconds, ask);
    emit_due(frame_index, seconds);
  } catch (...) {
    // A slot whose picture nobody cut must not be emitted.
    undo();
    throw;
  }
  last_frame_ = frame_index;
  last_seconds_ = seconds;
  return step_;
}

std::vector<CaptureEvent> CaptureGate::flush(std::int64_t frame_index) {
  if (frame_index < last_frame_)
    throw std::invalid_argument("flush: frame_index is " + std::to_string(frame_index) +
                                ", wanted at least " + std::to_string(last_frame_) + ", the last frame");
  remember();
  std::vector<CaptureEvent> events;
  try {
    for (Slot& slot : slots_) {
      if (slot.state == Slot::State::alive && due_on_loss(slot))
        events.push_back(emit(slot, EventKind::flush, frame_index, last_seconds_));
      slot = Slot{};
    }
  } catch (...) {
    undo();
    throw;
  }
  return events;
}

void CaptureGate::undo() noexcept {
  slots_.swap(before_);
  last_frame_ = frame_before_;
  last_seconds_ = seconds_before_;
}

/// What undo() goes back to.
void CaptureGate::remember() {
  before_ = slots_;
  frame_before_ = last_frame_;
  seconds_before_ = last_seconds_;
}

/// The shots whose time has come, in slot order.
void CaptureGate::emit_due(std::int64_t frame, double seconds) {
  for (Slot& slot : slots_) {
    if (slot.state != Slot::State::alive) continue;
    if (!std::binary_search(live_ids_.begin(), live_ids_.end(), slot.track_id)) {
      slot.state = Slot::State::miss;
      if (due_on_loss(slot)) step_.events.push_back(emit(slot, EventKind::lost, frame, seconds));
    } else if (due(slot, frame, seconds)) {
      const EventKind kind = slot.emitted == 0 ? EventKind::first : EventKind::periodic;
      step_.events.push_back(emit(slot, kind, frame, seconds));
    }
  }
}

int CaptureGate::slot_of(std::int64_t track_id) const {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].state != Slot::State::idle && slots_[i].track_id == track_id) return static_cast<int>(i);
  return -1;
}

double CaptureGate::admit(std::int64_t frame_index, std::optional<double> timestamp) const {
  if (frame_index <= last_frame_)
    throw std::invalid_argument("frame_index is " + std::to_string(frame_index) + ", wanted more than " +
                                std::to_string(last_frame_) + ": frame numbers grow, from 0");
  if (!config_.interval_seconds) return 0;
  if (!timestamp)
    throw std::invalid_argument(
        "timestamp is missing: the configuration has interval_seconds, so every frame needs its time in "
        "seconds");
  if (!std::isfinite(*timestamp) || *timestamp < last_seconds_)
    throw std::invalid_argument("timestamp is " + std::to_string(*timestamp) +
                                ", wanted seconds that do not run back");
  return *timestamp;
}

/// Empties the slots of lost tracks and lets those that emitted their shot start afresh.
void CaptureGate::prepare() {
  for (Slot& slot : slots_) {
    if (slot.state == Slot::State::miss) slot = Slot{};
    if (slot.rearm) slot.quality = slot.refined = 0;
    slot.rearm = false;
  }
}

/// The slot of the track, else the first free one, else none.
CaptureGate::Slot* CaptureGate::slot_for(std::int64_t track_id) {
  const int held = slot_of(track_id);
  if (held >= 0) return &slots_[static_cast<std::size_t>(held)];
  for (Slot& slot : slots_)
    if (slot.state == Slot::State::idle) return &slot;
  return nullptr;
}

void CaptureGate::consider(std::size_t index, Candidate candidate, std::int64_t frame, double seconds,
                           const CostlyQuestions& ask) {
  Slot* slot = slot_for(candidate.track_id);
  std::optional<Reason> reason = refuse_cheaply(candidate, slot);
  if (!reason && ask.refine) {
    ask.refine(index, candidate);
    reason = candidate.rejection;
  }
  if (!reason) reason = refuse_refined(candidate, *slot);
  if (!reason && ask.duplicate && ask.duplicate(index)) reason = Reason::duplicate_identity;
  step_.reasons.push_back(reason);
  if (reason) return;
  store(candidate, *slot, frame, seconds);
  step_.stored.push_back({static_cast<int>(index), static_cast<int>(slot - slots_.data())});
}

/// The first of the cheap checks (docs/capture-flow.md, "Storing a shot") that the candidate does not pass.
/// Comparisons are written so that what is not a number passes none.
std::optional<Reason> CaptureGate::refuse_cheaply(const Candidate& candidate, const Slot* slot) const {
  if (!candidate.stable || candidate.track_id <= 0) return Reason::track_unconfirmed;
  if (candidate.rejection) return candidate.rejection;
  if (!std::isfinite(candidate.quality) || !std::isfinite(candidate.refined_quality))
    return Reason::invalid_pose;
  if (candidate.quality < config_.min_quality) return Reason::low_quality;
  if (!(candidate.eye_distance >= kCoarseEyes * config_.min_eye_distance)) return Reason::eyes_too_close;
  if (!slot) return Reason::no_free_slot;
  if (slot->state == Slot::State::alive) {
    if (!(candidate.quality > slot->quality + kImprovement)) return Reason::not_better;
    if (!count_left(*slot)) return Reason::count_exhausted;
    if (slot->emitted > 0 && candidate.quality < config_.min_relative_quality * slot->best)
      return Reason::below_track_best;
  }
  return {};
}

/// The same of what the second look answered.
std::optional<Reason> CaptureGate::refuse_refined(const Candidate& candidate, const Slot& slot) const {
  if (!(candidate.refined_eye_distance >= config_.min_eye_distance)) return Reason::eyes_too_close;
  if (!(candidate.landmark_confidence >= config_.min_landmark_confidence))
    return Reason::low_landmark_confidence;
  if (!(candidate.refined_quality > slot.refined)) return Reason::refined_not_better;
  return {};
}

void CaptureGate::store(const Candidate& candidate, Slot& slot, std::int64_t frame, double seconds) const {
  if (slot.state == Slot::State::idle) {
    slot.state = Slot::State::alive;
    slot.track_id = candidate.track_id;
    slot.best = candidate.quality;
    slot.timer_frame = frame;
    slot.timer_seconds = seconds;
  }
  slot.quality = candidate.quality;
  slot.refined = candidate.refined_quality;
  slot.best = std::max(slot.best, candidate.quality);
  slot.shot_frame = frame;
  slot.pending = true;
}

bool CaptureGate::count_left(const Slot& slot) const {
  return config_.max_captures == 0 || slot.emitted < config_.max_captures;
}

bool CaptureGate::due(const Slot& slot, std::int64_t frame, double seconds) const {
  if (!slot.pending || config_.mode == CaptureMode::once || !count_left(slot)) return false;
  const bool at_once =
      config_.mode == CaptureMode::fast || (config_.mode == CaptureMode::automatic && config_.early_first);
  if (at_once && slot.emitted == 0) return true;
  if (config_.interval_seconds)
    return seconds - slot.timer_seconds + kClockTolerance >= *config_.interval_seconds;
  return frame - slot.timer_frame >= config_.interval;
}

bool CaptureGate::due_on_loss(const Slot& slot) const {
  if (!slot.pending) return false;
  return config_.mode == CaptureMode::automatic ? count_left(slot) : slot.emitted == 0;
}

CaptureEvent CaptureGate::emit(Slot& slot, EventKind kind, std::int64_t frame, double seconds) {
  CaptureEvent event;
  event.kind = kind;
  event.frame = frame;
  event.shot_frame = slot.shot_frame;
  event.track_id = slot.track_id;
  event.sequence = ++slot.emitted;
  event.quality = slot.quality;
  event.slot = static_cast<int>(&slot - slots_.data());
  slot.timer_frame = frame;
  slot.timer_seconds = seconds;
  slot.pending = false;
  slot.rearm = true;
  return event;
}

}  // namespace facecap
