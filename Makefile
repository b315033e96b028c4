# make demo   build the family names-demo from nothing      make test   tests, but for the slow kinds; make test-all: all, as CI does
# make demo-llm  a language model as GGUF files, and ask one of them
# make site   the gallery below site/, ready for any web server
# make lint   style, types, import rules                    make bench  the project's own figures
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu
TEST_WORKERS ?= 2
FAMILY := names-demo
ARTIFACTS := fp32 torch-int8 onnx-fp32 onnx-int8
LLM := smollm2
LLM_ARTIFACTS := fp32 f16 q8_0

# make docs   the documentation as one site, links checked   make first-hour  seconds of a new user's hour
.PHONY: help demo demo-llm docs first-hour site test test-all test-cluster lint bench install clean check-python
help:
	@sed -n 's/^# //p' Makefile

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "zoosmith needs Python 3.11 or newer as '$(PYTHON)'; install it, or run: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "zoosmith needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Run: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# Without an NVIDIA driver, torch's CPU build saves 4 GB, where its index answers within 2 s.
$(VENV)/.build: pyproject.toml constraints.txt | check-python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if [ ! -e /proc/driver/nvidia/version ] && $(BIN)/python -c "import urllib.request as u; u.urlopen('$(TORCH_CPU_INDEX)/torch/', timeout=2)" 2>/dev/null; then \
	  echo "installing torch (CPU build)"; $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch --index-url $(TORCH_CPU_INDEX); fi
	@echo "installing zoosmith and what it builds with (about 2 GB; a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[build]'
	@touch $@

# llama.cpp is compiled for this machine's processor, once: pip keeps the wheel.
$(VENV)/.gguf: $(VENV)/.build
	@echo "installing what GGUF files are built with; compiling llama.cpp takes about five minutes on two cores, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gguf-build]'
	@touch $@

$(VENV)/.dev: $(VENV)/.gguf
	@echo "installing the tools for tests"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

install: $(VENV)/.dev

# Recorded below scratch-zoo/, which git ignores: a demo changes no file of the zoo.
demo: $(VENV)/.build
	@echo "training and measuring four artifacts of $(FAMILY): about four minutes on two idle cores, up to six beside other work"
	@$(BIN)/doit run --scratch $(addprefix build:$(FAMILY)-,$(ARTIFACTS))
	@$(BIN)/doit table --scratch $(FAMILY)
	@echo
	@$(BIN)/zoosmith best --registry scratch-zoo --task text-pair-classification --max-drop 0.03
	@echo
	@echo "It lies in artifacts/, its card in scratch-zoo/model_cards/. Ask it something:"
	@echo '  $(BIN)/zoosmith run $(FAMILY)-onnx-int8 "Maria Garcia" "GARCÍA, María"'

demo-llm: $(VENV)/.gguf
	@$(BIN)/doit $(addprefix build:$(LLM)-,$(LLM_ARTIFACTS))
	@$(BIN)/doit table $(LLM)
	@$(BIN)/zoosmith run $(LLM)-f16 "What is the capital of France?"

site: $(VENV)/.build
	@$(BIN)/doit site

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow"
	@echo "left out: the slow kinds (whole families, kills at every call, the gallery in a browser, second builds); make test-all runs them too"

# Three nodes of a Ray cluster on this machine; beside other tests they have no processor to be on time with.
test-cluster: $(VENV)/.dev
	$(BIN)/python -m pytest -n 0 tests/execution/cluster/test_cluster.py tests/execution/cluster/test_hosts.py \
	  tests/benchmarks/test_cluster.py tests/benchmarks/test_cluster_faults.py

test-all: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	@$(BIN)/python .ci/docs_site.py
	@$(BIN)/zensical build --strict
	@echo "the documentation is in build/docs/index.html"

first-hour:
	$(PYTHON) benchmarks/first_hour.py

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.kills
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.aa
	$(BIN)/python -m benchmarks.hub
	$(BIN)/python -m benchmarks.pull_kills --kills 200
	$(BIN)/python -m benchmarks.publish_kills --kills 200
	$(BIN)/python -m benchmarks.writers --rounds 50
	$(BIN)/python -m benchmarks.hostile --inputs 10000
	$(BIN)/python -m benchmarks.hostile_carried --inputs 10000
	$(BIN)/python -m doit run build:minilm-sst2-onnx-int8 && $(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.site
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m doit run $(addprefix build:$(LLM)-,fp32 q8_0 q4_0 q4_0-imatrix) && $(BIN)/python -m benchmarks.decoding
	$(BIN)/python -m benchmarks.sizes
	$(BIN)/python -m benchmarks.studies --check

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
