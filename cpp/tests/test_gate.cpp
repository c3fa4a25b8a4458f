// docs/capture-flow.md, "Golden values of the gate".

#include <algorithm>

#include "check.hpp"
#include "gate_play.hpp"

using namespace facecap;

TEST(gate_fast_emits_at_once_then_at_intervals) {
  Play play(config(kFast, 10, 3));
  play.seen(9, 108, 0.8f);
  EXPECT_EQ(play.events, "E(9;1;1;9;0.80) first E(19;1;2;10;0.80) periodic E(29;1;3;20;0.80) periodic ");
}

TEST(gate_fast_without_a_limit) {
  Play play(config(kFast, 10, 0));
  play.seen(9, 43, 0.8f);
  EXPECT_EQ(play.events,
            "E(9;1;1;9;0.80) first E(19;1;2;10;0.80) periodic E(29;1;3;20;0.80) periodic E(39;1;4;30;0.80) "
            "periodic ");
}

TEST(gate_fast_emits_the_best_since_the_last) {
  Play play(config(kFast, 10, 3));
  play.seen(9, 38, [](int frame) { return face(1, 0.50f + 0.02f * static_cast<float>(frame - 9)); });
  EXPECT_EQ(play.events, "E(9;1;1;9;0.50) first E(19;1;2;19;0.70) periodic E(29;1;3;29;0.90) periodic ");
  EXPECT_EQ(play.stores, "9 10 13 16 19 20 23 26 29 ");
}

TEST(gate_auto_waits_one_interval) {
  Play play(config(kAuto, 45, 3));
  play.seen(9, 108, 0.8f);
  EXPECT_EQ(play.events, "E(54;1;1;9;0.80) first E(99;1;2;55;0.80) periodic ");
}

TEST(gate_early_first_makes_auto_emit_the_first_shot_at_once) {
  CaptureConfig early = config(kAuto, 45, 3);
  early.early_first = true;
  Play play(early);
  play.seen(9, 60, 0.8f);
  EXPECT_EQ(play.events, "E(9;1;1;9;0.80) first E(54;1;2;10;0.80) periodic ");
  Play cycle([&] {
    CaptureConfig other = early;
    other.mode = kCycle;
    return other;
  }());
  cycle.seen(9, 20, 0.8f);
  EXPECT_EQ(cycle.events, "");
}

TEST(gate_auto_emits_the_best_on_loss) {
  Play play(config(kAuto, 45, 3));
  play.seen(9, 16, [](int frame) { return face(1, frame == 14 ? 0.9f : 0.8f); });
  play.unseen(17, 20);
  play.lost(21);
  EXPECT_EQ(play.events, "E(21;1;1;14;0.90) lost ");
}

TEST(gate_auto_emits_no_shot_twice) {
  Play once(config(kAuto, 45, 3));
  once.seen(9, 54, 0.8f);
  once.unseen(55, 56);
  once.lost(57);
  EXPECT_EQ(once.events, "E(54;1;1;9;0.80) first ");
  const auto longer = [](int max_captures) {
    Play play(config(kAuto, 45, max_captures));
    play.seen(9, 58, 0.8f);
    play.unseen(59, 60);
    play.lost(61);
    return play.events;
  };
  EXPECT_EQ(longer(3), "E(54;1;1;9;0.80) first E(61;1;2;55;0.80) lost ");
  EXPECT_EQ(longer(1), "E(54;1;1;9;0.80) first ");
}

TEST(gate_cycle_emits_at_intervals) {
  const std::string three = "E(29;1;1;9;0.80) first E(49;1;2;30;0.80) periodic E(69;1;3;50;0.80) periodic ";
  for (const int max_captures : {3, 0}) {
    Play play(config(kCycle, 20, max_captures));
    play.seen(9, 108, 0.8f);
    EXPECT_EQ(play.events, three + (max_captures ? "" : "E(89;1;4;70;0.80) periodic "));
  }
}

TEST(gate_cycle_emits_on_loss_only_where_nothing_was) {
  Play brief(config(kCycle, 20, 3));
  brief.seen(9, 13, 0.8f);
  brief.unseen(14, 17);
  brief.lost(18);
  EXPECT_EQ(brief.events, "E(18;1;1;9;0.80) lost ");
  for (const CaptureMode mode : {kCycle, kAuto}) {
    Play play(config(mode, 20, 3));
    play.seen(9, 38, 0.8f);
    play.unseen(39, 42);
    play.lost(43);
    EXPECT_EQ(play.events,
              std::string("E(29;1;1;9;0.80) first ") + (mode == kAuto ? "E(43;1;2;30;0.80) lost " : ""));
  }
}

TEST(gate_once_emits_the_best_shot_of_a_visit_when_it_ends) {
  for (const int max_captures : {1, 3, 0}) {
    Play play(config(kOnce, 10, max_captures));
    play.seen(9, 40, [](int frame) { return face(1, frame == 23 ? 0.9f : 0.5f); });
    EXPECT_EQ(play.events, "");
    play.lost(41);
    EXPECT_EQ(play.events, "E(41;1;1;23;0.90) lost ");
  }
  CaptureConfig early = config(kOnce, 0, 3);
  early.early_first = true;
  Play stays(early);
  stays.seen(9, 40, 0.8f);
  EXPECT_EQ(stays.events, "");
  EXPECT_EQ(text(stays.gate.flush(40).at(0)), "E(40;1;1;9;0.80) flush ");
}

