#include "bindings.hpp"
#include "facecap/error.hpp"

void register_errors(py::module_&) {
  // The classes live in Python, where users look for them; they outlive every call of the core.
  static const py::handle errors = py::module_::import("facecap.errors").release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const facecap::ModelError& error) {
      py::set_error(errors.attr("ModelError"), error.what());
    } catch (const facecap::Error& error) {
      py::set_error(errors.attr("FacecapError"), error.what());
    }
  });
}
