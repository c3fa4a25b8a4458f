#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "facecap/areas.hpp"
#include "facecap/capture_gate.hpp"
#include "facecap/geometry.hpp"

namespace facecap::board {

enum class SourceFormat { automatic, pictures, v4l2, nv21, nv12, rgb, bgr };

struct PushSettings {
  std::string url;  // empty: nothing is pushed
  std::string camera = "camera";
  std::string ca_file;          // of who signs the service's certificate; empty: the system's
  std::string fingerprint;      // SHA-256 of that certificate, instead; empty: none
  std::string key_file;         // its first line is the bearer token; empty: none
  std::string queue = "queue";  // folder
  int queue_megabytes = 32;
  double drain_seconds = 10;  // for what waits when the program ends
};

/// All that can be set, in a file or by flags.
struct Settings {
  std::string source;
  SourceFormat format = SourceFormat::automatic;
  std::optional<Size> size;  // of raw frames, or asked of a camera
  std::optional<double> fps;
  std::optional<std::int64_t> max_frames;
  std::string out;
  bool overwrite = false;
  bool quiet = false;
  int memory_megabytes = 24;

  std::string detector;         // empty: beside the executable
  std::string classifier;       // the same
  std::string refiner;          // the same, but none where there is none; "none": none
  std::string runtime_library;  // empty: the runtime's own search
  std::string chip;             // empty: the manifest's
  bool unchecked = false;
  std::optional<Size> input_size;
  std::optional<float> score_threshold;
  int threads = 1;
  int slots = 10;

  PushSettings push;
  CaptureConfig capture;
  Areas areas;

  /// Throws UsageError for what does not fit together.
  void validate() const;
};

/// A name that can be set besides those of the captures, by "name value" in a file and "--name value" as a
/// flag (with - for _).
struct Key {
  const char* name;
  bool is_switch;  // true, false, 1 or 0; as a flag also without a value, and with --no-
  const char* help;
  void (*set)(Settings& settings, const std::string& text);  // throws std::invalid_argument: found, wanted
};

const std::vector<Key>& keys();
const Key* find_key(const std::string& name);  // nullptr where there is none

/// The settings of the captures as one JSON object, names and units as in `facecap.CaptureConfig`.
std::string capture_json(const CaptureConfig& config);

}  // namespace facecap::board
