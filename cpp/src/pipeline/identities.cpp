#include "pipeline/identities.hpp"

#include <algorithm>
#include <utility>

namespace facecap {

void Identities::observe(std::int64_t track_id, const float* vector, int dimensions) {
  Track track;
  track.vector.assign(vector, vector + dimensions);
  for (const std::vector<float>& other : captured_) {
    if (other.empty()) continue;
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

void Identities::captured(std::int64_t track_id) noexcept {
  const auto found = tracks_.find(track_id);
  if (found == tracks_.end() || found->second.captured) return;
  found->second.captured = true;
  captured_[next_] = std::move(found->second.vector);
  next_ = (next_ + 1) % kRemembered;
}

void Identities::keep_only(const std::vector<std::int64_t>& live_ids) noexcept {
  for (auto track = tracks_.begin(); track != tracks_.end();)
    track = std::binary_search(live_ids.begin(), live_ids.end(), track->first) ? std::next(track)
                                                                               : tracks_.erase(track);
}

}  // namespace facecap
