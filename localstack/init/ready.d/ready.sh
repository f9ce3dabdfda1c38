#!/bin/sh
# LocalStack runs this hook when it is ready, and the healthcheck waits for that. The `deploy` container deploys the
# application, so nothing is created here.
echo "LocalStack is ready for a deployment"
