#include "facecap/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>

#include "track/assignment.hpp"
#include "track/box_filter.hpp"

namespace facecap {
namespace {

constexpr double kGate = 9.488;        // squared Mahalanobis distance: chi square, 4 degrees of freedom, 5 %
constexpr int kOverlapStageLimit = 2;  // unmatched frames up to which overlap alone may match
constexpr std::size_t kChoices = 64;   // detections that a track chooses from; more only in a senseless pile

struct Track {
  std::int64_t id = 0;
  BoxFilter filter;
  int hits = 1;
  int unmatched = 0;
  bool stable = false;
  std::array<double, 4> predicted{};
};

bool usable(const Box& box) {
  return std::isfinite(double{box.x1} + box.y1 + box.x2 + box.y2) && box.x1 < box.x2 && box.y1 < box.y2;
}

double overlap(const std::array<double, 4>& a, const Box& b) {
  const double width = std::min(a[2], double{b.x2}) - std::max(a[0], double{b.x1});
  const double height = std::min(a[3], double{b.y2}) - std::max(a[1], double{b.y1});
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  const double all = (a[2] - a[0]) * (a[3] - a[1]) + (double{b.x2} - b.x1) * (double{b.y2} - b.y1) - both;
  return both / all;
}

}  // namespace

void TrackerOptions::validate() const {
  const auto want = [](bool fulfilled, const char* key, double value, const char* range) {
    if (!fulfilled)
      throw std::invalid_argument(std::string(key) + " is " + std::to_string(value) + ", wanted " + range);
  };
  want(min_hits >= 1, "min_hits", min_hits, "frames, 1 or more");
  want(max_unmatched >= 1, "max_unmatched", max_unmatched, "frames, 1 or more");
  want(iou_min >= 0 && iou_min < 1, "iou_min", iou_min, "a share from 0 up to but without 1");
  want(probation_gap >= 0, "probation_gap", probation_gap, "frames, 0 or more");
  want(std::isfinite(new_track_score), "new_track_score", new_track_score, "a finite score");
}

struct Tracker::State {
  TrackerOptions options;
  std::vector<Track> tracks;  // ids ascend
  std::int64_t next_id = 1;
  std::vector<Track> tracks_before;  // as the last frame left them
  std::int64_t next_id_before = 1;
  Tracks result;

  void remember() {
    tracks_before = tracks;
    next_id_before = next_id;
  }

  void undo() noexcept {
    tracks.swap(tracks_before);
    next_id = next_id_before;
  }

  void predict() {
    for (Track& track : tracks) {
      track.filter.predict();
      track.predicted = track.filter.corners();
      ++track.unmatched;
    }
  }

  bool may_match(const Track& track) const {
    return !track.stable || track.unmatched == 1 || track.unmatched < options.max_unmatched;
  }

  /// Detections that can be followed, in an order that is a matter of geometry alone, so that the order in
  /// which they come decides nothing.
  static std::vector<int> order_detections(const std::vector<Box>& boxes, const std::vector<float>& scores) {
    std::vector<int> order;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (usable(boxes[i])) order.push_back(static_cast<int>(i));
    const auto key = [&](int i) {
      const float score = std::isnan(scores[i]) ? std::numeric_limits<float>::lowest() : scores[i];
      return std::tuple(boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2, -score, i);
    };
    std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
    return order;
  }

  /// Tracks in the order of the cascade: seen last first, then stable before unconfirmed, then geometry.
  std::vector<Track*> order_tracks() {
    std::vector<Track*> order;
    for (Track& track : tracks)
      if (may_match(track)) order.push_back(&track);
    const auto key = [](const Track* track) {
      return std::tuple(track->unmatched, !track->stable, track->predicted, -track->hits, track->id);
    };
    std::sort(order.begin(), order.end(), [&](const Track* a, const Track* b) { return key(a) < key(b); });
    return order;
  }

  /// What a match costs, and from which cost on there is none.
  struct Measure {
    double limit;
    double (*cost)(const Track&, const Box&, double overlap);
  };

