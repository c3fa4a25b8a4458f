#include "bindings.hpp"
#include "facecap/error.hpp"

void register_errors(py::module_& module) {
  static py::exception<facecap::Error> error(module, "FacecapError");
  static py::exception<facecap::ModelError> model_error(module, "ModelError", error.ptr());
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const facecap::ModelError& e) {
      py::set_error(model_error, e.what());
    } catch (const facecap::Error& e) {
      py::set_error(error, e.what());
    }
  });
}
