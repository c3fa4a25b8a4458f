#include "job.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <new>
#include <random>

#include "capture_folder.hpp"
#include "errors.hpp"
#include "frame_source.hpp"
#include "heap.hpp"
#include "memory_plan.hpp"
#include "models.hpp"
#include "png_writer.hpp"
#include "pusher.hpp"
#include "stop_signal.hpp"
#include "summary.hpp"

namespace facecap::board {
namespace {

constexpr int kDone = 0, kFailed = 1, kInterrupted = 130;
constexpr int kFailuresInARow = 10;

/// Tells this run's captures from those of all others.
std::string new_run_id() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[48];
  const std::size_t length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  std::snprintf(text + length, sizeof text - length, ".%08x", std::random_device()());
  return text;
}

/// What goes wrong in a step, in words, so that the next one is done all the same; empty where all went well.
std::string attempt(const std::function<void()>& step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    return memory_words();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

class Job {
 public:
  explicit Job(const Settings& settings)
      : settings_(settings),
        models_(open_models(settings)),
        plan_(settings.memory_megabytes),
        source_(open_source(settings)) {
    plan_.made("frames");
    FaceCaptureParts parts = make_parts(models_, settings);
    warm_up(parts, source_->size());
    plan_.made("networks");
    check(parts);
    capture_ = std::make_unique<FaceCapture>(settings.capture, std::move(parts), settings.slots);
    capture_->set_areas(settings.areas);
    // The queue belongs to one program: who cannot have it must not empty the folder of the one that has.
    if (!settings.push.url.empty()) pusher_ = std::make_unique<Pusher>(settings.push);
    folder_ = std::make_unique<CaptureFolder>(settings.out, settings.overwrite);
    plan_.made("captures");
    if (!settings.quiet) say(plan_.words());
  }

  int work() {
    std::vector<std::string> errors;
    const auto note = [&errors](const std::string& text) {
      if (!text.empty() && std::find(errors.begin(), errors.end(), text) == errors.end())
        errors.push_back(text);
    };
    note(attempt([this] { process(); }));
    plan_.lift();  // the end is made with what it takes
    note(attempt([this] { keep_rest(); }));
    note(attempt([this] { keep(capture_->flush()); }));
    summary_.stop_clock();
    const bool thread_ended = !pusher_ || pusher_->finish();
    const bool interrupted = StopSignal::came();
    note(attempt([&] { write_summary(errors, interrupted); }));
    for (const std::string& error : errors) say("error: " + error);
    if (interrupted) say("interrupted; what was captured is kept");
    if (!settings_.quiet)
      std::printf("%s\n%s/captures.jsonl\n", summary_.words(models_).c_str(), settings_.out.c_str());
    std::fflush(stdout);
    const int code = !errors.empty() ? kFailed : interrupted ? kInterrupted : kDone;
    if (!thread_ended) std::_Exit(code);  // all files are complete; the thread waits for the system
    return code;
  }

 private:
  void check(const FaceCaptureParts& parts) const {
    if (settings_.capture.interval_seconds && !source_->timed)
      throw UsageError("interval_seconds needs a clock, and pictures have none: give fps");
    const float trained = parts.classifier->model().manifest->classifier->crop_border;
    if (std::abs(trained - settings_.capture.crop_border) > 1e-6f)
      say("crop_border is not that of the mask model's training (" + std::to_string(trained) +
          "): its answers may suffer");
  }

  void process() {
    Frame frame;
    while (!settings_.max_frames || summary_.frames() < *settings_.max_frames) {
      const double start = steady_seconds();
      const bool more = source_->next(frame);
      summary_.add_seconds("read", steady_seconds() - start);
      if (!more) return;
      process_frame(frame);
    }
  }

  void process_frame(Frame& frame) {
    // The clock of the board may be set back while the camera runs.
    if (frame.timestamp)
      last_time_ = frame.timestamp = std::max(*frame.timestamp, last_time_.value_or(*frame.timestamp));
    const FrameResult* result = nullptr;
    try {
      result = &capture_->process(frame.view, frame.index, frame.timestamp);
    } catch (const Error& error) {
      summary_.add_failed_frame();
      say("frame " + std::to_string(frame.index) + ": " + error.what());
      if (++failures_ == kFailuresInARow) throw;
      return;
    }
    failures_ = 0;
    warn(capture_->stage_error());
    summary_.add_frame(*result);
    const double start = steady_seconds();
    keep(result->captures);
    summary_.add_seconds("write", steady_seconds() - start);
  }

  void warn(const std::string& stage_error) {
    if (!stage_error.empty() && stage_error != stage_error_)
      say("a stage failed and its answer is unknown: " + stage_error);
    stage_error_ = stage_error;
  }

  void keep(const std::vector<Capture>& captures) {
    emitted_ = &captures;
    kept_ = 0;
    keep_rest();
  }

  /// Goes on where keep() ended, which memory or the disk may have cut short.
  void keep_rest() {
    for (; emitted_ && kept_ < emitted_->size(); ++kept_) keep_one((*emitted_)[kept_]);
    emitted_ = nullptr;
  }

  /// The queue has a capture before captures.jsonl names it: whatever is named there reaches the service.
  void keep_one(const Capture& capture) {
    const std::string crop = crop_name(capture);
    const std::string line = capture_line(capture, crop);
    encode_png(capture.crop.view(), png_);
    folder_->add_crop(crop, png_);
    if (pusher_)
      pusher_->push(run_id_ + "-" + std::to_string(capture.event.track_id) + "-" +
                        std::to_string(capture.event.sequence) + "-" +
                        std::to_string(capture.event.shot_frame),
                    line, png_);
    folder_->add_line(line);
    summary_.add_capture(capture);
  }

  void write_summary(const std::vector<std::string>& errors, bool interrupted) {
    Summary::Ending ending;
    ending.status = !errors.empty() ? "failed" : interrupted ? "interrupted" : "done";
    for (const std::string& error : errors) ending.error += (ending.error.empty() ? "" : "; ") + error;
    if (pusher_) ending.push = pusher_->counts();
    ending.memory_ceiling = plan_.ceiling();
    ending.memory_peak = plan_.peak();
    folder_->write_summary(summary_.json(ending, *source_, models_));
  }

  const Settings& settings_;
  Models models_;
  MemoryPlan plan_;
  std::unique_ptr<FrameSource> source_;
  std::unique_ptr<FaceCapture> capture_;
  std::unique_ptr<CaptureFolder> folder_;
  std::unique_ptr<Pusher> pusher_;
  Summary summary_;
  const std::string run_id_ = new_run_id();
  std::vector<std::uint8_t> png_;
  const std::vector<Capture>* emitted_ = nullptr;  // those of the last frame, until all are kept
  std::size_t kept_ = 0;                           // of these
  std::optional<double> last_time_;
  std::string stage_error_;
  int failures_ = 0;
};

}  // namespace

int run_job(const Settings& settings) {
  const StopSignal signals;
  try {
    return Job(settings).work();
  } catch (const std::bad_alloc&) {
    throw Error(memory_words());
  }
}

}  // namespace facecap::board
