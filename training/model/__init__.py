"""The classifier, and its ONNX export."""
