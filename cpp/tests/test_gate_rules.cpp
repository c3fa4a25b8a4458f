#include <algorithm>
#include <limits>
#include <map>
#include <new>
#include <random>
#include <set>

#include "capture/names.hpp"
#include "check.hpp"
#include "gate_play.hpp"

using namespace facecap;

TEST(gate_walks_a_slot_through_its_life) {
  Play play(config(kFast, 3, 2), 1);
  EXPECT_EQ(play.gate.slot_of(1), -1);
  play.seen(1, 1, 0.8f);  // stored, emitted
  EXPECT_EQ(play.gate.slot_of(1), 0);
  play.unseen(2, 5);  // rearmed, nothing waits
  EXPECT_EQ(play.events, "E(1;1;1;1;0.80) first ");
  play.seen(6, 6, 0.4f);  // a poorer shot after the interval goes out at once
  EXPECT_EQ(play.events, "E(1;1;1;1;0.80) first E(6;1;2;6;0.40) periodic ");
  play.seen(7, 9, 0.9f);
  EXPECT_EQ(play.reason, "count_exhausted");
  play.step(10, {face(2, 0.8f)}, {2});  // 1 is lost; its slot is free one frame later
  EXPECT_EQ(play.reason, "no_free_slot");
  EXPECT_EQ(play.gate.slot_of(1), 0);
  play.step(11, {face(2, 0.8f)}, {2});
  EXPECT_EQ(play.gate.slot_of(1), -1);
  EXPECT_EQ(play.gate.slot_of(2), 0);
}

TEST(gate_asks_what_is_costly_only_of_candidates_that_could_be_stored) {
  std::string asked;
  CostlyQuestions ask;
  ask.refine = [&](std::size_t index, Candidate& candidate) {
    asked += "refine " + std::to_string(index) + ' ';
    if (candidate.track_id == 4) candidate.rejection = Reason::not_a_face;
    if (candidate.track_id == 5) candidate.landmark_confidence = 0.4f;
  };
  ask.duplicate = [&](std::size_t index) {
    asked += "duplicate " + std::to_string(index) + ' ';
    return index == 3;
  };
  CaptureGate gate(config(kFast, 5, 1), 1);
  Candidate unconfirmed = face(2, 0.8f), close = face(3, 0.8f);
  unconfirmed.stable = false;
  close.eye_distance = 15;
  const std::vector<Candidate> crowd{unconfirmed,   close,         face(4, 0.8f), face(6, 0.8f),
                                     face(5, 0.8f), face(1, 0.8f), face(7, 0.8f)};
  const auto& reasons = gate.update(0, crowd, {1, 2, 3, 4, 5, 6, 7}, {}, ask).reasons;
  EXPECT_EQ(asked, "refine 2 refine 3 duplicate 3 refine 4 refine 5 duplicate 5 ");
  EXPECT(reasons[2] == Reason::not_a_face);
  EXPECT(reasons[3] == Reason::duplicate_identity);
  EXPECT(reasons[4] == Reason::low_landmark_confidence);
  EXPECT(!reasons[5]);
  EXPECT(reasons[6] == Reason::no_free_slot);
  asked.clear();
  gate.update(1, {face(1, 0.8f)}, {1}, {}, ask);  // re-armed, but the count is used up
  EXPECT_EQ(asked, "");
}

TEST(gate_is_as_before_where_a_question_throws) {
  CaptureGate gate(config(kFast, 5, 0), 2);
  CostlyQuestions ask;
  ask.refine = [](std::size_t index, Candidate&) {
    if (index == 1) throw std::bad_alloc();
  };
  EXPECT_THROWS(std::bad_alloc, gate.update(7, {face(1, 0.8f), face(2, 0.8f)}, {1, 2}, {}, ask), "");
  EXPECT_EQ(gate.slot_of(1), -1);
  EXPECT_EQ(gate.flush(7).size(), 0u);
  EXPECT_EQ(gate.update(7, {face(1, 0.8f)}, {1}).events.size(), 1u);
}

TEST(gate_without_a_quality_limit_repeats_no_shot) {
  CaptureConfig open = config(kFast, 2, 0);
  open.min_quality = 0;
  Play play(open);
  play.seen(1, 1, 0.8f);
  play.unseen(2, 10);
  EXPECT_EQ(play.events, "E(1;1;1;1;0.80) first ");
}

TEST(gate_min_relative_quality_keeps_later_shots_near_the_best) {
  CaptureConfig relative = config(kFast, 2, 0);
  relative.min_relative_quality = 0.5f;
  Play play(relative);
  play.seen(1, 1, 0.8f);
  play.seen(2, 5, 0.39f);
  EXPECT_EQ(play.reason, "below_track_best");
  play.seen(6, 6, 0.41f);
  EXPECT_EQ(play.events, "E(1;1;1;1;0.80) first E(6;1;2;6;0.41) periodic ");
}

