"""Imports FastAPI without the validators of the OpenAPI specification, which only /openapi.json needs.

FastAPI describes that specification in forty pydantic models, and building their validators takes 105 of the 300 ms
that its import takes: a tenth of a cold start. With `defer_build` pydantic builds each when it is first used.
"""

from pydantic import BaseModel

# On the base class, since the models are not ours to configure; ours keep what they ask for.
BaseModel.model_config["defer_build"] = True
try:
    import fastapi  # noqa: F401
finally:
    del BaseModel.model_config["defer_build"]
