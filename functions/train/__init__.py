"""The train function: runs one training job; invoked asynchronously."""
