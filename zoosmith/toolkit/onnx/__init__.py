"""ONNX files, graphs and weights."""
