#include "bindings.hpp"

PYBIND11_MODULE(_core, module) {
  register_errors(module);
  register_session(module);
  register_image(module);
}
