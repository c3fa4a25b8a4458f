"""Detectors that others trained, as ONNX with a manifest."""
