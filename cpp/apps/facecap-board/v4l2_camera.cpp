#include "v4l2_camera.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "errors.hpp"
#include "stop_signal.hpp"

namespace facecap::board {
namespace {

constexpr std::uint32_t kFormats[] = {V4L2_PIX_FMT_NV21, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUYV};
constexpr int kBuffers = 4;
constexpr int kPatienceMs = 5000;  // for a frame

std::string name_of(std::uint32_t format) {
  std::string name;
  for (int k = 0; k < 4; ++k) {
    const char c = static_cast<char>(format >> (8 * k) & 0x7F);
    name += c > ' ' ? c : '?';
  }
  return name;
}

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

void V4l2Camera::choose_format(std::optional<Size> wanted) {
  std::string offered;
  std::vector<std::uint32_t> formats;
  for (v4l2_fmtdesc each{}; each.index < 64; ++each.index) {
    each.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (control(VIDIOC_ENUM_FMT, &each) != 0) break;
    formats.push_back(each.pixelformat);
    offered += (offered.empty() ? "" : ", ") + name_of(each.pixelformat);
  }
  const auto* chosen =
      std::find_first_of(std::begin(kFormats), std::end(kFormats), formats.begin(), formats.end());
  if (chosen == std::end(kFormats))
    throw Error(name + ": offers " + (offered.empty() ? "no format" : offered) +
                ", wanted NV21, NV12 or YUYV");
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (control(VIDIOC_G_FMT, &format) != 0) throw_errno(name + ": its format");
  v4l2_pix_format& pixels = format.fmt.pix;
  pixels.pixelformat = *chosen;
  pixels.field = V4L2_FIELD_ANY;
  pixels.bytesperline = 0;
  if (wanted)
    pixels.width = static_cast<unsigned>(wanted->width),
    pixels.height = static_cast<unsigned>(wanted->height);
  if (control(VIDIOC_S_FMT, &format) != 0) throw_errno(name + ": its format");
  size_ = {static_cast<int>(pixels.width), static_cast<int>(pixels.height)};
  format_ = pixels.pixelformat;
  if (format_ != *chosen)
    throw Error(name + ": gives " + name_of(format_) + " where " + name_of(*chosen) + " was asked for");
  if (wanted && size_ != *wanted)
    throw Error(name + ": gives " + std::to_string(size_.width) + "x" + std::to_string(size_.height) +
                ", wanted " + std::to_string(wanted->width) + "x" + std::to_string(wanted->height));
  if (size_.width < 2 || size_.height < 2 || size_.width > 8192 || size_.height > 8192 || size_.width % 2 ||
      size_.height % 2)
    throw Error(name + ": gives " + std::to_string(size_.width) + "x" + std::to_string(size_.height) +
                ", wanted even sides up to 8192");
  const auto width = static_cast<std::uint32_t>(size_.width);
  const bool yuyv = format_ == V4L2_PIX_FMT_YUYV;
  stride_ = std::max(pixels.bytesperline, yuyv ? 2 * width : width);
  frame_bytes_ = static_cast<std::size_t>(stride_) * size_.height * (yuyv ? 2 : 3) / 2;
  if (yuyv) {
    luma_.resize(static_cast<std::size_t>(size_.width) * size_.height);
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
    if (buffer.length < frame_bytes_)
      throw Error(name + ": gives buffers of " + std::to_string(buffer.length) + " bytes, a frame has " +
                  std::to_string(frame_bytes_));
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
  damaged_frame = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0 || bytes < frame_bytes_;
  return true;
}

/// Holds the newest whole frame that is ready, if there is one.
bool V4l2Camera::newest(std::uint32_t& sequence) {
  int index = 0;
  std::size_t bytes = 0;
  std::uint32_t number = 0;
  bool bad = false;
  while (take(index, bytes, number, bad)) {
    if (bad) {
      ++damaged;
      say(name + ": left out frame " + std::to_string(number) + ": it has " + std::to_string(bytes) +
          " bytes of " + std::to_string(frame_bytes_) +
          (bytes < frame_bytes_ ? "" : ", and the driver calls it damaged"));
      give_back(index);
      continue;
    }
    if (held_ >= 0) give_back(held_);
    held_ = index;
    sequence = number;
  }
  return held_ >= 0;
}

bool V4l2Camera::next(Frame& frame) {
  if (held_ >= 0) give_back(held_);
  held_ = -1;
  std::uint32_t sequence = 0;
  const std::int64_t damaged_before = damaged;
  while (!newest(sequence)) {
    if (StopSignal::came()) return false;
    if (!calls_.wait(file_, kPatienceMs) && !StopSignal::came())
      throw Error(name + ": no frame in " + std::to_string(kPatienceMs / 1000) + " seconds");
  }
  if (StopSignal::came()) return false;
  if (!first_sequence_) first_sequence_ = sequence;
  // Drivers that do not count say 0 each time.
  const std::int64_t index = std::max(next_, std::int64_t{sequence - *first_sequence_});
  if (index > next_) dropped += std::max<std::int64_t>(0, index - next_ - (damaged - damaged_before));
  frame.index = index;
  next_ = index + 1;
  frame.timestamp = clock_seconds();
  frame.view = view(buffers_[static_cast<std::size_t>(held_)].data);
  return true;
}

FrameView V4l2Camera::view(const std::uint8_t* data) {
  if (format_ == V4L2_PIX_FMT_YUYV) return from_yuyv(data);
  return YuvView{data,
                 data + static_cast<std::size_t>(stride_) * size_.height,
                 size_.width,
                 size_.height,
                 static_cast<std::ptrdiff_t>(stride_),
                 static_cast<std::ptrdiff_t>(stride_),
                 format_ == V4L2_PIX_FMT_NV21 ? ChromaOrder::vu : ChromaOrder::uv};
}

/// YUYV has a chroma pair for two pixels of every row; of two rows the mean is taken.
FrameView V4l2Camera::from_yuyv(const std::uint8_t* data) {
  for (int y = 0; y < size_.height; ++y) {
    const std::uint8_t* row = data + static_cast<std::size_t>(y) * stride_;
    std::uint8_t* luma = luma_.data() + static_cast<std::size_t>(y) * size_.width;
    for (int x = 0; x < size_.width; ++x) luma[x] = row[2 * x];
    if (y % 2 != 0) continue;
    const std::uint8_t* below = row + stride_;
    std::uint8_t* chroma = chroma_.data() + static_cast<std::size_t>(y / 2) * size_.width;
    for (int x = 0; x < size_.width; ++x)
      chroma[x] = static_cast<std::uint8_t>((row[2 * x + 1] + below[2 * x + 1] + 1) / 2);
  }
  return YuvView{luma_.data(), chroma_.data(), size_.width,    size_.height,
                 size_.width,  size_.width,    ChromaOrder::uv};
}

}  // namespace facecap::board
