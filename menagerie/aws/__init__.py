"""Adapters: the ports of `menagerie` on S3, DynamoDB and CloudWatch."""
