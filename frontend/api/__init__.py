"""The client of the API: requests, answers as typed values, errors in words for people."""
