"""Artifacts behind HTTP: the Open Inference Protocol v2, OpenAI's API, and a plain `POST /predict`.

Built on Starlette and uvicorn. FastAPI would add nothing: each protocol prescribes the shape of its errors, requests
are checked against them here, and it would cost time on every request. Language models, GGUF included, answer in this
process: by the session that was measured, with the cache and the templates that `zoosmith run` has. Nothing of PyPI
brings llama.cpp's own server; that of llama-cpp-python opens the file in its own way, and answers one caller at a time.
"""
