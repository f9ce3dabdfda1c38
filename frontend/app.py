"""What `streamlit run` starts: the dashboard, closed to pages of other origins, on its WebSocket too."""

import sys
from pathlib import Path

# Streamlit puts this file's folder on the path, not the one above it, and an image has no installed package.
if str(Path(__file__).resolve().parents[1]) not in sys.path:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

import streamlit as st
from starlette.middleware import Middleware

from frontend.api.settings import allowed_hosts
from menagerie.same_origin import SameOriginMiddleware

app = st.App("main.py", middleware=[Middleware(SameOriginMiddleware, allowed_hosts=allowed_hosts())])