TEST(gate_counts_seconds_where_asked) {
  CaptureConfig timed = config(kFast, 1, 0);
  timed.interval_seconds = 0.4;
  CaptureGate gate(timed, 4);
  std::string events;
  for (int frame = 9; frame <= 30; ++frame)
    for (const CaptureEvent& event : gate.update(frame, {face(1, 0.8f)}, {1}, 0.04 * frame).events)
      events += text(event);
  EXPECT_EQ(events, "E(9;1;1;9;0.80) first E(19;1;2;10;0.80) periodic E(29;1;3;20;0.80) periodic ");
  EXPECT_THROWS(std::invalid_argument, gate.update(31, {}, {}), "timestamp is missing");
  EXPECT_THROWS(std::invalid_argument, gate.update(31, {}, {}, 0.1), "run back");
  EXPECT_THROWS(std::invalid_argument, gate.update(31, {}, {}, NAN), "run back");
  EXPECT_THROWS(std::invalid_argument, gate.update(30, {}, {}, 2.0), "wanted more than 30");
  EXPECT_EQ(gate.slot_of(1), 0);  // refused frames changed nothing
}

TEST(gate_reasons_in_order) {
  CaptureGate gate(config(kFast, 10, 3), 1);
  Candidate unstable = face(1, NAN);
  unstable.stable = false;
  unstable.rejection = Reason::extreme_yaw;
  Candidate turned = unstable;
  turned.stable = true;
  Candidate broken = turned;
  broken.rejection.reset();
  Candidate unplaced = face(0, 0.8f);
  Candidate blind = face(1, 0.8f);
  blind.eye_distance = NAN;
  Candidate unsure = face(1, 0.8f);
  unsure.landmark_confidence = NAN;
  const GateStep& step =
      gate.update(0, {unstable, turned, broken, unplaced, blind, unsure, face(1, 0.8f, NAN)}, {1});
  const Reason wanted[] = {Reason::track_unconfirmed, Reason::extreme_yaw,    Reason::invalid_pose,
                           Reason::track_unconfirmed, Reason::eyes_too_close, Reason::low_landmark_confidence,
                           Reason::invalid_pose};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(to_string(*step.reasons[i]), to_string(wanted[i]));
}

TEST(gate_names_go_there_and_back) {
  for (const Reason value : {Reason::too_small, Reason::low_quality, Reason::duplicate_identity})
    EXPECT(reason(to_string(value)) == value);
  EXPECT(value_named<CaptureMode>("auto") == kAuto);
  EXPECT_THROWS(std::invalid_argument, value_named<CaptureMode>("slow"),
                "mode is 'slow', wanted one of auto, fast, cycle, once");
}

TEST(gate_configuration_is_checked) {
  CaptureConfig wrong;
  wrong.max_captures = -1;
  EXPECT_THROWS(std::invalid_argument, CaptureGate(wrong, 1), "max_captures is -1");
  wrong = {};
  wrong.max_face = 20;
  EXPECT_THROWS(std::invalid_argument, wrong.validate(), "max_face is 20, wanted at least min_face");
  wrong.min_face = -1;
  wrong.validate();
  wrong.min_quality = NAN;
  EXPECT_THROWS(std::invalid_argument, wrong.validate(), "min_quality");
  EXPECT_THROWS(std::invalid_argument, CaptureGate({}, 0), "slots is 0");
}

TEST(gate_keeps_its_promises_on_random_visits) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    CaptureConfig chosen = config(static_cast<CaptureMode>(below(3)), below(8), below(4));
    chosen.early_first = below(2) != 0;
    chosen.min_quality = below(2) ? 0.1f : 0.0f;
    const int slots = 1 + below(3);
    CaptureGate gate(chosen, slots);
    std::map<std::int64_t, int> sequence;
    std::set<std::pair<std::int64_t, std::int64_t>> shots;
    std::int64_t next_id = 5;
    std::vector<std::int64_t> live{1, 2, 3, 4};
    const auto check_events = [&](const std::vector<CaptureEvent>& events) {
      for (const CaptureEvent& event : events) {
        EXPECT_EQ(event.sequence, ++sequence[event.track_id]);
        EXPECT(chosen.max_captures == 0 || event.sequence <= chosen.max_captures);
        EXPECT(shots.emplace(event.track_id, event.shot_frame).second);
        EXPECT(event.shot_frame <= event.frame && event.quality >= chosen.min_quality);
        EXPECT(event.slot >= 0 && event.slot < slots);
      }
    };
    for (int frame = 0; frame < 120; ++frame) {
      for (std::int64_t& id : live)
        if (below(30) == 0) id = next_id++;
      std::vector<Candidate> candidates;
      for (const std::int64_t id : live) {
        if (below(4) == 0) continue;
        candidates.push_back(
            face(id, static_cast<float>(below(20)) / 16 - 0.1f, static_cast<float>(below(20)) / 16));
        candidates.back().stable = below(5) != 0;
      }
      const GateStep& step = gate.update(frame, candidates, live);
      check_events(step.events);
      std::size_t captured = 0;
      for (const auto& reason : step.reasons) captured += reason ? 0 : 1;
      EXPECT_EQ(step.reasons.size(), candidates.size());
      EXPECT_EQ(captured, step.stored.size());
      for (const GateStep::Stored& stored : step.stored) {
        const Candidate& candidate = candidates[static_cast<std::size_t>(stored.candidate)];
        EXPECT(candidate.stable && candidate.quality >= chosen.min_quality);
        EXPECT(!step.reasons[static_cast<std::size_t>(stored.candidate)]);
        EXPECT_EQ(gate.slot_of(candidate.track_id), stored.slot);
      }
    }
    check_events(gate.flush(120));
  }
}
