#include "pipeline/identities.hpp"

#include <algorithm>

namespace facecap {

void Identities::observe(std::int64_t track_id, const float* vector, int dimensions) {
  Track track;
  track.vector.assign(vector, vector + dimensions);
  for (const std::vector<float>& other : captured_) {
    float cosine = 0;
    for (int k = 0; k < dimensions; ++k) cosine += track.vector[k] * other[k];
    track.duplicate = track.duplicate || cosine >= same_person_;
  }
  tracks_[track_id] = std::move(track);
}

bool Identities::is_duplicate(std::int64_t track_id) const {
  const auto found = tracks_.find(track_id);
  return found != tracks_.end() && found->second.duplicate;
}

void Identities::captured(std::int64_t track_id) {
  const auto found = tracks_.find(track_id);
  if (found == tracks_.end() || found->second.captured) return;
  found->second.captured = true;
  captured_.push_back(found->second.vector);
  if (captured_.size() > kRemembered) captured_.pop_front();
}

void Identities::keep_only(const std::vector<std::int64_t>& live_ids) {
  for (auto track = tracks_.begin(); track != tracks_.end();)
    track = std::binary_search(live_ids.begin(), live_ids.end(), track->first) ? std::next(track)
                                                                               : tracks_.erase(track);
}

}  // namespace facecap
