#include <cctype>
#include <climits>
#include <stdexcept>

#include "settings.hpp"
#include "values.hpp"

namespace facecap::board {
namespace {

using Text = const std::string&;

float real(Text text) {
  return static_cast<float>(read_number(text));
}

int count(Text text, int lowest, int highest = INT_MAX) {
  return static_cast<int>(read_whole(text, lowest, highest));
}

int whole(Text text) {
  return count(text, INT_MIN);  // CaptureConfig says which are allowed
}

double frames_a_second(Text text) {
  const double number = read_number(text);
  if (!(number >= 0.001 && number <= 1000))
    throw std::invalid_argument("'" + text + "', wanted frames a second, 0.001 to 1000");
  return number;
}

/// A camera's name goes into addresses and keys; the service takes the same ones.
std::string plain_name(Text text) {
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
      std::string::npos;
  if (text.empty() || text.size() > 64 || !std::isalnum(static_cast<unsigned char>(text[0])) || !plain)
    throw std::invalid_argument("'" + text +
                                "', wanted 1 to 64 letters, digits, dots, - or _, a letter or digit first");
  return text;
}

SourceFormat source_format(Text text) {
  constexpr std::pair<const char*, SourceFormat> kNames[] = {
      {"auto", SourceFormat::automatic}, {"pictures", SourceFormat::pictures}, {"v4l2", SourceFormat::v4l2},
      {"nv21", SourceFormat::nv21},      {"nv12", SourceFormat::nv12},         {"rgb", SourceFormat::rgb},
      {"bgr", SourceFormat::bgr}};
  for (const auto& [name, format] : kNames)
    if (text == name) return format;
  throw std::invalid_argument("'" + text + "', wanted auto, pictures, v4l2, nv21, nv12, rgb or bgr");
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all{
      {"source", false,
       "folder of pictures, camera device, file or FIFO of raw frames, or - for standard input",
       [](Settings& s, Text v) { s.source = v; }},
      {"format", false,
       "auto, pictures, v4l2, nv21, nv12, rgb or bgr (auto: by the source; raw frames are nv21)",
       [](Settings& s, Text v) { s.format = source_format(v); }},
      {"size", false, "WxH of raw frames, or asked of a camera",
       [](Settings& s, Text v) { s.size = read_size(v); }},
      {"fps", false, "gives pictures and raw frames times",
       [](Settings& s, Text v) { s.fps = frames_a_second(v); }},
      {"max_frames", false, "stop after so many",
       [](Settings& s, Text v) { s.max_frames = read_whole(v, 1, 1LL << 50); }},
      {"out", false, "folder for captures.jsonl, crops and summary.json",
       [](Settings& s, Text v) { s.out = v; }},
      {"overwrite", true, "replace an earlier run in out",
       [](Settings& s, Text v) { s.overwrite = read_switch(v); }},
      {"quiet", true, "say only what goes wrong", [](Settings& s, Text v) { s.quiet = read_switch(v); }},
      {"memory", false, "ceiling in MiB of all buffers beside the models (24)",
       [](Settings& s, Text v) { s.memory_megabytes = count(v, 1, 4096); }},
      {"detector", false, "model file (beside the program)", [](Settings& s, Text v) { s.detector = v; }},
      {"classifier", false, "mask model file (beside the program)",
       [](Settings& s, Text v) { s.classifier = v; }},
      {"refiner", false,
       "model file for a second look at faces, or none (beside the program, if one is there)",
       [](Settings& s, Text v) { s.refiner = v; }},
      {"runtime_library", false, "path of libcviruntime.so or libonnxruntime.so",
       [](Settings& s, Text v) { s.runtime_library = v; }},
      {"chip", false, "refuse models for another chip than this", [](Settings& s, Text v) { s.chip = v; }},
      {"unchecked", true, "take .cvimodel files without a right checksum",
       [](Settings& s, Text v) { s.unchecked = read_switch(v); }},
      {"input_size", false, "WxH of the detector's input",
       [](Settings& s, Text v) { s.input_size = read_size(v); }},
      {"score_threshold", false, "least score of a face, 0 to 1",
       [](Settings& s, Text v) { s.score_threshold = real(v); }},
      {"threads", false, "of a network on a PC (1)",
       [](Settings& s, Text v) { s.threads = count(v, 1, 256); }},
      {"slots", false, "tracks that hold a shot (10)",
       [](Settings& s, Text v) { s.slots = count(v, 1, 1024); }},
      {"push_url", false, "address of the facecap service: https://, or http:// in clear text",
       [](Settings& s, Text v) { s.push.url = v; }},
      {"push_ca_file", false, "certificates in PEM that sign the service's (the system's file)",
       [](Settings& s, Text v) { s.push.ca_file = v; }},
      {"push_fingerprint", false, "SHA-256 of the service's certificate, which alone is believed then",
       [](Settings& s, Text v) { s.push.fingerprint = read_fingerprint(v); }},
      {"push_camera", false, "name of this camera there (camera)",
       [](Settings& s, Text v) { s.push.camera = plain_name(v); }},
      {"push_key_file", false, "file whose first line is the service's key",
       [](Settings& s, Text v) { s.push.key_file = v; }},
      {"push_queue", false, "folder of what was not sent yet (queue)",
       [](Settings& s, Text v) { s.push.queue = v; }},
      {"push_queue_size", false, "its bound in MB (32)",
       [](Settings& s, Text v) { s.push.queue_megabytes = count(v, 1, 65536); }},
      {"push_drain", false, "seconds for sending what waits at the end (10)",
       [](Settings& s, Text v) { s.push.drain_seconds = count(v, 0, 3600); }},
      {"mode", false, "auto, fast or cycle: when a capture is given out",
       [](Settings& s, Text v) { s.capture.mode = capture_mode(v); }},
      {"min_face", false, "smallest side of a face in pixels, -1: no limit",
       [](Settings& s, Text v) { s.capture.min_face = real(v); }},
      {"max_face", false, "largest side of a face in pixels, -1: no limit",
       [](Settings& s, Text v) { s.capture.max_face = real(v); }},
      {"max_yaw", false, "largest turn to the side in degrees",
       [](Settings& s, Text v) { s.capture.max_yaw = real(v); }},
      {"max_pitch", false, "largest turn up or down in degrees",
       [](Settings& s, Text v) { s.capture.max_pitch = real(v); }},
      {"max_roll", false, "largest tilt in degrees",
       [](Settings& s, Text v) { s.capture.max_roll = real(v); }},
      {"quality_method", false, "posture, eye_distance, laplacian or posture_laplacian",
       [](Settings& s, Text v) { s.capture.quality_method = quality_method(v); }},
      {"min_quality", false, "least score of a shot, about -0.2 to 1.5",
       [](Settings& s, Text v) { s.capture.min_quality = real(v); }},
      {"min_eye_distance", false, "least distance of the eyes in pixels",
       [](Settings& s, Text v) { s.capture.min_eye_distance = real(v); }},
      {"min_landmark_confidence", false, "least probability of a face as the refiner says, 0 to 1",
       [](Settings& s, Text v) { s.capture.min_landmark_confidence = real(v); }},
      {"min_sharpness", false, "least variance of the Laplacian, for posture_laplacian",
       [](Settings& s, Text v) { s.capture.min_sharpness = real(v); }},
      {"interval", false, "frames between captures of a track",
       [](Settings& s, Text v) { s.capture.interval = whole(v); }},
      {"interval_seconds", false, "seconds between captures of a track, instead of interval",
       [](Settings& s, Text v) { s.capture.interval_seconds = read_number(v); }},
      {"max_captures", false, "captures of a track, 0: no limit",
       [](Settings& s, Text v) { s.capture.max_captures = whole(v); }},
      {"miss_limit", false, "frames after which a track that is not seen is lost",
       [](Settings& s, Text v) { s.capture.miss_limit = whole(v); }},
      {"min_hits", false, "frames in a row after which a track counts",
       [](Settings& s, Text v) { s.capture.min_hits = whole(v); }},
      {"min_relative_quality", false, "share of the track's best score that a later shot must reach",
       [](Settings& s, Text v) { s.capture.min_relative_quality = real(v); }},
      {"early_first", true, "auto mode: give the first shot out at once",
       [](Settings& s, Text v) { s.capture.early_first = read_switch(v); }},
      {"classify_on", false, "capture or emit: classify when a shot is kept, or when it is given out",
       [](Settings& s, Text v) { s.capture.classify_on = classify_on(v); }},
      {"mask_threshold", false, "one threshold of P(mask) instead of the model's band",
       [](Settings& s, Text v) { s.capture.mask_threshold = real(v); }},
      {"crop_border", false, "share of the box that a crop adds on each side",
       [](Settings& s, Text v) { s.capture.crop_border = real(v); }},
  };
  return all;
}

const Key* find_key(const std::string& name) {
  for (const Key& key : keys())
    if (name == key.name) return &key;
  return nullptr;
}

}  // namespace facecap::board
