#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "facecap/capture_gate.hpp"
#include "facecap/frame_view.hpp"

namespace facecap {

/// A plane of luma that somebody else owns, such as a reduced decode of a JPEG.
struct LumaView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;  // bytes from row to row
};

/// A picture as the means of its blocks of luma, 0 to 255, row by row.
struct LumaBlocks {
  Size picture;
  int columns = 0;
  int rows = 0;
  std::vector<float> means;
};

LumaBlocks luma_blocks(const LumaView& luma);

/// ITU-R BT.601 luma of packed pixels; the luma plane as it is where the frame has one.
LumaBlocks luma_blocks(const FrameView& frame);

/// Whether something moved between two pictures. A change of light that is linear in luma is no movement, nor
/// is noise, which is estimated by the pictures themselves; where there is too much of it to tell, and for
/// pictures of different sizes, the answer is yes.
bool moved(const LumaBlocks& before, const LumaBlocks& now);

/// Decides which frames need no detection: those in which nothing moved since the last detected one, after a
/// while without faces, for at most `motion_refresh_seconds` on end.
class StillFrames {
 public:
  explicit StillFrames(const CaptureConfig& config);
  /// Whether the blocks of the next frame are needed: where not, it is detected in whatever they are.
  bool watching() const { return on_ && quiet_ + 1 >= quiet_wanted_; }
  /// Whether this frame may be left out.
  bool may_skip(const LumaBlocks& now, std::optional<double> timestamp) const;
  /// A frame was detected in; `busy`: with a face, or a track that lives.
  void detected(LumaBlocks now, bool busy, std::optional<double> timestamp);
  void skipped(std::optional<double> timestamp);

 private:
  bool due(std::optional<double> timestamp) const;

  bool on_;
  double refresh_seconds_;
  int quiet_wanted_;  // frames without a face until the first may be skipped
  int quiet_ = 0;
  int untimed_ = 0;  // skipped since the last detected one, without a time or at that of the one before
  std::optional<double> last_timestamp_;     // of the last detected one
  std::optional<double> skipped_timestamp_;  // of the last one
  LumaBlocks last_;                          // of the last detected frame
};

}  // namespace facecap
