#include "raw_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "errors.hpp"
#include "stop_signal.hpp"

namespace facecap::board {
namespace {

bool is_yuv(SourceFormat format) {
  return format == SourceFormat::nv21 || format == SourceFormat::nv12;
}

std::size_t frame_bytes(SourceFormat format, Size size) {
  const std::size_t pixels = static_cast<std::size_t>(size.width) * size.height;
  return is_yuv(format) ? pixels + pixels / 2 : 3 * pixels;
}

/// A FIFO is opened before its writer has come; opening it to write too would never end.
int open_stream(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno != EINTR) throw_errno(path);
  return file;
}

}  // namespace

RawStream::RawStream(const std::string& path, SourceFormat format, Size size,
                     std::optional<double> frames_a_second)
    : format_(format), size_(size), pixels_(frame_bytes(format, size)), file_(-1) {
  if (is_yuv(format) && (size.width % 2 != 0 || size.height % 2 != 0))
    throw UsageError("size is " + std::to_string(size.width) + "x" + std::to_string(size.height) +
                     ", wanted even sides: NV21 and NV12 have one chroma pair for 2x2 pixels");
  file_ = open_stream(path);
  name = path == "-" ? "standard input" : path;
  fps = frames_a_second;
  struct stat status{};
  if (file_ >= 0 && ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode))
    length = static_cast<std::int64_t>(static_cast<std::size_t>(status.st_size) / pixels_.size());
}

RawStream::~RawStream() {
  if (file_ > STDIN_FILENO) ::close(file_);
}

std::size_t RawStream::read_frame() {
  std::size_t filled = 0;
  while (filled < pixels_.size() && wait_readable(file_, -1)) {
    const ssize_t got = ::read(file_, pixels_.data() + filled, pixels_.size() - filled);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw_errno(name);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

FrameView RawStream::view() const {
  const std::uint8_t* first = pixels_.data();
  if (!is_yuv(format_))
    return ImageView{first, size_.width, size_.height, std::ptrdiff_t{3} * size_.width,
                     format_ == SourceFormat::rgb ? ColorOrder::rgb : ColorOrder::bgr};
  return YuvView{first,
                 first + static_cast<std::size_t>(size_.width) * size_.height,
                 size_.width,
                 size_.height,
                 size_.width,
                 size_.width,
                 format_ == SourceFormat::nv21 ? ChromaOrder::vu : ChromaOrder::uv};
}

bool RawStream::next(Frame& frame) {
  const std::size_t filled = file_ < 0 ? 0 : read_frame();
  if (StopSignal::came()) return false;
  if (filled < pixels_.size()) {
    if (filled > 0) {
      ++damaged;
      ended_early = true;
      say(name + ": left out frame " + std::to_string(next_) + ": it has " + std::to_string(filled) +
          " bytes of " + std::to_string(pixels_.size()));
    }
    return false;
  }
  frame.index = next_++;
  frame.timestamp = fps ? static_cast<double>(frame.index) / *fps : clock_seconds();
  frame.view = view();
  return true;
}

}  // namespace facecap::board
