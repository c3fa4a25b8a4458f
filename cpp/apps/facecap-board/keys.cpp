#include <cctype>
#include <climits>
#include <stdexcept>

#include "facecap/config_text.hpp"
#include "key_values.hpp"
#include "runtime/values.hpp"
#include "settings.hpp"

namespace facecap::board {
namespace {

using Text = const std::string&;

float real(Text text) {
  return static_cast<float>(read_number(text));
}

int count(Text text, int lowest, int highest = INT_MAX) {
  return static_cast<int>(read_whole(text, lowest, highest));
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
      {"area", false,
       "capture faces there alone: corners x,y, shares of width and height, ; between areas, as "
       "\"0.1,0.2 0.9,0.2 0.9,1\"",
       [](Settings& s, Text v) { s.areas = Areas(s.areas.ignore(), read_polygons(v)); }},
      {"ignore_area", false, "capture no face there; as area",
       [](Settings& s, Text v) { s.areas = Areas(read_polygons(v), s.areas.only()); }},
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
  };
  return all;
}

const Key* find_key(const std::string& name) {
  for (const Key& key : keys())
    if (name == key.name) return &key;
  return nullptr;
}

}  // namespace facecap::board
