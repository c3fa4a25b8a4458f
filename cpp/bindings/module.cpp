#include "bindings.hpp"

namespace {

/// pybind11 gives an object that was made with __new__ alone, without __init__, memory that nothing was built
/// in; here its use is refused.
void refuse_what_is_not_built(const py::module_& module) {
  for (const auto& [name, value] : py::dict(module.attr("__dict__"))) {
    if (!PyType_Check(value.ptr())) continue;
    auto* type = py::detail::get_type_info(reinterpret_cast<PyTypeObject*>(value.ptr()));
    if (type)
      type->operator_new = [](std::size_t) -> void* {
        throw py::type_error("an object of facecap's core that was never initialised: make it by its class");
      };
  }
}

}  // namespace

// pybind11 defines the function that Python calls under this name; it waits for ever for the interpreter of
// another thread where it is called in a sub-interpreter, so it is called behind a check.
#define PyInit__core start_core
PYBIND11_MODULE(_core, module) {
  register_errors(module);
  register_manifest(module);
  register_session(module);
  register_cvimodel(module);
  register_image(module);
  register_detector(module);
  register_tracker(module);
  register_quality(module);
  register_areas(module);
  register_capture_gate(module);
  register_mask_classifier(module);
  register_refiner(module);
  register_embedder(module);
  register_pipeline(module);
  register_replay(module);
  register_numbers(module);
  refuse_what_is_not_built(module);
}
#undef PyInit__core

extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return start_core();
  PyErr_SetString(
      PyExc_ImportError,
      "facecap works in the main interpreter of a process alone, and this is a sub-interpreter: use "
      "a process of its own (under mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
  return nullptr;
}
