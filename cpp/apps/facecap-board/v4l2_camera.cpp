#include "v4l2_camera.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "errors.hpp"
#include "picture.hpp"
#include "stop_signal.hpp"

namespace facecap::board {
namespace {

constexpr int kBuffers = 4;
constexpr int kMostDamaged = 150;  // in a row: five seconds at 30 a second
constexpr int kPatienceMs = 5000;  // for a frame

}  // namespace

V4l2Calls system_calls() {
  return {[](const std::string& path) { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK); },
          [](int file, unsigned long request, void* argument) {
            int result = 0;
            do result = ::ioctl(file, request, argument);
            while (result != 0 && errno == EINTR);
            return result;
          },
          [](int file, std::size_t bytes, std::int64_t offset) {
            void* data =
                ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, static_cast<off_t>(offset));
            return data == MAP_FAILED ? nullptr : data;
          },
          [](void* data, std::size_t bytes) { ::munmap(data, bytes); },
          wait_readable,
          [](int file) { ::close(file); }};
}

V4l2Camera::V4l2Camera(const std::string& path, std::optional<Size> wanted,
                       std::optional<double> frames_a_second, V4l2Calls calls)
    : calls_(std::move(calls)) {
  name = path;
  fps = frames_a_second;
  try {
    open_device();
    choose_format(wanted);
    if (frames_a_second) ask_rate(*frames_a_second);
    start();
  } catch (...) {
    stop();
    throw;
  }
}

V4l2Camera::~V4l2Camera() {
  stop();
}

int V4l2Camera::control(unsigned long request, void* argument) const {
  return calls_.control(file_, request, argument);
}

void V4l2Camera::open_device() {
  file_ = calls_.open(name);
  if (file_ < 0) throw_errno(name);
  v4l2_capability capability{};
  if (control(VIDIOC_QUERYCAP, &capability) != 0) throw Error(name + ": no V4L2 device");
  const std::uint32_t can =
      capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps : capability.capabilities;
  if (!(can & V4L2_CAP_VIDEO_CAPTURE) || !(can & V4L2_CAP_STREAMING))
    throw Error(name + ": no camera with the single-planar streaming interface");
}

/// Makes the buffers that frames are turned into, where the pipeline does not take them as they are.
void V4l2Camera::choose_format(std::optional<Size> wanted) {
  format_ = set_format(
      name, [this](unsigned long request, void* argument) { return control(request, argument); }, wanted);
  const auto width = static_cast<std::size_t>(format_.size.width);
  const auto height = static_cast<std::size_t>(format_.size.height);
  if (format_.pixels == V4L2_PIX_FMT_MJPEG) set_size(picture_, width, height);
  if (format_.pixels == V4L2_PIX_FMT_YUYV) {
    luma_.resize(width * height);
    chroma_.resize(luma_.size() / 2);
  }
}

/// A camera that cannot do this rate keeps its own.
void V4l2Camera::ask_rate(double frames_a_second) {
  v4l2_streamparm rate{};
  rate.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  rate.parm.capture.timeperframe = {1000, static_cast<std::uint32_t>(1000 * frames_a_second)};
  if (control(VIDIOC_S_PARM, &rate) != 0) say(name + ": its frame rate cannot be set");
}

void V4l2Camera::start() {
  v4l2_requestbuffers request{};
  request.count = kBuffers;
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = V4L2_MEMORY_MMAP;
  if (control(VIDIOC_REQBUFS, &request) != 0) throw_errno(name + ": mapped buffers");
  for (std::uint32_t index = 0; index < request.count; ++index) {
    v4l2_buffer buffer{};
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = index;
    if (control(VIDIOC_QUERYBUF, &buffer) != 0) throw_errno(name + ": mapped buffers");
    if (buffer.length < format_.frame_bytes)
      throw Error(name + ": gives buffers of " + std::to_string(buffer.length) + " bytes, a frame has " +
                  std::to_string(format_.frame_bytes));
    void* data = calls_.map(file_, buffer.length, buffer.m.offset);
    if (!data) throw_errno(name + ": mapped buffers");
    buffers_.push_back({static_cast<std::uint8_t*>(data), buffer.length});
  }
  if (buffers_.size() < 2) throw Error(name + ": gives fewer than two buffers");
  for (std::size_t index = 0; index < buffers_.size(); ++index) give_back(static_cast<int>(index));
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (control(VIDIOC_STREAMON, &type) != 0) throw_errno(name + ": its stream");
}

void V4l2Camera::stop() {
  if (file_ < 0) return;
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  control(VIDIOC_STREAMOFF, &type);
  for (const Buffer& buffer : buffers_) calls_.unmap(buffer.data, buffer.bytes);
  buffers_.clear();
  calls_.close(file_);
  file_ = -1;
}

void V4l2Camera::give_back(int index) {
  v4l2_buffer buffer{};
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  buffer.index = static_cast<std::uint32_t>(index);
  if (control(VIDIOC_QBUF, &buffer) != 0) throw_errno(name);
}

