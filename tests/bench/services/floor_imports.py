"""Floor of a start: an interpreter that imports the packages of a service, in its order, and nothing of ours."""

import json
import statistics
import subprocess
import time

from bench.services.machine import STARTS
from integration.services.process import environment

LIST = "import importlib, json, sys; importlib.import_module(sys.argv[1]); print(json.dumps(list(sys.modules)))"
# Some register their parts by hand, under names that nobody can import.
IMPORT = """
import contextlib, importlib, json, sys
for name in json.loads(sys.argv[1]):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""


def seconds(python: str, module: str) -> float:
    """The median time of such an interpreter, with its bytecode warm; *module*: of the service."""
    listed = subprocess.run(
        [python, "-c", LIST, f"{module}.main"], env=environment(), check=True, capture_output=True, text=True
    ).stdout
    packages = [name for name in json.loads(listed) if not name.startswith(("usecase_", "__main__"))]
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([python, "-c", IMPORT, json.dumps(packages)], check=True)
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 2)