  /// Matches tracks and detections; those matched leave `detections` and become matched in this frame.
  void associate(const std::vector<Track*>& candidates, std::vector<int>& detections,
                 const std::vector<Box>& boxes, const Measure& measure) {
    std::vector<Edge> edges;
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      const std::size_t start = edges.size();
      for (std::size_t column = 0; column < detections.size(); ++column) {
        const Box& box = boxes[detections[column]];
        const double shared = overlap(candidates[row]->predicted, box);
        if (!(shared > options.iou_min)) continue;
        const double cost = measure.cost(*candidates[row], box, shared);
        if (cost < measure.limit) edges.push_back({static_cast<int>(row), static_cast<int>(column), cost});
      }
      if (edges.size() - start > kChoices) {
        const auto cheaper = [](const Edge& a, const Edge& b) {
          return std::tie(a.cost, a.column) < std::tie(b.cost, b.column);
        };
        std::nth_element(edges.begin() + start, edges.begin() + start + kChoices, edges.end(), cheaper);
        edges.resize(start + kChoices);
      }
    }
    const std::vector<int> matches =
        assign(static_cast<int>(candidates.size()), static_cast<int>(detections.size()), std::move(edges),
               measure.limit);
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      if (matches[row] < 0) continue;
      int& detection = detections[matches[row]];
      match(*candidates[row], detection, boxes[detection]);
      detection = -1;
    }
    detections.erase(std::remove(detections.begin(), detections.end(), -1), detections.end());
  }

  void match(Track& track, int detection, const Box& box) {
    track.filter.update(box);
    track.unmatched = 0;
    if (!track.stable) track.stable = ++track.hits >= options.min_hits;
    result.ids[detection] = track.id;
    result.stable[detection] = track.stable;
  }

  void match_all(const std::vector<Box>& boxes, const std::vector<float>& scores) {
    std::vector<int> detections = order_detections(boxes, scores);
    const std::vector<Track*> order = order_tracks();
    const Measure by_motion{
        kGate, [](const Track& track, const Box& box, double) { return track.filter.distance(box); }};
    for (auto first = order.begin(); first != order.end() && !detections.empty();) {
      const int unmatched = (*first)->unmatched;
      const auto last =
          std::find_if(first, order.end(), [&](const Track* t) { return t->unmatched != unmatched; });
      associate({first, last}, detections, boxes, by_motion);
      first = last;
    }
    std::vector<Track*> rest;
    for (Track* track : order)
      if (track->unmatched > 0 && track->unmatched <= kOverlapStageLimit) rest.push_back(track);
    const Measure by_overlap{1, [](const Track&, const Box&, double overlap) { return 1 - overlap; }};
    if (!detections.empty()) associate(rest, detections, boxes, by_overlap);
  }

  void drop_lost() {
    const auto dead = [&](const Track& track) {
      return track.stable ? track.unmatched >= options.max_unmatched
                          : track.unmatched > options.probation_gap;
    };
    tracks.erase(std::remove_if(tracks.begin(), tracks.end(), dead), tracks.end());
  }

  void start(const std::vector<Box>& boxes, const std::vector<float>& scores) {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (result.ids[i] != 0 || !usable(boxes[i]) || !(scores[i] >= options.new_track_score)) continue;
      Track track{next_id++, BoxFilter(boxes[i])};
      track.stable = options.min_hits == 1;
      result.ids[i] = track.id;
      result.stable[i] = track.stable;
      tracks.push_back(track);
    }
  }
};

Tracker::Tracker(TrackerOptions options) : state_(std::make_unique<State>()) {
  options.validate();
  state_->options = options;
}

Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

const Tracks& Tracker::update(const std::vector<Box>& boxes, const std::vector<float>& scores) {
  if (boxes.size() != scores.size())
    throw std::invalid_argument("tracker: " + std::to_string(boxes.size()) + " boxes came with " +
                                std::to_string(scores.size()) + " scores, wanted as many");
  State& s = *state_;
  s.remember();
  try {
    s.result.ids.assign(boxes.size(), 0);
    s.result.stable.assign(boxes.size(), false);
    s.result.live_ids.clear();
    s.predict();
    s.match_all(boxes, scores);
    s.drop_lost();
    s.start(boxes, scores);
    for (const Track& track : s.tracks) s.result.live_ids.push_back(track.id);
  } catch (...) {
    s.undo();
    throw;
  }
  return s.result;
}

void Tracker::undo() noexcept {
  state_->undo();
}

void Tracker::clear() noexcept {
  state_->tracks.clear();
}

}  // namespace facecap
