#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facecap/geometry.hpp"
#include "facecap/image.hpp"

namespace facecap {

enum class Task { face_detection, face_refinement, mask, face_embedding, classification };

struct ManifestInput {
  enum class Fit { fixed, native };
  std::string name;
  Size size;
  Fit fit = Fit::fixed;
  int multiple = 1;
  Normalization normalization;
};

struct ManifestOutput {
  std::string role;
  std::string name;
  int stride = 0;  // only for the role "level"
};

class DetectorHead;  // what the network's numbers mean: known to the detector alone

struct DetectorSpec {
  std::string family;  // "retinaface", "yunet", "scrfd"
  std::vector<int> strides;
  float score_threshold = 0.5f;
  float nms_iou = 0.4f;
  std::shared_ptr<const DetectorHead> head;
};

struct ClassifierSpec {
  enum class Output { sigmoid, softmax };
  Output output = Output::sigmoid;
  std::vector<std::string> classes;  // in output order
  // Of the task mask alone:
  std::array<float, 2> unknown{0.5f, 0.5f};  // the band of answer_mask()
  float crop_border = 0.15f;
  int mask_class = 1;        // index of "mask" in classes
  int incorrect_class = -1;  // index of "incorrect"; -1 of models with two classes
};

struct RefinerSpec {
  float crop_border = 0;
  float not_a_face = 0;  // a lower probability of a face is a sure "no"
};

struct EmbedderSpec {
  int dimensions = 0;
  float same_person = 1;  // cosine
};

/// What a model wants and gives; docs/manifest.md describes the file.
struct Manifest {
  std::string source;  // the file, or a word for what it was read from
  std::string json;    // the text as read
  std::string name;
  std::string architecture;
  Task task = Task::face_detection;
  std::string sha256;
  std::size_t bytes = 0;
  std::string chip;  // that a .cvimodel is made for; empty for other models
  ManifestInput input;
  std::vector<ManifestOutput> outputs;
  std::optional<DetectorSpec> detector;
  std::optional<RefinerSpec> refiner;
  std::optional<ClassifierSpec> classifier;
  std::optional<EmbedderSpec> embedder;

  /// Reads strictly, by facecap/manifest_rules.hpp: an unknown or missing key, a wrong type or a value out of
  /// range is a ModelError that names the key, what was found and what was wanted.
  static Manifest parse(const std::string& json, const std::string& source);
  static Manifest load(const std::string& path);
};

const char* to_string(Task task);

std::vector<Task> all_tasks();

/// The chips that a .cvimodel can be made for.
const std::vector<std::string>& chip_names();

}  // namespace facecap
