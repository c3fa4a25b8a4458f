#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "check.hpp"
#include "facecap/tracker.hpp"
#include "track/assignment.hpp"
#include "track/box_filter.hpp"

using namespace facecap;

namespace {

Box square(float x, float y, float side) {
  return {x, y, x + side, y + side};
}

const Tracks& see(Tracker& tracker, const std::vector<Box>& boxes) {
  return tracker.update(boxes, std::vector<float>(boxes.size(), 0.9f));
}

/// A tracker that has followed one face through frames 0 to 29.
Tracker settled() {
  Tracker tracker;
  for (int frame = 0; frame < 30; ++frame) see(tracker, {square(800, 400, 200)});
  return tracker;
}

double total(const std::vector<std::vector<double>>& cost, const std::vector<int>& match, double unmatched) {
  double sum = 0;
  std::size_t matched = 0;
  for (std::size_t row = 0; row < match.size(); ++row)
    if (match[row] >= 0) {
      sum += cost[row][static_cast<std::size_t>(match[row])];
      ++matched;
    }
  return sum + unmatched * static_cast<double>(std::min(cost.size(), cost[0].size()) - matched);
}

}  // namespace

TEST(tracker_is_stable_in_the_tenth_frame) {
  Tracker tracker;
  for (int frame = 0; frame < 12; ++frame) {
    const Tracks& tracks = see(tracker, {square(800, 400, 200)});
    EXPECT_EQ(tracks.ids[0], 1);
    EXPECT_EQ(tracks.stable[0], frame >= 9);
    EXPECT_EQ(tracks.live_ids.size(), 1u);
  }
}

TEST(tracker_a_gap_on_probation_starts_again) {
  Tracker tracker;
  for (int frame = 0; frame < 16; ++frame) {
    const Tracks& tracks = frame == 5 ? see(tracker, {}) : see(tracker, {square(800, 400, 200)});
    if (frame == 5) {
      EXPECT(tracks.live_ids.empty());
      continue;
    }
    EXPECT_EQ(tracks.ids[0], frame < 5 ? 1 : 2);
    EXPECT_EQ(tracks.stable[0], frame == 15);
  }
}

TEST(tracker_forgives_gaps_on_probation_where_allowed) {
  TrackerOptions options;
  options.probation_gap = 1;
  options.min_hits = 3;
  Tracker tracker(options);
  see(tracker, {square(0, 0, 100)});
  see(tracker, {});
  EXPECT_EQ(see(tracker, {square(0, 0, 100)}).ids[0], 1);
  see(tracker, {});
  EXPECT(see(tracker, {}).live_ids.empty());
}

TEST(tracker_a_stable_track_lives_until_its_limit) {
  Tracker back = settled();
  for (int frame = 30; frame < 68; ++frame) EXPECT_EQ(see(back, {}).live_ids.size(), 1u);
  EXPECT_EQ(see(back, {square(800, 400, 200)}).ids[0], 1);
  Tracker late = settled();
  for (int frame = 30; frame < 69; ++frame) EXPECT_EQ(see(late, {}).live_ids.size(), 1u);
  const Tracks& tracks = see(late, {square(800, 400, 200)});
  EXPECT_EQ(tracks.ids[0], 2);
  EXPECT_EQ(tracks.live_ids.size(), 1u);
}

TEST(tracker_shortest_limit_still_follows_a_face_that_is_always_seen) {
  TrackerOptions options;
  options.max_unmatched = 1;
  options.min_hits = 1;
  Tracker tracker(options);
  for (int frame = 0; frame < 5; ++frame) {
    EXPECT_EQ(see(tracker, {square(0, 0, 100)}).ids[0], 1);
    EXPECT(see(tracker, {square(0, 0, 100)}).stable[0]);
  }
  EXPECT(see(tracker, {}).live_ids.empty());
}

TEST(tracker_one_track_coasts_and_the_others_go_on) {
  Tracker tracker;
  for (int frame = 0; frame < 50; ++frame) {
    std::vector<Box> boxes{square(300, 400, 200), square(1200, 400, 200)};
    if (frame == 20) boxes.erase(boxes.begin());
    const Tracks& tracks = see(tracker, boxes);
    EXPECT_EQ(tracks.ids.back(), 2);
    if (frame != 20) EXPECT_EQ(tracks.ids[0], 1);
    EXPECT((tracks.live_ids == std::vector<std::int64_t>{1, 2}));
  }
}

TEST(tracker_overlap_decides_on_a_jump) {
  Tracker near;
  see(near, {square(800, 400, 200)});
  EXPECT_EQ(see(near, {square(907, 400, 200)}).ids[0], 1);
  Tracker far;
  see(far, {square(800, 400, 200)});
  const Tracks& tracks = see(far, {square(908, 400, 200)});
  EXPECT_EQ(tracks.ids[0], 2);
  EXPECT_EQ(tracks.live_ids.size(), 1u);
}

TEST(tracker_gate_of_the_filter) {
  BoxFilter filter(square(800, 400, 200));
  filter.predict();
  EXPECT_NEAR(filter.distance(square(884.707f, 400, 200)), 9.488, 1e-3);
  EXPECT_NEAR(filter.distance(square(800, 400, 200)), 0, 1e-9);
}

