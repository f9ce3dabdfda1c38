"""Names the versions that made a model."""

import platform


def library_versions() -> dict[str, str]:
    """Return the version of Python and of every library that has a say in a model's bytes."""
    # Not importlib.metadata: a pruned Lambda package may carry the code without its dist-info.
    import numpy as np
    import onnx
    import onnxruntime
    import skl2onnx
    import sklearn

    modules = {"numpy": np, "scikit-learn": sklearn, "skl2onnx": skl2onnx, "onnx": onnx, "onnxruntime": onnxruntime}
    return {"python": platform.python_version(), **{name: module.__version__ for name, module in modules.items()}}
