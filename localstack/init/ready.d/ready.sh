#!/bin/sh
# Runs once LocalStack answers. The application is deployed by the `deploy` container, so there is nothing to create
# here; that this hook has run is what the healthcheck waits for.
echo "LocalStack is ready for a deployment"
