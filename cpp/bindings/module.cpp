#include "bindings.hpp"

PYBIND11_MODULE(_core, module) {
  register_errors(module);
  register_session(module);
  register_image(module);
  register_detector(module);
  register_tracker(module);
  register_quality(module);
  register_capture_gate(module);
  register_mask_classifier(module);
  register_refiner(module);
  register_embedder(module);
  register_pipeline(module);
  register_numbers(module);
}
