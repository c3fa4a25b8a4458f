#include "v4l2_format.hpp"

#include <linux/videodev2.h>

#include <algorithm>
#include <vector>

#include "errors.hpp"

namespace facecap::board {
namespace {

// Motion JPEG is last: it has lost detail and takes time to decode.
constexpr std::uint32_t kFormats[] = {V4L2_PIX_FMT_NV21, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUYV,
#ifdef FACECAP_WITH_JPEG
                                      V4L2_PIX_FMT_MJPEG
#endif
};

std::string name_of(std::uint32_t format) {
  std::string name;
  for (int k = 0; k < 4; ++k) {
    const char c = static_cast<char>(format >> (8 * k) & 0x7F);
    name += c > ' ' ? c : '?';
  }
  return name;
}

std::string words_of(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::uint32_t> offered_by(const V4l2Control& control) {
  std::vector<std::uint32_t> formats;
  for (v4l2_fmtdesc each{}; each.index < 64; ++each.index) {
    each.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (control(VIDIOC_ENUM_FMT, &each) != 0) break;
    formats.push_back(each.pixelformat);
  }
  return formats;
}

/// What the camera makes of this format and size; none where it refuses them.
std::optional<v4l2_pix_format> asked_for(const std::string& name, const V4l2Control& control,
                                         std::uint32_t pixels, std::optional<Size> wanted) {
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  if (control(VIDIOC_G_FMT, &format) != 0) throw_errno(name + ": its format");
  v4l2_pix_format& asked = format.fmt.pix;
  asked.pixelformat = pixels;
  asked.field = V4L2_FIELD_ANY;
  asked.bytesperline = 0;
  asked.sizeimage = 0;
  if (wanted) {
    asked.width = static_cast<unsigned>(wanted->width);
    asked.height = static_cast<unsigned>(wanted->height);
  }
  if (control(VIDIOC_S_FMT, &format) != 0) return {};
  return asked;
}

/// For the text of an error: what a camera offers that this build cannot take.
std::string not_in_this_build([[maybe_unused]] const std::vector<std::uint32_t>& offered) {
#ifndef FACECAP_WITH_JPEG
  if (std::find(offered.begin(), offered.end(), V4L2_PIX_FMT_MJPEG) != offered.end())
    return "; it offers Motion JPEG too, which a build with libjpeg takes";
#endif
  return "";
}

V4l2Format layout_of(const std::string& name, const v4l2_pix_format& given) {
  V4l2Format out;
  out.pixels = given.pixelformat;
  out.size = {static_cast<int>(given.width), static_cast<int>(given.height)};
  if (out.size.width < 2 || out.size.height < 2 || out.size.width > 8192 || out.size.height > 8192 ||
      out.size.width % 2 || out.size.height % 2)
    throw Error(name + ": gives " + words_of(out.size) + ", wanted even sides up to 8192");
  if (out.pixels == V4L2_PIX_FMT_MJPEG) return out;
  const bool yuyv = out.pixels == V4L2_PIX_FMT_YUYV;
  out.stride = std::max(given.bytesperline, (yuyv ? 2 : 1) * given.width);
  out.frame_bytes = static_cast<std::size_t>(out.stride) * given.height * (yuyv ? 2 : 3) / 2;
  return out;
}

}  // namespace

V4l2Format set_format(const std::string& name, const V4l2Control& control, std::optional<Size> wanted) {
  const std::vector<std::uint32_t> offered = offered_by(control);
  std::vector<std::string> others;  // what was given instead of what was asked for
  for (const std::uint32_t format : kFormats) {
    if (std::find(offered.begin(), offered.end(), format) == offered.end()) continue;
    const std::optional<v4l2_pix_format> given = asked_for(name, control, format, wanted);
    if (!given) {
      others.push_back("nothing as " + name_of(format));
      continue;
    }
    const Size size{static_cast<int>(given->width), static_cast<int>(given->height)};
    if (given->pixelformat == format && (!wanted || size == *wanted)) return layout_of(name, *given);
    others.push_back(given->pixelformat == format ? words_of(size) + " as " + name_of(format)
                                                  : name_of(given->pixelformat) + " for " + name_of(format));
  }
  if (!others.empty())
    throw Error(name + ": gives " + joined(others) + (wanted ? ", wanted " + words_of(*wanted) : "") +
                not_in_this_build(offered));
  std::vector<std::string> names, known;
  for (const std::uint32_t format : offered) names.push_back(name_of(format));
  for (const std::uint32_t format : kFormats) known.push_back(name_of(format));
  throw Error(name + ": offers " + (names.empty() ? "no format" : joined(names)) + ", wanted one of " +
              joined(known) + not_in_this_build(offered));
}

}  // namespace facecap::board
