#pragma once

#include <optional>
#include <vector>

#include "facecap/image.hpp"
#include "facecap/pipeline.hpp"

namespace facecap {

/// What is kept of a slot's shot.
struct Shot {
  Image crop;
  Box box;
  Landmarks landmarks{};
  float score = 0;
  Pose pose;
  std::optional<double> timestamp;
  MaskProbabilities mask;
};

/// The shots of all slots. Those that a frame stores can be taken back until the next frame.
class Shots {
 public:
  Shots(int slots, Size crop);
  Size crop_size() const { return crop_; }
  Shot& operator[](int slot) { return shots_[static_cast<std::size_t>(slot)]; }
  const Shot& operator[](int slot) const { return shots_[static_cast<std::size_t>(slot)]; }

  /// From now on undo() goes back to the shots as they are. At most `stores` are stored until the next call.
  void begin(std::size_t stores);
  /// An empty place for a new shot, with pixels of the size of a crop.
  Shot& draft();
  /// Puts the draft into the slot.
  void store(int slot) noexcept;
  void undo() noexcept;

 private:
  Size crop_;
  std::vector<Shot> shots_;
  std::vector<Shot> spare_;  // the draft, and behind it what the stored shots replaced
  std::vector<int> stored_;  // slots, in the order of storing
};

}  // namespace facecap
