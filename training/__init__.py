"""From unlabelled rows to a checked ONNX classifier."""
