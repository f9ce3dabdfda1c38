"""Adapters that implement the ports of `menagerie` with S3, DynamoDB and CloudWatch."""
