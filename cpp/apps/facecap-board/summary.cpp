#include "summary.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "json_text.hpp"

namespace facecap::board {
namespace {

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

void count(Counts& counts, const char* what) {
  for (auto& [name, number] : counts)
    if (name == what) {
      ++number;
      return;
    }
  counts.emplace_back(what, 1);
}

/// Members of an object on lines of their own, indented as json.dumps(indent=2) does.
class Lines {
 public:
  Lines(std::string& out, int depth) : out_(out), depth_(depth) { out_ += '{'; }
  std::string& name(const std::string& key) {
    out_ += empty_ ? "\n" : ",\n";
    empty_ = false;
    out_.append(2 * static_cast<std::size_t>(depth_), ' ');
    append_json(out_, key);
    return out_ += ": ";
  }
  void text(const std::string& key, const std::string& value) { append_json(name(key), value); }
  void whole(const std::string& key, std::int64_t value) { name(key) += std::to_string(value); }
  void number(const std::string& key, double value, int decimals) {
    append_rounded(name(key), value, decimals);
  }
  void end() {
    if (!empty_) {
      out_ += '\n';
      out_.append(2 * static_cast<std::size_t>(depth_ - 1), ' ');
    }
    out_ += '}';
  }

 private:
  std::string& out_;
  int depth_;
  bool empty_ = true;
};

const char* words_of(MaskAnswer answer) {
  switch (answer) {
    case MaskAnswer::mask:
      return "mask";
    case MaskAnswer::no_mask:
      return "no mask";
    case MaskAnswer::incorrect:
      return "worn wrongly";
    case MaskAnswer::unknown:
      break;
  }
  return "unsure";
}

void append_counts(std::string& out, const Counts& counts) {
  Lines lines(out, 2);
  for (const auto& [name, number] : counts) lines.whole(name, number);
  lines.end();
}

void append_source(std::string& out, const FrameSource& source) {
  Lines lines(out, 2);
  lines.text("name", source.name);
  source.length ? lines.whole("length", *source.length) : void(lines.name("length") += "null");
  source.fps ? append_number(lines.name("fps"), *source.fps) : void(lines.name("fps") += "null");
  lines.name("ended_early") += source.ended_early ? "true" : "false";
  lines.end();
}

void append_push(std::string& out, const std::optional<PushCounts>& push) {
  if (!push) {
    out += "null";
    return;
  }
  Lines lines(out, 2);
  lines.whole("sent", push->sent);
  lines.whole("waiting", static_cast<std::int64_t>(push->waiting));
  lines.whole("refused", push->refused);
  lines.whole("dropped", push->dropped);
  lines.whole("failed_tries", push->failures);
  lines.end();
}

void append_versions(std::string& out, const Models& models) {
  Lines lines(out, 2);
  lines.text("facecap", FACECAP_VERSION);
  std::map<std::string, std::string> runtimes;
  for (const Model* model :
       {&models.detector, &models.classifier, models.refiner ? &*models.refiner : nullptr})
    if (model != nullptr) runtimes.emplace(model->session->runtime(), model->session->runtime_version());
  for (const auto& [runtime, version] : runtimes) lines.text(runtime, version);
  lines.end();
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t peak_resident_bytes() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::size_t>(usage.ru_maxrss) * 1024 : 0;
}

Summary::Summary() : started_(clock_seconds()), start_(steady_seconds()) {}

void Summary::stop_clock() {
  end_ = steady_seconds();
}

void Summary::add_frame(const FrameResult& result) {
  ++frames_;
  frames_with_faces_ += result.faces.size() > 0;
  faces_ += static_cast<std::int64_t>(result.faces.size());
  skipped_ += result.skipped;
  refined_ += result.refined;
  classified_ += result.classified;
  for (std::size_t i = 0; i < result.faces.size(); ++i) {
    if (result.tracks.stable[i] && followed_.insert(result.tracks.ids[i]).second) ++tracks_;
    if (result.reasons[i]) count(reasons_, to_string(*result.reasons[i]));
  }
  const std::vector<std::int64_t>& live = result.tracks.live_ids;
  for (auto id = followed_.begin(); id != followed_.end();)
    id = std::binary_search(live.begin(), live.end(), *id) ? std::next(id) : followed_.erase(id);
  const StageSeconds& stage = result.seconds;
  add_seconds("motion", stage.motion);
  add_seconds("detect", stage.detect);
  add_seconds("track", stage.track);
  add_seconds("quality", stage.quality);
  add_seconds("gate", stage.gate);
  add_seconds("refine", stage.refine);
  add_seconds("crop", stage.crop);
  add_seconds("classify", stage.classify);
}

void Summary::add_capture(const Capture& capture) {
  ++captures_;
  ++answers_[static_cast<std::size_t>(capture.mask)];
  count(kinds_, to_string(capture.event.kind));
}

std::string Summary::words(const Models& models) const {
  char rate[32];
  std::snprintf(rate, sizeof rate, "%.1f", static_cast<double>(frames_) / elapsed());
  std::string answers;
  for (const MaskAnswer answer : answers_of(*models.classifier.manifest->classifier))
    answers += (answers.empty() ? "" : ", ") + std::to_string(answers_[static_cast<std::size_t>(answer)]) +
               " " + words_of(answer);
  return std::to_string(captures_) + " captures of " + std::to_string(tracks_) + " followed faces in " +
         std::to_string(frames_) + " frames (" + rate + " frames/s): " + answers;
}

std::string Summary::json(const Ending& ending, const FrameSource& source, const Models& models) const {
  std::string out;
  Lines lines(out, 1);
  lines.text("status", ending.status);
  ending.error.empty() ? void(lines.name("error") += "null") : lines.text("error", ending.error);
  append_source(lines.name("source"), source);
  lines.text("started", rfc3339(started_).erase(19, 4));  // whole seconds
  lines.whole("frames", frames_);
  lines.whole("frames_with_faces", frames_with_faces_);
  lines.whole("damaged", source.damaged);
  lines.whole("dropped", source.dropped);
  lines.whole("failed_frames", failed_frames_);
  lines.whole("faces", faces_);
  lines.whole("tracks", tracks_);
  lines.whole("captures", captures_);
  Counts answers;
  for (const MaskAnswer answer : answers_of(*models.classifier.manifest->classifier))
    answers.emplace_back(to_string(answer), answers_[static_cast<std::size_t>(answer)]);
  append_counts(lines.name("captures_by_mask"), answers);
  append_counts(lines.name("captures_by_kind"), kinds_);
  Counts reasons = reasons_;
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  append_counts(lines.name("rejections"), reasons);
  lines.whole("skipped", skipped_);
  lines.whole("refined", refined_);
  lines.whole("classified", classified_);
  elapsed() > 0 ? lines.number("fps", static_cast<double>(frames_) / elapsed(), 2)
                : void(lines.name("fps") += "null");
  Lines seconds(lines.name("seconds"), 2);
  for (const auto& [stage, spent] : seconds_) seconds.number(stage, spent, 4);
  seconds.number("total", elapsed(), 4);
  seconds.end();
  Lines names(lines.name("models"), 2);
  names.text("detector", models.detector.manifest->name);
  models.refiner ? names.text("refiner", models.refiner->manifest->name)
                 : void(names.name("refiner") += "null");
  names.text("classifier", models.classifier.manifest->name);
  names.end();
  append_versions(lines.name("versions"), models);
  append_push(lines.name("push"), ending.push);
  Lines memory(lines.name("memory"), 2);
  memory.whole("ceiling_bytes", static_cast<std::int64_t>(ending.memory_ceiling));
  memory.whole("peak_bytes", static_cast<std::int64_t>(ending.memory_peak));
  memory.whole("peak_resident_bytes", static_cast<std::int64_t>(peak_resident_bytes()));
  memory.end();
  lines.end();
  return out + "\n";
}

}  // namespace facecap::board
