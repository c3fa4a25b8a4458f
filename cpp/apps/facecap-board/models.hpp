#pragma once

#include <optional>

#include "facecap/pipeline.hpp"
#include "settings.hpp"

namespace facecap::board {

struct Models {
  Model detector;
  Model classifier;
  std::optional<Model> refiner;
};

/// The models of the settings, or those beside the executable. Throws ModelError.
Models open_models(const Settings& settings);

/// What a FaceCapture is made of. Throws UsageError where a setting does not fit a model.
FaceCaptureParts make_parts(const Models& models, const Settings& settings);

}  // namespace facecap::board
