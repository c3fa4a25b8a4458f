#pragma once

#include <string>

#include "facecap/pipeline.hpp"
#include "settings.hpp"

namespace facecap::board {

struct Models {
  Model detector;
  Model classifier;
};

/// The models of the settings, or those beside the executable. Throws ModelError.
Models open_models(const Settings& settings);

/// Detector and classifier of a FaceCapture. Throws UsageError where a setting does not fit a model.
FaceCaptureParts make_parts(const Models& models, const Settings& settings);

}  // namespace facecap::board
