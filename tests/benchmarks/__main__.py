"""`make bench`: print every figure, and write it for the README.

    python -m tests.benchmarks [--data DIR]

Without --data only what the repository itself can measure: speed, and the golden questions.
"""

import argparse
import subprocess
import sys

SPEED = ("asking", "chatting", "golden", "size")
QUALITY = ("retrieval", "reading")


def main() -> None:
    """Run each benchmark in a process of its own, so that none warms another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    data = parser.parse_args().data
    for name in (*SPEED, *(QUALITY if data else ())):
        arguments = ["--data", data] if data and name not in ("chatting", "golden", "size") else []
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], check=True)
    if data:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.figures"], check=True)


if __name__ == "__main__":
    main()
