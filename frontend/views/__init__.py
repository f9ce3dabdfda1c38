"""The pages, one file each: layout and nothing else. Streamlit runs them as scripts."""
