"""The Streamlit dashboard; it talks HTTP to the API and nothing else."""
