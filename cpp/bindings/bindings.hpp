#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "facecap/image.hpp"

namespace py = pybind11;

void register_errors(py::module_& module);
void register_image(py::module_& module);
void register_manifest(py::module_& module);
void register_session(py::module_& module);
void register_cvimodel(py::module_& module);
void register_detector(py::module_& module);
void register_tracker(py::module_& module);
void register_quality(py::module_& module);
void register_areas(py::module_& module);
void register_capture_gate(py::module_& module);
void register_mask_classifier(py::module_& module);
void register_refiner(py::module_& module);
void register_embedder(py::module_& module);
void register_pipeline(py::module_& module);
void register_replay(py::module_& module);
void register_numbers(py::module_& module);

/// Text out of a model file or a library, which need not be UTF-8: what is none is replaced.
py::str text_of(const std::string& text);

/// A view of a uint8 array, height x width x 3, C-contiguous. Python has checked the array; here only the
/// type is relied on. The array must outlive the view.
using ImageArray = py::array_t<std::uint8_t, py::array::c_style>;
facecap::ImageView view_of(const ImageArray& image, facecap::ColorOrder color);

/// Views of N pictures in one uint8 array, N x height x width x 3, likewise.
std::vector<facecap::ImageView> views_of(const ImageArray& images, facecap::ColorOrder color);

/// A uint8 array, height x width x 3, with the pixels of `image`.
py::array_t<std::uint8_t> image_array(const facecap::Image& image);

/// Float32 arrays of shape (4,) and (5, 2) that Python has checked.
using FloatArray = py::array_t<float, py::array::c_style>;
facecap::Box box_of(const FloatArray& box);
facecap::Landmarks landmarks_of(const FloatArray& landmarks);

/// A float32 array of the given shape filled from `data`.
py::array_t<float> float_array(const float* data, std::vector<py::ssize_t> shape);
