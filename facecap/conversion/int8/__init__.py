"""Quantisation of ONNX models to int8."""
