#pragma once

#include <functional>
#include <vector>

#include "facecap/image.hpp"
#include "frame_source.hpp"
#include "v4l2_format.hpp"

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

/// A V4L2 camera with the single-planar interface, streaming through mapped buffers, in the first format of
/// `set_format` that it gives. Always gives the newest frame; the numbers count those left out, as the driver
/// does.
class V4l2Camera final : public FrameSource {
 public:
  /// Throws Error where the device is missing, is no camera or offers none of the formats.
  V4l2Camera(const std::string& path, std::optional<Size> wanted, std::optional<double> frames_a_second,
             V4l2Calls calls);
  ~V4l2Camera() override;
  bool next(Frame& frame) override;
  std::optional<Size> size() const override { return format_.size; }

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
  bool await(std::uint32_t& sequence);
  void leave_out(std::uint32_t sequence, const std::string& reason);
  bool show(std::uint32_t sequence, FrameView& view);
  bool from_jpeg(const std::uint8_t* data, std::uint32_t sequence, FrameView& view);
  FrameView from_yuyv(const std::uint8_t* data);
  int control(unsigned long request, void* argument) const;

  V4l2Calls calls_;
  int file_ = -1;
  V4l2Format format_;
  int damaged_in_a_row_ = 0;
  std::vector<Buffer> buffers_;
  std::vector<std::uint8_t> chroma_, luma_;  // of a YUYV frame
  Image picture_;                            // of a JPEG
  int held_ = -1;                            // the buffer that the last frame shows
  std::size_t held_bytes_ = 0;               // that are used of it
  std::optional<std::uint32_t> first_sequence_;
  std::int64_t next_ = 0;
};

}  // namespace facecap::board
