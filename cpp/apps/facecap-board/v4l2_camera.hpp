#pragma once

#include <functional>
#include <vector>

#include "frame_source.hpp"

namespace facecap::board {

/// What a camera needs of the system, so that a test can play the driver.
struct V4l2Calls {
  std::function<int(const std::string& path)> open;  // the descriptor, or -1 and errno
  std::function<int(int file, unsigned long request, void* argument)> control;
  std::function<void*(int file, std::size_t bytes, std::int64_t offset)> map;  // nullptr and errno
  std::function<void(void* data, std::size_t bytes)> unmap;
  std::function<bool(int file, int timeout_ms)> wait;  // as wait_readable
  std::function<void(int file)> close;
};

V4l2Calls system_calls();

/// A V4L2 camera with the single-planar interface, streaming through mapped buffers: NV21, NV12 or YUYV,
/// whichever comes first in this order. Always gives the newest frame; the numbers count those left out, as
/// the driver does.
class V4l2Camera final : public FrameSource {
 public:
  /// Throws Error where the device is missing, is no camera or offers none of the formats.
  V4l2Camera(const std::string& path, std::optional<Size> wanted, std::optional<double> frames_a_second,
             V4l2Calls calls);
  ~V4l2Camera() override;
  bool next(Frame& frame) override;
  std::optional<Size> size() const override { return size_; }

 private:
  struct Buffer {
    std::uint8_t* data = nullptr;
    std::size_t bytes = 0;
  };

  void open_device();
  void choose_format(std::optional<Size> wanted);
  void ask_rate(double frames_a_second);
  void start();
  void stop();
  bool take(int& index, std::size_t& bytes, std::uint32_t& sequence, bool& damaged_frame);
  void give_back(int index);
  bool newest(std::uint32_t& sequence);
  FrameView view(const std::uint8_t* data);
  FrameView from_yuyv(const std::uint8_t* data);
  int control(unsigned long request, void* argument) const;

  V4l2Calls calls_;
  int file_ = -1;
  Size size_;
  std::uint32_t format_ = 0;
  std::uint32_t stride_ = 0;
  std::size_t frame_bytes_ = 0;
  std::vector<Buffer> buffers_;
  std::vector<std::uint8_t> chroma_, luma_;  // of a YUYV frame
  int held_ = -1;                            // the buffer that the last frame shows
  std::optional<std::uint32_t> first_sequence_;
  std::int64_t next_ = 0;
};

}  // namespace facecap::board