TEST(gate_a_better_shot_is_better_by_a_margin) {
  Play play(config(kAuto, 45, 3));
  const float qualities[] = {0.50f, 0.55f, 0.56f, 0.60f, 0.62f};
  const char* reasons[] = {"", "not_better", "", "not_better", ""};
  for (int i = 0; i < 5; ++i) {
    play.seen(9 + i, 9 + i, qualities[i]);
    EXPECT_EQ(play.reason, reasons[i]);
  }
  play.lost(14);
  EXPECT_EQ(play.stores, "9 11 13 ");
  EXPECT_EQ(play.events, "E(14;1;1;13;0.62) lost ");
}

TEST(gate_a_better_shot_is_better_by_both_scores) {
  Play play(config(kAuto, 45, 3));
  play.step(9, {face(1, 0.5f, 0.9f)}, {1});
  play.step(10, {face(1, 0.7f, 0.85f)}, {1});
  EXPECT_EQ(play.reason, "refined_not_better");
  play.step(11, {face(1, 0.7f, 0.95f)}, {1});
  play.lost(12);
  EXPECT_EQ(play.stores, "9 11 ");
  EXPECT_EQ(play.events, "E(12;1;1;11;0.70) lost ");
}

TEST(gate_poor_shots_take_no_slot) {
  Play poor(config(kAuto, 45, 3));
  poor.seen(9, 28, 0.09f);
  EXPECT_EQ(poor.gate.slot_of(1), -1);
  EXPECT_EQ(poor.reason, "low_quality");
  poor.lost(29);
  EXPECT_EQ(poor.events + poor.stores, "");
  Play refined(config(kFast, 10, 3));
  refined.step(9, {face(1, 0.5f, 0)}, {1});
  refined.step(10, {face(1, 0.5f, -0.1f)}, {1});
  EXPECT_EQ(refined.gate.slot_of(1), -1);
  refined.step(11, {face(1, 0.5f, 0.2f)}, {1});
  EXPECT_EQ(refined.events, "E(11;1;1;11;0.50) first ");
  EXPECT_EQ(refined.stores, "11 ");
}

TEST(gate_eyes_and_landmarks) {
  Play play(config(kFast, 10, 3));
  Candidate candidate = face(1, 0.8f);
  const auto offer = [&](int frame, float eyes, float refined_eyes, float confidence) {
    candidate.eye_distance = eyes;
    candidate.refined_eye_distance = refined_eyes;
    candidate.landmark_confidence = confidence;
    play.step(frame, {candidate}, {1});
    return play.reason;
  };
  EXPECT_EQ(offer(9, 15.9f, 20, 1), "eyes_too_close");
  EXPECT_EQ(offer(10, 16, 19.9f, 1), "eyes_too_close");
  EXPECT_EQ(offer(11, 16, 20, 0.49f), "low_landmark_confidence");
  EXPECT_EQ(offer(12, 16, 20, 0.50f), "");
  EXPECT_EQ(play.events, "E(12;1;1;12;0.80) first ");
}

TEST(gate_a_full_table_says_so) {
  Play play(config(kFast, 10, 3), 2);
  for (int frame = 9; frame <= 14; ++frame) {
    std::vector<Candidate> candidates;
    std::vector<std::int64_t> live;
    for (const std::int64_t id : {1, 2, 3}) {
      if (id == 1 && frame >= 12) continue;
      live.push_back(id);
      candidates.push_back(face(id, 0.8f));
    }
    const GateStep& step = play.gate.update(frame, candidates, live);
    for (const CaptureEvent& event : step.events) play.events += text(event);
    const auto dropped = std::count(step.reasons.begin(), step.reasons.end(), Reason::no_free_slot);
    EXPECT_EQ(dropped, frame <= 12 ? 1 : 0);
  }
  EXPECT_EQ(play.events, "E(9;1;1;9;0.80) first E(9;2;1;9;0.80) first E(13;3;1;13;0.80) first ");
  EXPECT_EQ(play.gate.slot_of(3), 0);
}

TEST(gate_nothing_is_kept_when_the_count_is_used_up) {
  Play play(config(kFast, 2, 1));
  play.seen(9, 9, 0.3f);
  play.seen(10, 20, 0.9f);
  EXPECT_EQ(play.events, "E(9;1;1;9;0.30) first ");
  EXPECT_EQ(play.stores, "9 ");
  EXPECT_EQ(play.reason, "count_exhausted");
  Play slow(config(kFast, 10, 3));
  slow.seen(9, 21, [](int frame) {
    return face(1, frame == 9 ? 0.9f : frame < 14 ? 0.12f : frame < 18 ? 0.16f : 0.20f);
  });
  EXPECT_EQ(slow.events, "E(9;1;1;9;0.90) first E(19;1;2;18;0.20) periodic ");
}

TEST(gate_a_frame_without_an_answer_changes_nothing) {
  Play play(config(kFast, 10, 3));
  play.seen(9, 14, 0.8f);
  play.seen(16, 30, 0.8f);  // the detector failed in frame 15
  EXPECT_EQ(play.events, "E(9;1;1;9;0.80) first E(19;1;2;10;0.80) periodic E(29;1;3;20;0.80) periodic ");
}

TEST(gate_flush_emits_what_waits_once) {
  Play play(config(kAuto, 1000, 3));
  play.seen(9, 20, 0.8f);
  const std::vector<CaptureEvent> events = play.gate.flush(20);
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(text(events[0]), "E(20;1;1;9;0.80) flush ");
  EXPECT(play.gate.flush(20).empty());
  EXPECT_EQ(play.gate.slot_of(1), -1);
  EXPECT_THROWS(std::invalid_argument, play.gate.flush(19), "flush: frame_index is 19");
}

TEST(gate_flush_follows_the_rules_of_loss) {
  for (const CaptureMode mode : {kAuto, kFast, kCycle}) {
    Play play(config(mode, 5, 3));
    play.seen(9, 16, 0.8f);
    EXPECT_EQ(play.gate.flush(16).size(), mode == kAuto ? 1u : 0u);
  }
}
