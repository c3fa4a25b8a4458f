#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace facecap {

/// Whose faces were captured of late, so that a person who comes back on a new track is not captured again.
class Identities {
 public:
  explicit Identities(float same_person) : same_person_(same_person), captured_(kRemembered) {}
  bool knows(std::int64_t track_id) const { return tracks_.count(track_id) != 0; }
  /// Remembers a track's unit vector and whether somebody captured on another track has it too.
  void observe(std::int64_t track_id, const float* vector, int dimensions);
  bool is_duplicate(std::int64_t track_id) const;
  /// From now on other tracks with this track's vector are duplicates.
  void captured(std::int64_t track_id) noexcept;
  /// Forgets what belongs to tracks that are gone, but not who was captured.
  void keep_only(const std::vector<std::int64_t>& live_ids) noexcept;

 private:
  struct Track {
    std::vector<float> vector;  // until the track is captured
    bool duplicate = false;
    bool captured = false;
  };
  static constexpr std::size_t kRemembered = 256;
  float same_person_;
  std::unordered_map<std::int64_t, Track> tracks_;
  std::vector<std::vector<float>> captured_;  // a ring; empty where none is remembered yet
  std::size_t next_ = 0;                      // in captured_
};

}  // namespace facecap
