#pragma once

#include <vector>

#include "frame_source.hpp"

namespace facecap::board {

/// Frames of one size behind each other, without anything between them, as the vendor's camera sample writes
/// them: from a file, a FIFO or standard input. A shorter rest at the end is a damaged frame.
class RawStream final : public FrameSource {
 public:
  /// `path` is - for standard input. `format` is nv21, nv12, rgb or bgr. With `fps` a frame's time is counted
  /// from 0, without it is that of the clock.
  RawStream(const std::string& path, SourceFormat format, Size size, std::optional<double> frames_a_second);
  ~RawStream() override;
  bool next(Frame& frame) override;
  std::optional<Size> size() const override { return size_; }

 private:
  std::size_t read_frame();
  FrameView view() const;

  SourceFormat format_;
  Size size_;
  std::vector<std::uint8_t> pixels_;
  int file_;
  std::int64_t next_ = 0;
};

}  // namespace facecap::board
