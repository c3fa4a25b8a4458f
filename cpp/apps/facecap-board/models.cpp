#include "models.hpp"

#include <unistd.h>

#include <stdexcept>

#include "errors.hpp"
#include "files.hpp"

namespace facecap::board {
namespace {

constexpr const char* kDetector = "detector";
constexpr const char* kClassifier = "mask";
constexpr const char* kRefiner = "refiner";

std::string folder_of_executable() {
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string whole(path, length < 0 ? 0 : static_cast<std::size_t>(length));
  const std::size_t slash = whole.rfind('/');
  return slash == std::string::npos ? "." : whole.substr(0, slash);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "<stem>....cvimodel", made for any chip; where there is none, "<stem>....onnx", for a PC; else nothing.
std::string find_beside_executable(const std::string& stem, const char* flag) {
  const std::string folder = folder_of_executable();
  for (const char* suffix : {".cvimodel", ".onnx"}) {
    std::vector<std::string> found;
    for (const std::string& name : names_in(folder))
      if (name.compare(0, stem.size(), stem) == 0 && ends_with(name, suffix)) found.push_back(name);
    if (found.size() > 1)
      throw ModelError(folder + " holds " + found[0] + " and " + found[1] + ": say which with " + flag);
    if (found.size() == 1) return folder + "/" + found[0];
  }
  return "";
}

std::string beside_executable(const std::string& stem, const char* flag) {
  const std::string path = find_beside_executable(stem, flag);
  if (!path.empty()) return path;
  throw ModelError(folder_of_executable() + " holds no " + stem + "*.cvimodel and no " + stem +
                   "*.onnx: put one beside the program or give " + flag);
}

Model open(const std::string& path, Task task, const Settings& settings) {
  ModelSource source;
  source.path = path;
  SessionOptions options;
  options.threads = settings.threads;
  options.chip = settings.chip;
  options.unchecked = settings.unchecked;
  try {
    return open_model(source, task, options);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

Models open_models(const Settings& settings) {
  const std::string detector =
      settings.detector.empty() ? beside_executable(kDetector, "--detector") : settings.detector;
  const std::string classifier =
      settings.classifier.empty() ? beside_executable(kClassifier, "--classifier") : settings.classifier;
  if (!settings.runtime_library.empty()) {
    if (ends_with(detector, ".onnx"))
      set_onnxruntime_path(settings.runtime_library);
    else
      set_cviruntime_path(settings.runtime_library);
  }
  const std::string refiner =
      settings.refiner.empty() ? find_beside_executable(kRefiner, "--refiner") : settings.refiner;
  Models models{open(detector, Task::face_detection, settings), open(classifier, Task::mask, settings), {}};
  if (!refiner.empty() && refiner != "none") models.refiner = open(refiner, Task::face_refinement, settings);
  return models;
}

FaceCaptureParts make_parts(const Models& models, const Settings& settings) {
  DetectorOptions options;
  options.input_size = settings.input_size;
  options.score_threshold = settings.score_threshold;
  FaceCaptureParts parts;
  try {
    parts.detector = std::make_unique<Detector>(models.detector, options);
    parts.classifier = std::make_unique<MaskClassifier>(models.classifier);
    if (models.refiner) parts.refiner = std::make_unique<Refiner>(*models.refiner);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return parts;
}

}  // namespace facecap::board
