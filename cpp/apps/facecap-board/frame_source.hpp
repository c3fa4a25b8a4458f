#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "facecap/frame_view.hpp"
#include "settings.hpp"

namespace facecap::board {

struct Frame {
  std::int64_t index = 0;
  std::optional<double> timestamp;  // seconds; of the clock, since 1970, where the source is live
  FrameView view;                   // valid until the next frame
};

/// Yields frames in order. What is damaged is said, counted and left out.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  /// False at the end and where an end was asked for. Throws Error where the source fails.
  virtual bool next(Frame& frame) = 0;
  /// Of the frames to come, where it is known before the first.
  virtual std::optional<Size> size() const = 0;

  std::string name;
  std::optional<std::int64_t> length;  // frames
  std::optional<double> fps;
  bool timed = true;  // frames have timestamps
  std::int64_t damaged = 0;
  std::int64_t dropped = 0;  // came while an earlier one was at work
  bool ended_early = false;
};

/// What the settings name. Throws UsageError where they do not fit, Error where it cannot be opened.
std::unique_ptr<FrameSource> open_source(const Settings& settings);

/// Seconds since 1970.
double clock_seconds();

}  // namespace facecap::board
