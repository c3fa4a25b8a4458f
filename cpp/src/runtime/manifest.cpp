#include "facecap/manifest.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "facecap/error.hpp"
#include "runtime/detector_family.hpp"
#include "runtime/manifest_reader.hpp"

namespace facecap {
namespace {

constexpr int kMaxSide = 8192;  // pixels; so many that the priors of all levels are counted in 31 bits
constexpr std::size_t kMaxLevels = 8;
constexpr std::size_t kMaxOutputs = 8;
constexpr std::size_t kMaxClasses = 65536;
constexpr std::size_t kMaxText = 1 << 20;

// The bounds below also stand in facecap/models/manifest.schema.json; a test holds the two together.

Task read_task(const Field& field) {
  const Task tasks[] = {Task::face_detection, Task::face_refinement, Task::mask, Task::face_embedding,
                        Task::classification};
  std::vector<std::string> words;
  for (const Task task : tasks) words.push_back(to_string(task));
  const auto place = std::find(words.begin(), words.end(), field.one_of(words));
  return tasks[place - words.begin()];
}

void read_file(const Field& field, Manifest& manifest) {
  Section file(field);
  const Field sha256 = file.get("sha256");
  manifest.sha256 = sha256.string();
  if (manifest.sha256.size() != 64 ||
      manifest.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    sha256.fail("64 lowercase hexadecimal digits");
  manifest.bytes = file.get("bytes").count();
  file.finish();
}

ManifestInput read_input(const Field& field) {
  Section section(field);
  ManifestInput input;
  input.name = section.get("name").string();
  input.size.width = section.get("width").integer(1, kMaxSide);
  input.size.height = section.get("height").integer(1, kMaxSide);
  if (section.get("fit").one_of({"fixed", "native"}) == "native") {
    input.fit = ManifestInput::Fit::native;
    input.multiple = section.get("multiple").integer(1, 1024);
  }
  const bool rgb = section.get("color").one_of({"rgb", "bgr"}) == "rgb";
  input.normalization.color = rgb ? ColorOrder::rgb : ColorOrder::bgr;
  input.normalization.mean = section.get("mean").numbers<3>(-1e6, 1e6);
  input.normalization.std = section.get("std").numbers<3>(1e-6, 1e6);
  section.finish();
  return input;
}

ManifestOutput read_output(const Field& field, const std::vector<std::string>& roles) {
  Section section(field);
  ManifestOutput output;
  output.role = section.get("role").one_of(roles);
  output.name = section.get("name").string();
  if (output.role == "level") output.stride = section.get("stride").integer(1, 1024);
  section.finish();
  return output;
}

/// One output a role, in any order.
std::vector<ManifestOutput> read_outputs(const Field& field, const std::vector<std::string>& roles) {
  std::vector<ManifestOutput> outputs;
  for (const Field& item : field.list(roles.size(), roles.size())) {
    outputs.push_back(read_output(item, roles));
    const auto same = [&](const ManifestOutput& other) { return other.role == outputs.back().role; };
    if (std::count_if(outputs.begin(), outputs.end(), same) > 1)
      field.fail("the role '" + outputs.back().role + "' only once");
  }
  return outputs;
}

std::string text_of(const DetectorOutput& output) {
  return output.role + (output.stride == 0 ? "" : " of stride " + std::to_string(output.stride));
}

/// The outputs of a detector's head, in any order.
std::vector<ManifestOutput> read_outputs(const Field& field, const DetectorHead& head) {
  const std::vector<DetectorOutput> wanted = outputs_of(head, std::nullopt);
  std::vector<std::string> roles;
  std::string text;
  for (const DetectorOutput& output : wanted) {
    roles.push_back(output.role);
    text += (text.empty() ? "" : ", ") + text_of(output);
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  std::vector<ManifestOutput> outputs;
  for (const Field& item : field.list(1, kMaxOutputs)) outputs.push_back(read_output(item, roles));
  for (const DetectorOutput& output : wanted) {
    const auto same = [&](const ManifestOutput& found) {
      return found.role == output.role && found.stride == output.stride;
    };
    if (std::count_if(outputs.begin(), outputs.end(), same) != 1 || outputs.size() != wanted.size())
      field.fail("each of these once: " + text);
  }
  return outputs;
}

DetectorSpec read_detector(const Field& field) {
  Section section(field);
  DetectorSpec detector;
  detector.family =
      section.has("family") ? section.get("family").one_of(detector_families()) : detector_families().front();
  const Field strides = section.get("strides");
  for (const Field& stride : strides.list(1, kMaxLevels)) {
    detector.strides.push_back(stride.integer(1, 1024));
    const std::size_t n = detector.strides.size();
    if (n > 1 && detector.strides[n - 2] >= detector.strides[n - 1]) strides.fail("ascending strides");
  }
  detector.score_threshold = static_cast<float>(section.get("score_threshold").number(0, 1));
  detector.nms_iou = static_cast<float>(section.get("nms_iou").number(0, 1));
  detector.head = read_detector_head(detector.family, section, detector.strides);
  section.finish();
  return detector;
}

RefinerSpec read_refiner(const Field& field) {
  Section section(field);
  RefinerSpec refiner;
  refiner.crop_border = static_cast<float>(section.get("crop_border").number(0, 2));
  refiner.not_a_face = static_cast<float>(section.get("not_a_face").number(0, 1));
  section.finish();
  return refiner;
}

ClassifierSpec read_mask_classifier(const Field& field) {
  Section section(field);
  ClassifierSpec classifier;
  if (section.get("output").one_of({"sigmoid", "softmax"}) == "softmax")
    classifier.output = ClassifierSpec::Output::softmax;
  const Field classes = section.get("classes");
  for (const Field& name : classes.list(2, 2)) classifier.classes.push_back(name.one_of({"no_mask", "mask"}));
  if (classifier.classes[0] == classifier.classes[1]) classes.fail("'no_mask' and 'mask'");
  classifier.mask_class = classifier.classes[1] == "mask" ? 1 : 0;
  const Field unknown = section.get("unknown");
  classifier.unknown = unknown.numbers<2>(0, 1);
  if (classifier.unknown[0] > classifier.unknown[1]) unknown.fail("[low, high]");
  classifier.crop_border = static_cast<float>(section.get("crop_border").number(0, 2));
  section.finish();
  return classifier;
}

/// Any classes, each named once.
ClassifierSpec read_classes(const Field& field) {
  Section section(field);
  ClassifierSpec classifier;
  section.get("output").one_of({"softmax"});
  classifier.output = ClassifierSpec::Output::softmax;
  const Field classes = section.get("classes");
  std::set<std::string> seen;
  for (const Field& name : classes.list(2, kMaxClasses)) {
    classifier.classes.push_back(name.string());
    if (!seen.insert(name.string()).second) classes.fail("'" + name.string() + "' only once");
  }
  section.finish();
  return classifier;
}

EmbedderSpec read_embedder(const Field& field) {
  Section section(field);
  EmbedderSpec embedder;
  embedder.dimensions = section.get("dimensions").integer(1, 65536);
  embedder.same_person = static_cast<float>(section.get("same_person").number(-1, 1));
  section.finish();
  return embedder;
}

/// What the core does not use is checked all the same: a typing error in it is found here and not by a
/// reader.
void check_notes(Section& section) {
  section.get("licence").string();
  section.get("origin").string();
  if (section.has("training")) Section(section.get("training"));
  if (section.has("conversion")) Section(section.get("conversion"));
  if (!section.has("figures")) return;
  for (const Field& item : section.get("figures").list(0, 1000)) {
    Section figure(item);
    figure.get("measure").string();
    figure.get("dataset").string();
    figure.get("value").number(-1e12, 1e12);
    figure.get("command").string();
    figure.finish();
  }
}

}  // namespace

Manifest Manifest::parse(const std::string& text, const std::string& source) {
  json::Value root;
  try {
    root = json::parse(text);
  } catch (const json::ParseError& error) {
    throw ModelError(source + ": not a JSON text: " + error.what());
  }
  Section section(Field(root, "", source));
  Manifest manifest;
  manifest.source = source;
  manifest.json = text;
  section.get("schema").integer(1, 1);
  manifest.name = section.get("name").string();
  manifest.architecture = section.get("architecture").string();
  manifest.task = read_task(section.get("task"));
  read_file(section.get("file"), manifest);
  if (section.has("chip")) manifest.chip = section.get("chip").one_of(chip_names());
  manifest.input = read_input(section.get("input"));
  switch (manifest.task) {
    case Task::face_detection:
      manifest.detector = read_detector(section.get("detector"));
      manifest.outputs = read_outputs(section.get("outputs"), *manifest.detector->head);
      break;
    case Task::face_refinement:
      Section(section.get("input")).get("fit").one_of({"fixed"});
      manifest.refiner = read_refiner(section.get("refiner"));
      manifest.outputs = read_outputs(section.get("outputs"), {"face", "points", "blur"});
      break;
    case Task::mask:
      manifest.classifier = read_mask_classifier(section.get("classifier"));
      manifest.outputs = read_outputs(section.get("outputs"), {"logits"});
      break;
    case Task::face_embedding:
      manifest.embedder = read_embedder(section.get("embedder"));
      manifest.outputs = read_outputs(section.get("outputs"), {"embedding"});
      break;
    case Task::classification:
      manifest.classifier = read_classes(section.get("classifier"));
      manifest.outputs = read_outputs(section.get("outputs"), {"logits"});
      break;
  }
  check_notes(section);
  section.finish();
  return manifest;
}

Manifest Manifest::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ModelError(path + ": no manifest: a model needs a JSON file of the same stem beside it");
  std::string text(kMaxText + 1, '\0');
  file.read(&text[0], static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxText) throw ModelError(path + ": larger than 1 MiB, which no manifest is");
  return parse(text, path);
}

const std::vector<std::string>& chip_names() {
  static const std::vector<std::string>* names =
      new std::vector<std::string>{"cv180x", "cv181x", "cv182x", "cv183x"};
  return *names;
}

const char* to_string(Task task) {
  switch (task) {
    case Task::face_detection:
      return "face_detection";
    case Task::face_refinement:
      return "face_refinement";
    case Task::mask:
      return "mask";
    case Task::face_embedding:
      return "face_embedding";
    case Task::classification:
      return "classification";
  }
  return "";
}

}  // namespace facecap
