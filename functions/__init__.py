"""What runs in Lambda: two FastAPI apps behind Mangum, and the training job."""
