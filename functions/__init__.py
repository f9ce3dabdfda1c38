"""The Lambda functions: two FastAPI applications behind Mangum, and the training job."""
