#include "facecap/manifest.hpp"

#include <algorithm>
#include <fstream>

#include "facecap/error.hpp"
#include "runtime/detector_family.hpp"
#include "runtime/rule.hpp"
#include "runtime/tasks.hpp"

namespace facecap {
namespace {

constexpr std::size_t kMaxText = 1 << 20;

// Everything below reads what manifest_rules.cpp has let through; only what no rule has words for is
// checked here.

Task read_task(const Field& field) {
  return std::find_if(task_table().begin(), task_table().end(),
                      [&](const TaskEntry& entry) { return entry.name == field.string(); })
      ->task;
}

ManifestInput read_input(const Field& section) {
  ManifestInput input;
  input.name = section.get("name").string();
  input.size = {section.get("width").integer(), section.get("height").integer()};
  if (section.get("fit").string() == "native") {
    input.fit = ManifestInput::Fit::native;
    input.multiple = section.get("multiple").integer();
  }
  const bool rgb = section.get("color").string() == "rgb";
  input.normalization.color = rgb ? ColorOrder::rgb : ColorOrder::bgr;
  input.normalization.mean = section.get("mean").numbers<3>();
  input.normalization.std = section.get("std").numbers<3>();
  return input;
}

std::vector<ManifestOutput> read_outputs(const Field& field) {
  std::vector<ManifestOutput> outputs;
  for (const Field& item : field.list())
    outputs.push_back({item.get("role").string(), item.get("name").string(),
                       item.has("stride") ? item.get("stride").integer() : 0});
  return outputs;
}

/// Each stride of a detector has its level, and once.
void check_strides(const Field& field, const Manifest& manifest) {
  const std::vector<NetworkOutput> wanted = wanted_outputs(manifest);
  std::string text;
  for (const NetworkOutput& output : wanted)
    text += (text.empty() ? "" : ", ") + output.role +
            (output.stride == 0 ? "" : " of stride " + std::to_string(output.stride));
  for (const NetworkOutput& output : wanted) {
    const auto same = [&](const ManifestOutput& found) {
      return found.role == output.role && found.stride == output.stride;
    };
    const auto count = std::count_if(manifest.outputs.begin(), manifest.outputs.end(), same);
    if (count != 1 || manifest.outputs.size() != wanted.size()) field.fail("each of these once: " + text);
  }
}

DetectorSpec read_detector(const Field& section) {
  DetectorSpec detector;
  const std::vector<DetectorFamily>& families = detector_families();
  detector.family = section.has("family") ? section.get("family").string() : families.front().name;
  for (const Field& stride : section.get("strides").list()) detector.strides.push_back(stride.integer());
  detector.score_threshold = section.get("score_threshold").real();
  detector.nms_iou = section.get("nms_iou").real();
  detector.head = std::find_if(families.begin(), families.end(), [&](const DetectorFamily& family) {
                    return family.name == detector.family;
                  })->read(section, detector.strides);
  return detector;
}

RefinerSpec read_refiner(const Field& section) {
  return {section.get("crop_border").real(), section.get("not_a_face").real()};
}

ClassifierSpec read_classes(const Field& section) {
  ClassifierSpec classifier;
  if (section.get("output").string() == "softmax") classifier.output = ClassifierSpec::Output::softmax;
  for (const Field& name : section.get("classes").list()) classifier.classes.push_back(name.string());
  return classifier;
}

ClassifierSpec read_mask_classifier(const Field& section) {
  ClassifierSpec classifier = read_classes(section);
  const std::vector<std::string>& classes = classifier.classes;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (classes[k] == "mask") classifier.mask_class = static_cast<int>(k);
    if (classes[k] == "incorrect") classifier.incorrect_class = static_cast<int>(k);
  }
  classifier.unknown = section.get("unknown").numbers<2>();
  classifier.crop_border = section.get("crop_border").real();
  return classifier;
}

EmbedderSpec read_embedder(const Field& section) {
  return {section.get("dimensions").integer(), section.get("same_person").real()};
}

void read_section(const Field& root, Manifest& manifest) {
  switch (manifest.task) {
    case Task::face_detection:
      manifest.detector = read_detector(root.get("detector"));
      return check_strides(root.get("outputs"), manifest);
    case Task::face_refinement:
      manifest.refiner = read_refiner(root.get("refiner"));
      return;
    case Task::mask:
      manifest.classifier = read_mask_classifier(root.get("classifier"));
      return;
    case Task::face_embedding:
      manifest.embedder = read_embedder(root.get("embedder"));
      return;
    case Task::classification:
      manifest.classifier = read_classes(root.get("classifier"));
      return;
  }
}

}  // namespace

Manifest Manifest::parse(const std::string& text, const std::string& source) {
  json::Value value;
  try {
    value = json::parse(text);
  } catch (const json::ParseError& error) {
    throw ModelError(source + ": not a JSON text: " + error.what());
  }
  const Field root(value, "", source);
  check(manifest_rule(), root);
  Manifest manifest;
  manifest.source = source;
  manifest.json = text;
  manifest.name = root.get("name").string();
  manifest.architecture = root.get("architecture").string();
  manifest.task = read_task(root.get("task"));
  manifest.sha256 = root.get("file").get("sha256").string();
  manifest.bytes = static_cast<std::size_t>(root.get("file").get("bytes").number());
  if (root.has("chip")) manifest.chip = root.get("chip").string();
  manifest.input = read_input(root.get("input"));
  manifest.outputs = read_outputs(root.get("outputs"));
  read_section(root, manifest);
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

}  // namespace facecap
