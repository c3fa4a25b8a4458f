#include <sys/stat.h>

#include <chrono>

#include "errors.hpp"
#include "frame_source.hpp"
#include "picture_folder.hpp"
#include "raw_stream.hpp"
#include "v4l2_camera.hpp"

namespace facecap::board {
namespace {

SourceFormat format_of(const Settings& settings) {
  if (settings.format != SourceFormat::automatic) return settings.format;
  if (settings.source == "-") return SourceFormat::nv21;
  struct stat status{};
  if (::stat(settings.source.c_str(), &status) != 0) throw_errno(settings.source);
  if (S_ISDIR(status.st_mode)) return SourceFormat::pictures;
  return S_ISCHR(status.st_mode) ? SourceFormat::v4l2 : SourceFormat::nv21;
}

}  // namespace

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<FrameSource> open_source(const Settings& settings) {
  const SourceFormat format = format_of(settings);
  switch (format) {
    case SourceFormat::pictures:
      return std::make_unique<PictureFolder>(settings.source, settings.fps);
    case SourceFormat::v4l2:
      return std::make_unique<V4l2Camera>(settings.source, settings.size, settings.fps, system_calls());
    default:
      break;
  }
  if (!settings.size)
    throw UsageError("size is missing: raw frames say nothing of theirs, give --size such as 640x480");
  return std::make_unique<RawStream>(settings.source, format, *settings.size, settings.fps);
}

}  // namespace facecap::board
