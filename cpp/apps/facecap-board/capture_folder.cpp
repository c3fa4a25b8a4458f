#include "capture_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "errors.hpp"
#include "json_text.hpp"

namespace facecap::board {
namespace {

constexpr int kPixelDecimals = 3;  // of positions and angles
constexpr int kScoreDecimals = 6;

/// What earlier runs named so; other files of the folder are left alone.
bool is_crop(const std::string& name) {
  return name.size() > 4 && name[0] != '.' && name.compare(name.size() - 4, 4, ".png") == 0 &&
         std::count(name.begin(), name.end(), '_') >= 2;
}

void remove_crops(const std::string& folder) {
  for (const std::string& name : names_in(folder))
    if (is_crop(name)) ::unlink((folder + "/" + name).c_str());
}

class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  std::string& name(const char* key) {
    if (!first_) out_ += ", ";
    first_ = false;
    append_json(out_, key);
    return out_ += ": ";
  }
  void text(const char* key, const std::string& value) { append_json(name(key), value); }
  void whole(const char* key, std::int64_t value) { name(key) += std::to_string(value); }
  void number(const char* key, double value, int decimals) { append_rounded(name(key), value, decimals); }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_list(std::string& out, std::initializer_list<float> values) {
  const char* before = "[";
  for (const float value : values) {
    out += before;
    append_rounded(out, value, kPixelDecimals);
    before = ", ";
  }
  out += ']';
}

}  // namespace

std::string crop_name(const Capture& capture) {
  return "crops/" + std::to_string(capture.event.track_id) + "_" + std::to_string(capture.event.sequence) +
         "_" + std::to_string(capture.event.shot_frame) + ".png";
}

std::string capture_line(const Capture& capture, const std::string& crop) {
  std::string out;
  Object line(out);
  line.text("kind", to_string(capture.event.kind));
  line.whole("track_id", capture.event.track_id);
  line.whole("sequence", capture.event.sequence);
  line.whole("frame", capture.event.frame);
  line.whole("shot_frame", capture.event.shot_frame);
  if (capture.timestamp)
    line.text("timestamp", rfc3339(*capture.timestamp));
  else
    line.name("timestamp") += "null";
  append_list(line.name("box"), {capture.box.x1, capture.box.y1, capture.box.x2, capture.box.y2});
  line.name("landmarks") += '[';
  for (std::size_t i = 0; i < capture.landmarks.size(); ++i) {
    if (i > 0) out += ", ";
    append_list(out, {capture.landmarks[i].x, capture.landmarks[i].y});
  }
  out += ']';
  line.number("score", capture.score, kScoreDecimals);
  line.number("quality", capture.event.quality, kScoreDecimals);
  line.name("pose");
  Object pose(out);
  pose.number("yaw", capture.pose.yaw, kPixelDecimals);
  pose.number("pitch", capture.pose.pitch, kPixelDecimals);
  pose.number("roll", capture.pose.roll, kPixelDecimals);
  out += '}';
  line.number("mask_prob", capture.mask_prob, kScoreDecimals);
  if (!std::isnan(capture.incorrect_prob))
    line.number("incorrect_prob", capture.incorrect_prob, kScoreDecimals);
  line.text("mask", to_string(capture.mask));
  line.text("crop", crop);
  return out + '}';
}

CaptureFolder::CaptureFolder(std::string path, bool overwrite) : path_(std::move(path)) {
  std::string earlier;
  for (const char* name : {"captures.jsonl", "summary.json", "frames.jsonl"})
    if (exists(path_ + "/" + name)) earlier += (earlier.empty() ? "" : ", ") + std::string(name);
  if (!earlier.empty() && !overwrite)
    throw Error(path_ + " holds an earlier run (" + earlier + "): give another --out, or --overwrite");
  make_folders(path_ + "/crops");
  for (const char* name : {"captures.jsonl", "summary.json", "frames.jsonl"})
    ::unlink((path_ + "/" + name).c_str());
  remove_crops(path_ + "/crops");
  captures_ = std::make_unique<LineFile>(path_ + "/captures.jsonl");
}

void CaptureFolder::add_crop(const std::string& name, const std::vector<std::uint8_t>& png) {
  write_file(path_ + "/" + name, png.data(), png.size());
}

void CaptureFolder::write_summary(const std::string& json) {
  write_file(path_ + "/summary.json", json.data(), json.size());
}

}  // namespace facecap::board
