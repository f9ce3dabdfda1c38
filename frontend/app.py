"""The ASGI application that `streamlit run` starts: the dashboard, which refuses requests of other origins."""

import sys
from pathlib import Path

# An image has no installed package, and Streamlit puts the folder of the started script on the path, not its parent.
if str(Path(__file__).resolve().parents[1]) not in sys.path:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

import streamlit as st
from starlette.middleware import Middleware

from frontend.api.settings import allowed_hosts
from menagerie.same_origin import SameOriginMiddleware

app = st.App("pages/main.py", middleware=[Middleware(SameOriginMiddleware, allowed_hosts=allowed_hosts())])