bool V4l2Camera::take(int& index, std::size_t& bytes, std::uint32_t& sequence, bool& damaged_frame) {
  v4l2_buffer buffer{};
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  if (control(VIDIOC_DQBUF, &buffer) != 0) {
    if (errno == EAGAIN) return false;
    throw_errno(name);
  }
  if (buffer.index >= buffers_.size()) throw Error(name + ": gave a buffer that was not asked for");
  index = static_cast<int>(buffer.index);
  bytes = buffer.bytesused;
  sequence = buffer.sequence;
  damaged_frame =
      (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0 || bytes < std::max<std::size_t>(1, format_.frame_bytes);
  return true;
}

/// Throws Error where nothing else came for long.
void V4l2Camera::leave_out(std::uint32_t sequence, const std::string& reason) {
  ++damaged;
  say(name + ": left out frame " + std::to_string(sequence) + ": " + reason);
  if (++damaged_in_a_row_ == kMostDamaged)
    throw Error(name + ": " + std::to_string(kMostDamaged) +
                " frames in a row are damaged; the last: " + reason);
}

/// Holds the newest frame that is ready and whole as far as the driver says, if there is one.
bool V4l2Camera::newest(std::uint32_t& sequence) {
  int index = 0;
  std::size_t bytes = 0;
  std::uint32_t number = 0;
  bool bad = false;
  while (take(index, bytes, number, bad)) {
    if (bad) {
      const std::size_t wanted = format_.frame_bytes;
      leave_out(number, "it has " + std::to_string(bytes) + " bytes" +
                            (wanted > 0 ? " of " + std::to_string(wanted) : "") +
                            (bytes > 0 && bytes >= wanted ? ", and the driver calls it damaged" : ""));
      give_back(index);
      continue;
    }
    if (held_ >= 0) give_back(held_);
    held_ = index;
    held_bytes_ = std::min(bytes, buffers_[static_cast<std::size_t>(index)].bytes);
    sequence = number;
  }
  return held_ >= 0;
}

/// Waits for `newest`; false where an end was asked for.
bool V4l2Camera::await(std::uint32_t& sequence) {
  if (held_ >= 0) give_back(held_);
  held_ = -1;
  while (!newest(sequence)) {
    if (StopSignal::came()) return false;
    if (!calls_.wait(file_, kPatienceMs) && !StopSignal::came())
      throw Error(name + ": no frame in " + std::to_string(kPatienceMs / 1000) + " seconds");
  }
  return !StopSignal::came();
}

bool V4l2Camera::next(Frame& frame) {
  std::uint32_t sequence = 0;
  const std::int64_t damaged_before = damaged;
  do {
    if (!await(sequence)) return false;
  } while (!show(sequence, frame.view));
  damaged_in_a_row_ = 0;
  if (!first_sequence_) first_sequence_ = sequence;
  // Drivers that do not count say 0 each time.
  const std::int64_t index = std::max(next_, std::int64_t{sequence - *first_sequence_});
  if (index > next_) dropped += std::max<std::int64_t>(0, index - next_ - (damaged - damaged_before));
  frame.index = index;
  next_ = index + 1;
  frame.timestamp = clock_seconds();
  return true;
}

/// A view of the frame that is held. False, and said and counted, where it is a damaged JPEG.
bool V4l2Camera::show(std::uint32_t sequence, FrameView& view) {
  const std::uint8_t* data = buffers_[static_cast<std::size_t>(held_)].data;
  const auto [pixels, size, stride, bytes] = format_;
  if (pixels == V4L2_PIX_FMT_MJPEG) return from_jpeg(data, sequence, view);
  if (pixels == V4L2_PIX_FMT_YUYV) {
    view = from_yuyv(data);
    return true;
  }
  view = YuvView{data,
                 data + static_cast<std::size_t>(stride) * size.height,
                 size.width,
                 size.height,
                 static_cast<std::ptrdiff_t>(stride),
                 static_cast<std::ptrdiff_t>(stride),
                 pixels == V4L2_PIX_FMT_NV21 ? ChromaOrder::vu : ChromaOrder::uv};
  return true;
}

bool V4l2Camera::from_jpeg([[maybe_unused]] const std::uint8_t* data, [[maybe_unused]] std::uint32_t sequence,
                           FrameView& view) {
#ifdef FACECAP_WITH_JPEG
  try {
    decode_jpeg(data, held_bytes_, picture_, format_.size);
  } catch (const Error& error) {
    leave_out(sequence, error.what());
    return false;
  }
#endif
  view = picture_.view();
  return true;
}

/// YUYV has a chroma pair for two pixels of every row; of two rows the mean is taken.
FrameView V4l2Camera::from_yuyv(const std::uint8_t* data) {
  const Size size = format_.size;
  for (int y = 0; y < size.height; ++y) {
    const std::uint8_t* row = data + static_cast<std::size_t>(y) * format_.stride;
    std::uint8_t* luma = luma_.data() + static_cast<std::size_t>(y) * size.width;
    for (int x = 0; x < size.width; ++x) luma[x] = row[2 * x];
    if (y % 2 != 0) continue;
    const std::uint8_t* below = row + format_.stride;
    std::uint8_t* chroma = chroma_.data() + static_cast<std::size_t>(y / 2) * size.width;
    for (int x = 0; x < size.width; ++x)
      chroma[x] = static_cast<std::uint8_t>((row[2 * x + 1] + below[2 * x + 1] + 1) / 2);
  }
  return YuvView{luma_.data(), chroma_.data(), size.width,     size.height,
                 size.width,   size.width,     ChromaOrder::uv};
}

}  // namespace facecap::board