TEST(tracker_learns_a_velocity) {
  Tracker tracker;
  for (int frame = 0; frame < 30; ++frame) EXPECT_EQ(see(tracker, {square(10.0f * frame, 0, 60)}).ids[0], 1);
  for (int frame = 30; frame < 36; ++frame) see(tracker, {});
  // 6 unseen frames are as far as the face is wide: only the prediction overlaps.
  EXPECT_EQ(see(tracker, {square(360, 0, 60)}).ids[0], 1);
}

TEST(tracker_crossing_faces_keep_their_ids) {
  Tracker tracker;
  for (int frame = 0; frame < 60; ++frame) {
    const Tracks& tracks = see(tracker, {square(10.0f * frame, 0, 60), square(600 - 10.0f * frame, 20, 60)});
    EXPECT_EQ(tracks.ids[0], 1);
    EXPECT_EQ(tracks.ids[1], 2);
  }
}

TEST(tracker_odd_boxes_start_no_track) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  Tracker tracker;
  const Tracks& tracks =
      see(tracker, {{nan, 0, 1, 1}, {0, 0, inf, 1}, {5, 5, 5, 9}, {9, 9, 5, 5}, square(0, 0, 50)});
  EXPECT((tracks.ids == std::vector<std::int64_t>{0, 0, 0, 0, 1}));
  EXPECT((tracks.live_ids == std::vector<std::int64_t>{1}));
}

TEST(tracker_poor_detections_follow_but_do_not_start) {
  TrackerOptions options;
  options.new_track_score = 0.6f;
  Tracker tracker(options);
  EXPECT_EQ(tracker.update({square(0, 0, 50)}, {0.5f}).ids[0], 0);
  EXPECT_EQ(tracker.update({square(0, 0, 50)}, {0.6f}).ids[0], 1);
  EXPECT_EQ(tracker.update({square(0, 0, 50)}, {0.1f}).ids[0], 1);
}

TEST(tracker_ids_go_on_after_clear) {
  Tracker tracker;
  see(tracker, {square(0, 0, 50)});
  tracker.clear();
  const Tracks& tracks = see(tracker, {square(0, 0, 50)});
  EXPECT_EQ(tracks.ids[0], 2);
  EXPECT_EQ(tracks.live_ids.size(), 1u);
}

TEST(tracker_refuses_bad_arguments) {
  TrackerOptions options;
  options.iou_min = 1;
  EXPECT_THROWS(std::invalid_argument, Tracker{options}, "iou_min");
  Tracker tracker;
  EXPECT_THROWS(std::invalid_argument, tracker.update({square(0, 0, 1)}, {}), "1 boxes came with 0 scores");
}

TEST(tracker_order_of_detections_decides_nothing) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    TrackerOptions options;
    options.min_hits = 2;
    options.max_unmatched = 3;
    Tracker plain(options), shuffled(options);
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (int frame = 0; frame < 15; ++frame) {
      std::vector<Box> boxes;
      std::set<std::pair<int, int>> places;
      while (places.size() < 6) places.emplace(random() % 12, random() % 4);
      for (const auto& [x, y] : places) boxes.push_back(square(20.0f * x, 20.0f * y, 60));
      std::vector<int> order(boxes.size());
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), random);
      std::vector<Box> mixed;
      for (const int i : order) mixed.push_back(boxes[static_cast<std::size_t>(i)]);
      const Tracks first = see(plain, boxes);
      const Tracks second = see(shuffled, mixed);
      for (std::size_t i = 0; i < order.size(); ++i)
        pairs.emplace_back(first.ids[static_cast<std::size_t>(order[i])], second.ids[i]);
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    std::set<std::int64_t> left, right;
    for (const auto& [a, b] : pairs) {
      EXPECT(left.insert(a).second);
      EXPECT(right.insert(b).second);
    }
  }
}

TEST(tracker_survives_senseless_piles) {
  Tracker tracker;
  std::mt19937 random(3);
  for (int frame = 0; frame < 3; ++frame) {
    std::vector<Box> boxes;
    for (int i = 0; i < 1500; ++i) boxes.push_back(square(static_cast<float>(random() % 40), 0, 200));
    const Tracks& tracks = see(tracker, boxes);
    EXPECT_EQ(std::set<std::int64_t>(tracks.ids.begin(), tracks.ids.end()).size(), 1500u);
  }
}

TEST(assignment_is_the_cheapest) {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    const int rows = 1 + static_cast<int>(random() % 5);
    const int columns = 1 + static_cast<int>(random() % 5);
    std::vector<std::vector<double>> cost(rows, std::vector<double>(columns, 10));
    std::vector<Edge> edges;
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j)
        if (random() % 2) {
          cost[i][j] = static_cast<double>(random() % 9);
          edges.push_back({i, j, cost[i][j]});
        }
    const std::vector<int> found = assign(rows, columns, edges, 10);
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT(found[i] < 0 || cost[i][static_cast<std::size_t>(found[i])] < 10);

    std::vector<int> order(std::max(rows, columns));
    std::iota(order.begin(), order.end(), 0);
    double best = std::numeric_limits<double>::infinity();
    do {
      std::vector<int> match(rows, -1);
      for (int i = 0; i < rows; ++i)
        if (order[i] < columns && cost[i][order[i]] < 10) match[i] = order[i];
      best = std::min(best, total(cost, match, 10));
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_NEAR(total(cost, found, 10), best, 1e-9);
  }
}
